"""The network that every loader returns, and the checks that all of them share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.errors import ModelError
from igcli.common.model_spec import InputSpec, Part


@dataclass(frozen=True, slots=True)
class Network:
    """A model as it was loaded: a function of its inputs, to be called while a graph is traced.

    Attributes
    ----------
    function : callable
        Tensors (n, …input shape), in the order of `inputs` → the outputs, in the order of
        `outputs`, in inference mode.
    inputs : tuple of InputSpec
        The inputs.
    outputs : tuple of str
        The outputs' names.
    loader : str
        Who read the file.
    model : Any
        The Keras model, whose layers can be named; None for other kinds.
    """

    function: Callable[[Sequence[Any]], Sequence[Any]]
    inputs: tuple[InputSpec, ...]
    outputs: tuple[str, ...]
    loader: str
    model: Any = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is explained of a model: a function of one tensor, one point of a path per row.

    Attributes
    ----------
    function : callable
        Tensor (n, …point shape) → tensor (n, classes) or (n,), in inference mode.
    input : InputSpec
        What the path runs in: the one input, a vector of several, or what a layer gives.
    output_name : str
        The one output.
    loader : str
        Who read the file.
    source : InputSpec or None
        What is read, where that is not `input`: all inputs, in a vector if there are several.
    enter : callable or None
        Tensor (n, …source shape) → tensor (n, …point shape), where these differ.
    inputs : tuple of InputSpec
        The model's inputs, where there are several.
    parts : tuple of Part
        What a point's vector is made of; empty where it is one tensor in its own shape.
    scaling : str
        See `ModelSpec.scaling`.
    """

    function: Callable[[Any], Any]
    input: InputSpec
    output_name: str
    loader: str
    source: InputSpec | None = None
    enter: Callable[[Any], Any] | None = None
    inputs: tuple[InputSpec, ...] = ()
    parts: tuple[Part, ...] = ()
    scaling: str = ""


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
    if dtype == "string":
        raise ModelError(
            f"{path}: input {name!r} takes strings",
            "nothing can be integrated along them",
            "save the model from its first numeric layer on",
        )
    kind = np.dtype("float64" if dtype == "float64" else "float32")
    return InputSpec(name, tuple(rest), kind, "" if dtype == kind.name else dtype)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, at most 200 characters."""
    return _lines(error)[0][:200]


def op_line(error: BaseException) -> str:
    """Return what an operation says in TensorFlow's error: the line before the node's name."""
    said = [line for line in _lines(error) if not line.startswith(("[[", "File ", "Detected at"))]
    return said[-1].partition(" [Op:")[0][:200] if said else first_line(error)


def last_line(error: BaseException) -> str:
    """Return the last line of an error's text, where Keras puts the cause of a nested one."""
    return _lines(error)[-1][:200]


def _lines(error: BaseException) -> list[str]:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines or [type(error).__name__]
