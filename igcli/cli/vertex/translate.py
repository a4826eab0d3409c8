"""translate: from an ExplanationSpec to settings of a run, and a line on what each key became."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.cli.vertex.drawn import differs, render_command
from igcli.cli.vertex.line import Line
from igcli.cli.vertex.schema import SPEC, read
from igcli.common.choices import DEFAULT_TOLERANCE
from igcli.common.errors import ConfigError, reason

_METHODS = ("integratedGradientsAttribution", "xraiAttribution")
_NOISE_SIGMA, _NOISY_SAMPLES = 0.1, 3


@dataclass(frozen=True, slots=True)
class Translated:
    """A spec as igcli has it.

    Attributes
    ----------
    settings : dict
        Fields of `RunConfig`, as texts or lists of texts, as flags have them.
    lines : tuple of Line
        What each key of the spec became, in the spec's order.
    """

    settings: dict[str, str | list[str]]
    lines: tuple[Line, ...]


def read_spec(file: Path) -> Translated:
    """Read an ExplanationSpec, alone or under ``explanationSpec``.

    Raises
    ------
    ConfigError
        When the file is no JSON, or has keys or values that the schema does not, or that igcli
        refuses; each by its path.
    """
    document = read(_unwrapped(_json(file), file), SPEC, "", str(file))
    parameters, metadata = document.get("parameters", {}), document.get("metadata", {})
    method = _method(parameters, file)
    inputs = metadata.get("inputs", {})
    settings: dict[str, str | list[str]] = {}
    lines = _method_lines(method, parameters[method])
    blur = parameters[method].get("blurBaselineConfig", {}).get("maxBlurSigma")
    _add_target(parameters, settings, lines, file)
    _add_baselines(inputs, blur, settings, lines, file)
    for name, of in inputs.items():
        lines += _input_lines(f"metadata.inputs.{name}", name, of, method)
    _add_outputs(metadata.get("outputs", {}), settings, lines, file)
    if "featureAttributionsSchemaUri" in metadata:
        lines.append(
            Line(
                "metadata.featureAttributionsSchemaUri",
                "not needed",
                "igcli help run-directory says what is written",
            )
        )
    return Translated(settings, tuple(lines))


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"--config {file} can't be read", reason(error), "name an ExplanationSpec or a TOML"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"--config {file} is not JSON", str(error)[:200], "mend it, or leave --config out"
        ) from error


def _unwrapped(document: Any, file: Path) -> Any:
    if not isinstance(document, dict):
        return document
    keys = set(document)
    if len(keys) == 1 and keys <= {"explanationSpec", "explanation_spec"}:
        return document[keys.pop()]
    if keys & {"inputs", "outputs", "framework"}:
        raise ConfigError(
            f"--config {file} is explanation metadata alone",
            "it does not name the method",
            'put it under "metadata", and {"integratedGradientsAttribution": {"stepCount": 50}} '
            'under "parameters"',
        )
    return document


def _method(parameters: dict[str, Any], file: Path) -> str:
    asked = [name for name in _METHODS if name in parameters]
    if len(asked) == 1:
        return asked[0]
    raise ConfigError(
        f"--config {file}: parameters has {' and '.join(asked) or 'no method'}",
        fix=f"name one of {', '.join(_METHODS)} under parameters",
    )


def _method_lines(method: str, asked: dict[str, Any]) -> list[Line]:
    path = f"parameters.{method}"
    lines = [Line(path, "the default method", "Integrated Gradients, of every pixel")]
    if method == "xraiAttribution":
        lines[0] = Line(
            path,
            "the default method",
            "Integrated Gradients; then igcli regions OUT makes XRAI's regions of them, "
            "without the model",
        )
    if "stepCount" in asked:
        steps = asked["stepCount"]
        why = (
            "each map gets as many steps as that error takes, and says what error it has; "
            f"for Vertex' fixed number: --method gausslegendre --steps {steps}"
        )
        became = f"--tolerance {DEFAULT_TOLERANCE:g} (the default)"
        lines.append(Line(f"{path}.stepCount {steps}", became, why, ("method", "tolerance")))
    if "smoothGradConfig" in asked:
        lines.append(_smooth_line(f"{path}.smoothGradConfig", asked["smoothGradConfig"]))
    if "blurBaselineConfig" in asked:
        lines.append(_blur_line(f"{path}.blurBaselineConfig", asked["blurBaselineConfig"]))
    return lines


def _smooth_line(path: str, asked: dict[str, Any]) -> Line:
    """Return what SmoothGrad becomes: nothing yet, and that is said."""
    samples = asked.get("noisySampleCount", _NOISY_SAMPLES)
    if "featureNoiseSigma" in asked:
        each = asked["featureNoiseSigma"].get("noiseSigma", [])
        sigma = ", ".join(f"{of.get('name', '?')} {of.get('sigma', 0):g}" for of in each)
    else:
        sigma = f"{asked.get('noiseSigma', _NOISE_SIGMA):g}"
    why = (
        f"gradients are NOT averaged over {samples} noisy copies (sigma {sigma}): the maps are "
        "those of plain Integrated Gradients, and differ from Vertex'"
    )
    return Line(path, "not done", why)


def _blur_line(path: str, asked: dict[str, Any]) -> Line:
    sigma = asked.get("maxBlurSigma")
    if not sigma:
        return Line(path, "not needed", "without maxBlurSigma the baseline is that of no blur")
    why = "a straight path from the blurred image, as Vertex'; sigma in pixels of the model's size"
    return Line(path, f"--baseline blur:{sigma:g}", why, ("baseline",))


def _add_target(
    parameters: dict[str, Any],
    settings: dict[str, str | list[str]],
    lines: list[Line],
    file: Path,
) -> None:
    if "outputIndices" in parameters:
        classes = _classes(parameters["outputIndices"], file)
        settings["target"] = str(classes)
        lines.append(
            Line("parameters.outputIndices", f"--target {classes}", "this class", ("target",))
        )
        if "topK" in parameters:
            lines.append(Line("parameters.topK", "not used", "outputIndices takes its place"))
    elif "topK" in parameters:
        top = parameters["topK"]
        if top < 1:
            raise ConfigError(
                f"--config {file}: parameters.topK is {top}",
                "Vertex means all outputs by -1",
                "write how many: 10 for a model of ten classes",
            )
        settings["target"] = f"top:{top}"
        why = "a row and a map for each of these classes"
        lines.append(Line("parameters.topK", f"--target top:{top}", why, ("target",)))


def _classes(value: Any, file: Path) -> int:
    """Return the one class of ``[3]``, ``[[3]]`` or ``3``."""
    found = value
    while isinstance(found, list) and len(found) == 1:
        found = found[0]
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise ConfigError(
        f"--config {file}: parameters.outputIndices is {str(value)[:40]}, not one class",
        "a run explains one class of all inputs, or the highest ones",
        "run once for each: --target 3; or write topK",
    )


def _add_baselines(
    inputs: dict[str, Any],
    blur: float | None,
    settings: dict[str, str | list[str]],
    lines: list[Line],
    file: Path,
) -> None:
    from igcli.cli.vertex.baselines import baselines

    given, more = baselines(inputs, blur, file)
    lines += more
    if given:
        settings["baseline"] = given
    else:
        why = "black, or zeros for arrays of floats; Vertex chose one itself"
        lines.append(Line("inputBaselines", "the default baseline", why, ("baseline",)))


_TOLD = {
    "inputTensorName": "an input goes by this name where the model has several",
    "encoding": "the values are taken as they are",
    "modality": "INPUTS says what it is: pictures, or arrays",
    "featureValueDomain": "pictures are brought to the model's range by --preprocess (auto); "
    "arrays of floats pass as they are",
    "groupName": "each input has a map of its own, and a column of its mass; Vertex adds those of "
    "a group",
}


def _input_lines(path: str, name: str, of: dict[str, Any], method: str) -> list[Line]:
    lines = [Line(f"{path}.{key}", "not needed", _TOLD[key]) for key in of if key in _TOLD]
    if "visualization" not in of:
        return lines
    where = f"{path}.visualization"
    if method == "xraiAttribution":
        return [*lines, Line(where, "igcli regions OUT", "draws the regions, after the run")]
    why = "draws it so, after the run"
    otherwise = differs(of["visualization"])
    why += f" ({otherwise})" if otherwise else ""
    return [*lines, Line(where, render_command(of["visualization"]), why)]


def _add_outputs(
    outputs: dict[str, Any],
    settings: dict[str, str | list[str]],
    lines: list[Line],
    file: Path,
) -> None:
    from igcli.cli.vertex.names import names_file

    if len(outputs) > 1:
        raise ConfigError(
            f"--config {file}: metadata.outputs has {', '.join(outputs)}",
            "one output is explained, by Vertex too",
            "keep one",
        )
    for name, of in outputs.items():
        path = f"metadata.outputs.{name}"
        if "outputTensorName" in of:
            output = str(of["outputTensorName"]).removesuffix(":0")
            settings["output"] = output
            why = "the model's output of this name"
            lines.append(Line(f"{path}.outputTensorName", f"--output {output}", why, ("output",)))
        if "indexDisplayNameMapping" in of:
            key = f"{path}.indexDisplayNameMapping"
            labels = names_file(of["indexDisplayNameMapping"], key, file)
            settings["labels"] = str(labels)
            lines.append(Line(key, f"--labels {labels}", "the names of the classes", ("labels",)))
        if "displayNameMappingKey" in of:
            why = "no prediction carries names here; give a file of them: --labels FILE"
            lines.append(Line(f"{path}.displayNameMappingKey", "not done", why))
