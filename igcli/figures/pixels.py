"""Pixels of maps and images as RGB: heat, blends, masks; enlarged by whole factors."""

from collections.abc import Callable
from math import ceil

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.figures.ramp import Ramp
from igcli.figures.scale import shares_of

MIN_SIDE = 224
_MAX_SIDE = 4096
# Colours are computed in float64: so many pixels at once.
_BAND = 1 << 20
_WHITE = 255.0


def rgb_of(image: Array) -> Array:
    """Return an image (height, width, 1, 3 or 4) as RGB; alpha is dropped."""
    return image.repeat(3, axis=2) if image.shape[2] == 1 else image[..., :3]


def in_colour(image: Array) -> Array:
    """Return an image of any channels as RGB; of other than 1, 3 or 4 their mean is shown."""
    if image.shape[2] not in (1, 3, 4):
        image = np.rint(image.mean(axis=2, keepdims=True)).astype(np.uint8)
    return rgb_of(image)


def grey_of(image: Array) -> Array:
    """Return the mean of an image's colours, float64 (height, width, 1); alpha is dropped."""
    channels = 3 if image.shape[2] == 4 else image.shape[2]
    grey: Array = image[..., :channels].mean(axis=2)[..., None]
    return grey


def heat(plane: Array, ramp: Ramp) -> Array:
    """Colour a map."""
    return _in_bands(lambda rows: ramp.colours(plane[rows]), plane)


def blended(plane: Array, image: Array, ramp: Ramp, alpha: float) -> Array:
    """Lay a map's colours with opacity `alpha` over the image in grey."""
    return _in_bands(
        lambda rows: alpha * ramp.colours(plane[rows]) + (1.0 - alpha) * grey_of(image[rows]),
        plane,
    )


def behind(plane: Array, image: Array, ramp: Ramp, alpha: float) -> Array:
    """Lay the image in its colours with opacity `alpha` over a map's."""
    return _in_bands(
        lambda rows: alpha * rgb_of(image[rows]) + (1.0 - alpha) * ramp.colours(plane[rows]),
        plane,
    )


def masked(plane: Array, image: Array, top: float) -> Array:
    """Multiply the image by |map| over `top`: black where nothing is attributed."""
    return _in_bands(lambda rows: _share(plane[rows], top) * rgb_of(image[rows]), plane)


def alpha_scaled(plane: Array, image: Array, top: float) -> Array:
    """Show the image with the opacity |map| over `top`, on white."""

    def faded(rows: slice) -> Array:
        share = _share(plane[rows], top)
        shown: Array = share * rgb_of(image[rows]) + (1.0 - share) * _WHITE
        return shown

    return _in_bands(faded, plane)


def _share(plane: Array, top: float) -> Array:
    share: Array = np.abs(shares_of(plane, top))[..., None]
    return share


def _in_bands(draw: Callable[[slice], Array], plane: Array) -> Array:
    height, width = plane.shape
    step = max(1, _BAND // width)
    pixels = np.empty((height, width, 3), np.uint8)
    for start in range(0, height, step):
        rows = slice(start, start + step)
        pixels[rows] = np.rint(draw(rows))
    return pixels


def enlarge(pixels: Array, min_side: int = MIN_SIDE) -> Array:
    """Repeat pixels so that the shorter side reaches `min_side`; nothing is smoothed."""
    return _repeated(pixels, _times(pixels.shape, min_side))


def fitted(pixels: Array, size: int | None) -> Array:
    """Bring the shorter side to `size` or, where no whole factor does that, to the next above.

    Without a size, pictures are enlarged to `MIN_SIDE` and never shrunk. To shrink, squares of
    k × k pixels are averaged.
    """
    over = _over(pixels.shape, size)
    if over > 1:
        return np.asarray(Image.fromarray(pixels).reduce(over))
    return enlarge(pixels) if size is None else _repeated(pixels, _enough(pixels.shape, size))


def fitted_shape(height: int, width: int, size: int | None) -> tuple[int, int]:
    """Return what `fitted` makes of a picture's height and width."""
    shape = (height, width)
    over = _over(shape, size)
    times = _times(shape, MIN_SIDE) if size is None else _enough(shape, size)
    return ceil(height / over) * times, ceil(width / over) * times


def _times(shape: tuple[int, ...], min_side: int) -> int:
    return max(1, min(_enough(shape, min_side), _MAX_SIDE // max(shape[:2])))


def _enough(shape: tuple[int, ...], size: int) -> int:
    return ceil(size / min(shape[:2]))


def _over(shape: tuple[int, ...], size: int | None) -> int:
    return 1 if size is None else max(1, min(shape[:2]) // size)


def _repeated(pixels: Array, factor: int) -> Array:
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)
