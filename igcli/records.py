"""What the stages hand to each other: frozen, typed, and free of behaviour."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Tail: TypeAlias = Literal["softmax", "sigmoid", "none", "unknown"]
SourceKind: TypeAlias = Literal["pixels", "floats", "integers", "several"]
Warn: TypeAlias = Callable[[str], None]
PRECISIONS = ("float32", "tf32", "bfloat16")


@dataclass(frozen=True, slots=True)
class InputSpec:
    """A model's input: its name, its shape without the batch axis, the dtype of a path.

    `declared` is the dtype that the model itself takes, where it is another one: numbers are kept
    as floats and cast in the model.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]
    declared: str = ""

    @property
    def known_size(self) -> int:
        """How many numbers an input has, open dimensions counted as 1."""
        return prod(dimension or 1 for dimension in self.shape)

    @property
    def known_shape(self) -> tuple[int, ...]:
        """The shape without open dimensions: all of it, once these are settled."""
        return tuple(int(dimension) for dimension in self.shape if dimension is not None)

    @property
    def is_integer(self) -> bool:
        """Whether the model takes integers, along which nothing can be integrated."""
        return "int" in self.declared or self.declared == "bool"

    def with_shape(self, shape: tuple[int, ...]) -> "InputSpec":
        """Return the same input with every open dimension settled."""
        return replace(self, shape=shape)


@dataclass(frozen=True, slots=True)
class Part:
    """One tensor's place in a flat vector; `held` keeps its value along the path."""

    name: str
    shape: tuple[int, ...]
    start: int
    held: bool = False

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    def of(self, vector: Array) -> Array:
        """Return its numbers out of a vector, in its own shape."""
        return vector.ravel()[self.start : self.start + self.size].reshape(self.shape)


def parts_of(
    names: Iterable[str], shapes: Iterable[tuple[int, ...]], held: Iterable[bool]
) -> tuple[Part, ...]:
    """Lay tensors out one behind the other."""
    parts: list[Part] = []
    for name, shape, hold in zip(names, shapes, held, strict=True):
        start = parts[-1].start + parts[-1].size if parts else 0
        parts.append(Part(name, shape, start, hold))
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One layer, for people: its path in the model, its class, what comes out of it."""

    name: str
    kind: str
    shape: str


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How a model is to be run: what a score is, on which device, in which arithmetic.

    `shapes` are those of the inputs at hand, by name (by no name where there is one), for what must
    know them beforehand. `allow_unsafe` lets code in its file run; `custom_objects` is a Python
    file that defines its layers.
    """

    scores: str = "as-is"
    device: str = "auto"
    precision: str = "float32"
    output: str | None = None
    explain: tuple[str, ...] = ()
    layer: str | None = None
    layer_input: bool = False
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    allow_unsafe: bool = False
    custom_objects: Path | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What the rest of igcli may know of a model.

    Attributes
    ----------
    path : Path
        Where it was loaded from.
    loader : str
        Which loader read it ("keras", "saved-model signature serving_default", …).
    input : InputSpec
        What is read: the one input, or a vector of all of them.
    output_name : str
        The output that is explained.
    classes : int
        How many targets there are: the output's size, or 2 for a one-output sigmoid.
    tail : Tail
        The model's last operation, as far as the graph shows it.
    scores : str
        What a score is: "as-is", "probability" or "logit".
    device : str
        What the gradients run on.
    precision : str
        Their arithmetic: "float32", "tf32" or "bfloat16" (a float64 model keeps its own).
    on_gpu : bool
        Whether that device is a GPU.
    streams : int
        How many batches it should be given at once.
    row_bytes : int
        How much memory one row of a batch may take, from the sizes of the graph's tensors.
    weight_bytes : int
        How large the weights are that each batch arranges anew.
    inputs : tuple of InputSpec
        The model's inputs, where there are several.
    output_shape : tuple of int
        The output's shape, where targets are counted over several axes.
    entered : InputSpec or None
        What the path runs in, where that is not the input itself: a layer.
    parts : tuple of Part
        What the path's vector is made of; empty where it is one tensor in its own shape.
    scaling : str
        The layer, if there is one, that brings pixels of 0–255 to the model's own range.
    """

    path: Path
    loader: str
    input: InputSpec
    output_name: str
    classes: int
    tail: Tail
    scores: str
    device: str
    precision: str = "float32"
    on_gpu: bool = False
    streams: int = 1
    row_bytes: int = 0
    weight_bytes: int = 0
    inputs: tuple[InputSpec, ...] = ()
    output_shape: tuple[int, ...] = ()
    entered: InputSpec | None = None
    parts: tuple[Part, ...] = ()
    scaling: str = ""

    @property
    def point(self) -> InputSpec:
        """What the path runs in."""
        return self.entered or self.input

    @property
    def is_grouped(self) -> bool:
        """Whether an explanation has several maps, by name, or one of several inputs."""
        explained = sum(not part.held for part in self.parts)
        return explained > 1 or (bool(self.inputs) and self.entered is None)


@dataclass(frozen=True, slots=True)
class InputName:
    """Who an input is, known before it is read.

    Attributes
    ----------
    index : int
        Its place in the input order.
    place : int or None
        Its place among the inputs explained, where these are not the first ones.
    id : str
        Unique in the run, the same on every machine: the path below the folder, or STEM-000012.
    path : str
        Where a person finds it.
    folder : str
        The first sub-folder below INPUTS; empty where there is none.
    """

    index: int
    id: str
    path: str
    folder: str = ""
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One input, read.

    Attributes
    ----------
    name : InputName
        Who it is.
    sha256 : str
        Of the file's bytes, or of the array row's.
    raw : Array
        Pixels 0–255 at the model's size, channels last, or the array's own numbers.
    x : Array
        The same in model space: the model's input shape and dtype.
    """

    name: InputName
    sha256: str
    raw: Array
    x: Array


@dataclass(frozen=True, slots=True)
class Failed:
    """One input that could not be read or explained, and why."""

    name: InputName
    message: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What was seen along one path, float64 arrays of shape (steps,), nodes ascending.

    Attributes
    ----------
    alphas : Array
        The nodes.
    scores : Array
        The target's score there.
    gradient_norms : Array
        The L1 norm of the score's gradient there.
    """

    alphas: Array
    scores: Array
    gradient_norms: Array


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row of results.csv, with its map.

    Missing numbers are None; `attribution` is None exactly when `status` is "failed".

    Attributes
    ----------
    row : int
        Its place in results.csv and in /attributions.
    attribution : Array or None
        float32, the input's shape, signed.
    image : Array or None
        uint8 (height, width, channels): what the model saw, for display.
    profile : Profile or None
        What was seen along the path.
    """

    row: int
    id: str
    path: str
    sha256: str
    target: int | None = None
    target_name: str = ""
    prediction: int | None = None
    prediction_name: str = ""
    score: float | None = None
    baseline_score: float | None = None
    attribution_sum: float | None = None
    delta: float | None = None
    relative_delta: float | None = None
    steps: int | None = None
    error_estimate: float | None = None
    converged: bool | None = None
    status: Literal["ok", "failed"] = "ok"
    message: str = ""
    attribution: Array | None = None
    image: Array | None = None
    profile: Profile | None = None


def explanation_id(name: InputName, rank: int, per_input: int) -> str:
    """Return what one of an input's explanations is called."""
    return f"{name.id}@top{rank + 1}" if per_input > 1 else name.id


def input_id(explanation: str, per_input: int) -> str:
    """Return the id of the input that an explanation is of, from what `explanation_id` made."""
    return explanation.rpartition("@")[0] if per_input > 1 else explanation
