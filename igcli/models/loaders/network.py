"""The network that every loader returns, and the checks that all of them share."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.errors import ModelError
from igcli.common.model_spec import EntryPoint, InputSpec, LayerCall, Part
from igcli.common.own_scaling import OwnScaling
from igcli.common.register import Register
from igcli.common.text import shortened

_COLOURS = re.compile(r"\x1b\[\d*m")
_ARGUMENTS = re.compile(
    r"^\s*(?:Arguments received by|Call arguments received)|Full object config:", re.MULTILINE
)
# What Keras writes around the cause: where it was, and advice on its own tools.
_AROUND = re.compile(r"Exception encountered when calling|config=\{|\[\[\{\{node")
_MOST = 300
_LAYER = re.compile(r"deserializing class '\w+' using config=\{.{0,20}'name': '([^']*)'")


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
    batch : int or None
        How many inputs it takes at once; None for any number.
    settled : tuple of str
        Inputs of the file that are no data, and have a value.
    entry_points : tuple of EntryPoint
        What a SavedModel offers.
    output_keys : tuple of str
        What a model that gives a dict calls its outputs, in the order of `outputs`.
    """

    function: Callable[[Sequence[Any]], Sequence[Any]]
    inputs: tuple[InputSpec, ...]
    outputs: tuple[str, ...]
    loader: str
    model: Any = None
    batch: int | None = None
    settled: tuple[str, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    output_keys: tuple[str, ...] = ()


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
    own : OwnScaling
        See `ModelSpec.own`.
    calls : tuple of LayerCall
        Where the parts come from that are several calls of one layer.
    batch : int or None
        How many rows it takes at once; None for any number.
    transposed, draws, of_batch, masks : tuple of str
        See `ModelSpec`.
    probabilities : bool
        Whether its outputs are known to be probabilities, whatever its last operation.
    layers : tuple of str
        The names of the model's layers, where they are known.
    notes : tuple of str
        What is to be told of how it was chosen.
    register : Register or None
        Where the cells of a layer's map lie on the input picture.
    """

    function: Callable[[Any], Any]
    input: InputSpec
    output_name: str
    loader: str
    source: InputSpec | None = None
    enter: Callable[[Any], Any] | None = None
    inputs: tuple[InputSpec, ...] = ()
    parts: tuple[Part, ...] = ()
    own: OwnScaling = OwnScaling()
    calls: tuple[LayerCall, ...] = ()
    batch: int | None = None
    transposed: tuple[str, ...] = ()
    draws: tuple[str, ...] = ()
    of_batch: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    probabilities: bool = False
    layers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    register: Register | None = None


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
    if said and said[-1].startswith("SymbolicGradient"):
        return "TensorFlow has no gradient of a function, a loop or a condition of TensorFlow 1"
    return said[-1].partition(" [Op:")[0][:200] if said else first_line(error)


def said_in(error: BaseException) -> str:
    """Return the line of an error's text that says what is wrong, about 300 characters at most.

    Keras puts it between "Exception encountered when calling …", or the config of the layer that
    it could not rebuild, and the arguments that the layer received.
    """
    text = _COLOURS.sub("", str(error))
    told = _ARGUMENTS.split(text)[0]
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    said = [line for line in lines if not _AROUND.match(line)]
    last = said[-1].removeprefix("Exception encountered: ") if said else type(error).__name__
    if isinstance(error, KeyError):
        last = f"there is no {last}"
    named = _LAYER.findall(text)
    return shortened(f"layer {named[-1]!r}: {last}" if named else last, _MOST)


def _lines(error: BaseException) -> list[str]:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines or [type(error).__name__]
