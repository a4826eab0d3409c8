"""The model settings: how a model is to be run, known before it is loaded."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How a model is to be run: what a score is, on which device, in which arithmetic.

    `signature` names what of a SavedModel is called, and `input_value` gives inputs that are no
    data their values, as NAME=VALUE; `hold_mask` keeps each input's mask. `shapes` are those of the
    inputs at hand, by name (by no name where there is one), for what must know them beforehand;
    `pictures` tells that these are read as pictures, at `image_size` (height, width) where the
    model takes any. `allow_unsafe` lets code in its file run; `custom_objects` is a Python file, or
    a package, that defines its layers.
    """

    scores: str = "as-is"
    device: str = "auto"
    precision: str = "float32"
    output: str | None = None
    explain: tuple[str, ...] = ()
    layer: str | None = None
    layer_input: bool = False
    signature: str | None = None
    input_value: tuple[str, ...] = ()
    hold_mask: bool = False
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    pictures: bool = False
    image_size: tuple[int, int] | None = None
    allow_unsafe: bool = False
    custom_objects: Path | None = None
