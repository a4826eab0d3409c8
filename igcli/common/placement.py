"""placement: where an image lands at the model's size; geometry alone, sizes as (width, height)."""

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
    """Fit inside the target, centred on black, as ``tf.image.resize_with_pad`` does.

    Like TensorFlow, it floors the scaled size, and half of what the unfloored one leaves.
    """
    ratio = max(source[0] / target[0], source[1] / target[1])
    width, height = source[0] / ratio, source[1] / ratio
    offset = (int((target[0] - width) / 2), int((target[1] - height) / 2))
    return Placement((0, 0, *source), (max(1, int(width)), max(1, int(height))), offset)


def crop(source: Size, target: Size) -> Placement:
    """Cover the target and keep the centre."""
    ratio = min(source[0] / target[0], source[1] / target[1])
    width = min(target[0] * ratio, source[0])
    height = min(target[1] * ratio, source[1])
    left, top = (source[0] - width) / 2, (source[1] - height) / 2
    # Rounding must not put the box outside the source: Pillow would refuse it.
    return Placement(
        (left, top, min(left + width, source[0]), min(top + height, source[1])), target
    )


RESIZE: dict[str, Callable[[Size, Size], Placement]] = {
    "stretch": stretch,
    "pad": pad,
    "crop": crop,
}
DEFAULT_RESIZE = "stretch"
