"""Where an image lands at the model's size: pure geometry, sizes as (width, height)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Size: TypeAlias = tuple[int, int]
Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Placement:
    """Take `box` of the source, resize it to `size`, put it at `offset` on a black canvas.

    Attributes
    ----------
    box : tuple of float
        (left, top, right, bottom) in source pixels.
    size : tuple of int
        (width, height) that the box is resized to.
    offset : tuple of int
        (left, top) on the canvas.
    """

    box: Box
    size: Size
    offset: Size = (0, 0)


def stretch(source: Size, target: Size) -> Placement:
    """Fill the target; the aspect ratio is given up."""
    return Placement((0, 0, *source), target)


def pad(source: Size, target: Size) -> Placement:
    """Fit inside the target, centred on black, as ``tf.image.resize_with_pad`` does."""
    scale = min(target[0] / source[0], target[1] / source[1])
    inner = (max(1, int(source[0] * scale)), max(1, int(source[1] * scale)))
    offset = ((target[0] - inner[0]) // 2, (target[1] - inner[1]) // 2)
    return Placement((0, 0, *source), inner, offset)


def crop(source: Size, target: Size) -> Placement:
    """Cover the target and keep the centre."""
    scale = max(target[0] / source[0], target[1] / source[1])
    width, height = target[0] / scale, target[1] / scale
    left, top = (source[0] - width) / 2, (source[1] - height) / 2
    return Placement((left, top, left + width, top + height), target)


RESIZE: dict[str, Callable[[Size, Size], Placement]] = {
    "stretch": stretch,
    "pad": pad,
    "crop": crop,
}
DEFAULT_RESIZE = "stretch"
