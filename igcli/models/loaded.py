"""What every loader returns, and the checks that all of them share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.errors import ModelError
from igcli.records import InputSpec


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model as a function of one tensor, to be called while a graph is being traced.

    Attributes
    ----------
    function : callable
        Tensor (n, …input shape) → tensor (n, classes) or (n,), in inference mode.
    input : InputSpec
        The one input.
    output_name : str
        The one output.
    loader : str
        Who read the file.
    """

    function: Callable[[Any], Any]
    input: InputSpec
    output_name: str
    loader: str


def input_spec(path: Path, name: str, shape: Sequence[int | None] | None, dtype: str) -> InputSpec:
    """Check a model's input, batch axis first in `shape`, and settle the dtype of its paths."""
    if shape is None:
        raise ModelError(
            f"{path}: input {name!r} has no known shape",
            fix="export the model with a fixed input shape",
        )
    batch, *rest = shape
    if batch is not None:
        raise ModelError(
            f"{path}: input {name!r} has a fixed batch of {batch}",
            "igcli sends batches of any size",
            "save the model with an open batch axis (None)",
        )
    kind = np.dtype(dtype) if dtype != "bfloat16" else np.dtype("float32")
    if not np.issubdtype(kind, np.floating):
        raise ModelError(
            f"{path}: input {name!r} is {dtype}",
            "gradients can't be taken with respect to integers",
            "save the model from its first float layer on",
        )
    return InputSpec(name, tuple(rest), np.dtype("float64" if kind == np.float64 else "float32"))


def only_one(path: Path, what: str, names: Sequence[str]) -> str:
    """Return the one name, or raise ModelError: igcli explains one input and one output."""
    if len(names) != 1:
        raise ModelError(
            f"{path} has {len(names)} {what}s: {', '.join(names)}",
            f"igcli explains models of one {what}",
            f"save a model with the one {what} that you want to explain",
        )
    return names[0]


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, at most 200 characters."""
    return _lines(error)[0][:200]


def last_line(error: BaseException) -> str:
    """Return the last line of an error's text, where Keras puts the cause of a nested one."""
    return _lines(error)[-1][:200]


def _lines(error: BaseException) -> list[str]:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines or [type(error).__name__]
