"""The model spec: inputs, outputs and layers of a model, without the model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal, TypeAlias

from igcli.common.arrays import Array, DType
from igcli.common.dense import Dense
from igcli.common.own_scaling import OwnScaling
from igcli.common.register import Register

Tail: TypeAlias = Literal["softmax", "sigmoid", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class InputSpec:
    """A model's input: its name, its shape without the batch axis, the dtype of a path.

    `declared` is the dtype that the model itself takes, where it is another one: numbers are kept
    as floats and cast in the model. `pixels` tells an input of integers that the model makes floats
    of before anything else: it takes the pixels of pictures, 0 to 255, and is explained as floats.
    `tokens` tells one whose integers are places in a table.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: DType
    declared: str = ""
    pixels: bool = False
    tokens: bool = False

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
        return not self.pixels and ("int" in self.declared or self.declared == "bool")

    @property
    def is_whole(self) -> bool:
        """Whether it takes whole numbers: pixels are fed to it as they are, 0 to 255."""
        return self.pixels or self.is_integer

    @property
    def fed(self) -> Any:
        """The dtype that the model is called with."""
        return self.dtype if self.pixels else self.declared or self.dtype

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
class LayerCall:
    """One call of a layer that is called several times.

    Attributes
    ----------
    name : str
        What its map is called: the layer's path and the call's number in the model's order.
    inputs : tuple of str
        The model's inputs that it comes from.
    on : tuple of str
        The layers whose outputs it takes; empty where the model does not show them.
    """

    name: str
    inputs: tuple[str, ...]
    on: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """Say where it comes from: ``enc:0 from left``; the layers it is on say more."""
        on = self.on if self.on and self.on != self.inputs else ()
        of = [f"from {' and '.join(self.inputs)}"] if self.inputs else []
        return " ".join([self.name, *of, *([f"on {' and '.join(on)}"] if on else [])])


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One layer, for people: its path in the model, its class, what comes out of it.

    `calls` has those of a layer that is called several times, in the model's order.
    """

    name: str
    kind: str
    shape: str
    calls: tuple[LayerCall, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """What of a SavedModel can be called, for people.

    `traces` counts the ways that it was traced in; `chosen` tells the one that is explained.
    """

    name: str
    takes: str
    gives: str
    traces: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What the rest of igcli may know of a model.

    Attributes
    ----------
    path : Path
        Where it was loaded from.
    loader : str
        Which loader read it ("keras", "SavedModel signature serving_default", …).
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
    own : OwnScaling
        What it does to pixels itself.
    calls : tuple of LayerCall
        Where the parts come from that are several calls of one layer.
    transposed : tuple of str
        The inputs that the model takes channels first and igcli channels last.
    draws : tuple of str
        What draws random numbers that the output depends on, other ones at each call.
    of_batch : tuple of str
        The batch normalisations that run as in training.
    masks : tuple of str
        What compares an explained input with a number, to leave out what is equal.
    dense : Dense or None
        The output as one of scores at each place of the input picture, where it is one.
    register : Register or None
        Where the cells of a layer's map lie on the input picture; None where they do on none.
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
    own: OwnScaling = OwnScaling()
    calls: tuple[LayerCall, ...] = ()
    transposed: tuple[str, ...] = ()
    draws: tuple[str, ...] = ()
    of_batch: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    dense: Dense | None = None
    register: Register | None = None

    @property
    def scaling(self) -> str:
        """What brings pixels of 0–255 to the model's own range; empty for nothing."""
        return self.own.name

    @property
    def has_layers(self) -> bool:
        """Whether a layer of it can be explained: a SavedModel's are not known."""
        return not self.loader.startswith("SavedModel")

    @property
    def named_classes(self) -> int:
        """How many classes names are given for: of one place, where there are several."""
        if self.dense is not None:
            return self.dense.classes
        return self.output_shape[-1] if self.output_shape else self.classes

    @property
    def point(self) -> InputSpec:
        """What the path runs in."""
        return self.entered or self.input

    @property
    def is_grouped(self) -> bool:
        """Whether an explanation has several maps, by name, or one of several inputs."""
        explained = sum(not part.held for part in self.parts)
        return explained > 1 or (bool(self.inputs) and self.entered is None)
