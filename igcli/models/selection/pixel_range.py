"""The pixel range that a model is for, by what becomes of pixels before its first weights.

Pixels of 0–1 and of 0–255 are both sent there. A model that scales pixels itself brings 0–255 to
a few units and leaves 0–1 a speck of that; one that takes 0–1 does the opposite.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from igcli.common.arrays import Array

WHITE = 255.0
# Pictures, as large as the input, by what one number of theirs is.
Pictures: TypeAlias = Callable[[Callable[[tuple[int, ...]], Array]], Array]
Range: TypeAlias = Literal["pixels", "unit", "unclear"]
# Of inputs of 0–1 so little is left that no weights were trained on it: their standard deviation
# would be that of 0–4 at least. The least is a scale that is applied twice, and more.
_SCALES = (1e-6, 0.25)
# A centre so far off belongs to no inputs of 0–1 or −1–1, but to pixels.
_CENTRES = (4.0, 512.0)
_ONE = 2.0
# Normalised pixels: of dark pictures, and after a BatchNorm's own factor too.
_WIDEST = 64.0
_MOST = 0.9
_SPECK = 0.2
_NOISE = 1e-4
# Of greys that were brought to 0.
_ROUNDING = 1e-3
_SAME = 0.05


@dataclass(frozen=True, slots=True)
class PixelRange:
    """What is known of the pixels that a model is for.

    Attributes
    ----------
    range : {"pixels", "unit", "unclear"}
        0–255, brought to its own range; 0–1 or another one that it leaves as it is; or either.
    low, high : float
        What black and white are before the first weights.
    """

    range: Range
    low: float = 0.0
    high: float = WHITE


def measure(pictures: Pictures) -> PixelRange:
    """Send greys through what stands before the weights, and tell what they are for.

    Parameters
    ----------
    pictures : callable
        Given a function from a shape to a picture, returns what becomes of that picture.
    """

    def grey(value: float) -> Array:
        return pictures(lambda shape: np.full(shape, value))

    black, one, middle, white = (grey(value) for value in (0.0, 1.0, WHITE / 2, WHITE))
    finite = np.isfinite([black, one, middle, white]).all(axis=0)
    if not finite.any():
        return PixelRange("unclear", 0.0, 0.0)
    span = np.abs(white - black, where=finite, out=np.zeros_like(black))
    moved = span > _NOISE * span.max()
    if span.max() <= _ROUNDING:
        return _of_noise(pictures) if finite.all() else PixelRange("unclear", 0.0, 0.0)
    black, one, middle, white = (x[moved] for x in (black, one, middle, white))
    low, high = float(np.median(black)), float(np.median(white))
    slope = (white - black) / WHITE
    is_straight = np.allclose(
        middle, (black + white) / 2, rtol=1e-2, atol=1e-3 * float(np.ptp(white))
    ) and np.allclose(one, black + slope, rtol=1e-2, atol=1e-2 * float(np.median(span[moved])))
    found = _straight(slope, black, white) if is_straight else _bent(black, one, middle, white)
    return PixelRange(found, low, high)


def _straight(slope: Array, black: Array, white: Array) -> Range:
    """Judge a scale and an offset."""
    if max((slope > 0).mean(), (slope < 0).mean()) < _MOST:
        return "unit"
    size = float(np.median(np.abs(slope)))
    centre = float(np.median(np.abs(black / slope)))
    if _SCALES[0] <= size <= _SCALES[1]:
        furthest = float(np.median(np.maximum(np.abs(black), np.abs(white))))
        return "pixels" if furthest <= _WIDEST else "unit"
    is_off = _CENTRES[0] <= centre <= _CENTRES[1]
    return "pixels" if is_off and _SCALES[1] < size <= _ONE else "unit"


def _bent(black: Array, one: Array, middle: Array, white: Array) -> Range:
    """Judge a curve: a root, a logarithm, steps."""
    span, first, last = (
        float(np.median(np.abs(x))) for x in (white - black, one - black, white - middle)
    )
    if span > _WIDEST or min(last, abs(span - first)) <= _SAME * span:
        # Far too much, or no more of 0–255 than of 0–1: what is cut off at 1, or scaled if larger.
        return "unit"
    return "pixels" if first <= _SPECK * min(span, 1.0) else "unclear"


def _of_noise(pictures: Pictures) -> PixelRange:
    """Judge what makes the same of every grey: edges, or a picture's own range."""

    def noise(shape: tuple[int, ...]) -> Array:
        return np.random.default_rng(0).random(shape)

    small, large = pictures(noise), pictures(lambda shape: WHITE * noise(shape))
    if not np.isfinite([small, large]).all():
        return PixelRange("unclear", 0.0, 0.0)
    low, high = float(large.min()), float(large.max())
    span = float(np.ptp(large))
    if np.median(np.abs(small - large)) <= _SAME * span:
        return PixelRange("unit", low, high)
    is_speck = float(np.ptp(small)) <= _SPECK * min(span, 1.0)
    found: Range = "unit" if span > _WIDEST else "pixels" if is_speck else "unclear"
    return PixelRange(found, low, high)
