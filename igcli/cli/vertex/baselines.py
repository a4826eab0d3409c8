"""The baselines of an ExplanationSpec: inputBaselines and blurBaselineConfig as ``--baseline``."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from igcli.cli.vertex.beside import save_beside
from igcli.cli.vertex.line import Line
from igcli.common.errors import ConfigError


def baselines(
    inputs: dict[str, Any], blur: float | None, file: Path
) -> tuple[list[str], list[Line]]:
    """Return what ``--baseline`` is given, and what each key became.

    Values of inputBaselines are in the model's own units, behind any preprocessing: they become an
    array of floats in a file beside the spec, named after its content, which a run can name again.

    Parameters
    ----------
    inputs : dict
        metadata.inputs, keys as in JSON.
    blur : float or None
        maxBlurSigma, where a blurred baseline is asked for.
    file : Path
        The spec.

    Raises
    ------
    ConfigError
        When a baseline is no array of numbers, or its file can't be written.
    """
    given: list[str] = []
    lines: list[Line] = []
    images = [name for name, of in inputs.items() if of.get("modality") == "image"]
    for name, of in inputs.items():
        path, values = f"metadata.inputs.{name}.inputBaselines", of.get("inputBaselines", [])
        texts: list[str] = []
        if blur and name in (images or inputs):
            texts = [f"blur:{blur:g}"]
            if values:
                lines.append(Line(path, "not used", "blurBaselineConfig takes its place"))
        elif values:
            texts = [str(_saved(value, path, name, file)) for value in values]
            lines.append(_line(path, texts))
        before = f"{model_name(name, of)}=" if len(inputs) > 1 else ""
        given += [f"{before}{text}" for text in texts]
    if blur and not inputs:
        given.append(f"blur:{blur:g}")
    return given, lines


def model_name(name: str, of: dict[str, Any]) -> str:
    """Return what the model calls an input or output: its tensor's name without ``:0``."""
    for key in ("inputTensorName", "outputTensorName"):
        if key in of:
            return str(of[key]).removesuffix(":0")
    return name


def _line(path: str, texts: list[str]) -> Line:
    became = f"--baseline {','.join(texts)}"
    why = "in the model's own units"
    if len(texts) > 1:
        why = f"the maps from all {len(texts)} are averaged; {why}"
    return Line(path, became, why, ("baseline",))


def _saved(value: Any, path: str, name: str, file: Path) -> Path:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.size == 0 or not np.isfinite(array).all():
        raise ConfigError(
            f"--config {file}: {path} is no number and no array of numbers",
            fix="write a number, or nested lists in the shape of the model's input",
        )
    stream = io.BytesIO()
    np.save(stream, array)
    return save_beside(file, name, ".npy", stream.getvalue())
