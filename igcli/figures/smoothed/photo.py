"""photo: an image in its own aspect, and beside it, or on it, where the mass of its map lies."""

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.placement import Size
from igcli.figures.pixels import MIN_SIDE, grey_of, in_colour
from igcli.figures.ramp import Ramp
from igcli.figures.scale import shares_of
from igcli.figures.smoothed.smooth import away_from_level, covered, level_of, resized

# Longer ones are drawn smaller.
_MOST_TO_ONE = 4
_GAP = 8
# Heat is told from the image by its light: the image is darker below it.
_DIMMED = 0.75
HALF, MOST = 0.5, 0.8
_LINE = 2.2
# Lines are seen on light and on dark: each has a darker one around it.
_AROUND, _DARKER = 5.0, 0.6
_WHITE = (255.0, 255.0, 255.0)
# As PiYG, lighter.
_SIGNED = {1: (140.0, 235.0, 90.0), -1: (255.0, 130.0, 215.0)}


def pane_size(
    shape: tuple[int, ...], aspect: Size | None, size: int | None = None, least: int = 0
) -> Size:
    """Return the (width, height) of a pane: the image's own aspect, as far as it is known.

    Parameters
    ----------
    shape : tuple of int
        The map's: height, width.
    aspect : Size or None
        The (width, height) of the image before it was stretched to that.
    size : int, optional
        The shorter side, less for one more than four times as long as high; by default the map's,
        224 at least and 448 at most: heat of a fourteenth of it shows no more.
    least : int
        The width that it has at least, unless a size is given.
    """
    width, height = aspect or (shape[1], shape[0])
    shorter = size or min(max(min(shape[:2]), MIN_SIDE), 2 * MIN_SIDE)
    factor = min(shorter / min(width, height), _MOST_TO_ONE * shorter / max(width, height))
    if size is None and 2 * width > height:
        factor = max(factor, least / width)
    return max(1, round(width * factor)), max(1, round(height * factor))


def photo_and_heat(plane: Array, image: Array, pane: Size, ramp: Ramp, alpha: float) -> Array:
    """Draw an image, and beside it its map's heat, as `heat_over` has it.

    Returns
    -------
    Array
        uint8 RGB (height, 2 widths and 8, 3).
    """
    return beside(image_at(image, pane), heat_over(plane, image, pane, ramp, alpha))


def beside(left: Array, right: Array) -> Array:
    """Return two panes of one height side by side, uint8 RGB, with white between."""
    gap = np.full((len(left), _GAP, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def heat_over(plane: Array, image: Array, pane: Size, ramp: Ramp, alpha: float) -> Array:
    """Draw a map's heat over its image in darker grey, with a line around half of it.

    Parameters
    ----------
    plane : Array
        (height, width), smooth, of the sign that the ramp is for.
    image : Array
        uint8 (height, width, channels).
    pane : Size
        (width, height) of what is drawn.
    ramp : Ramp
        Its colours and scale.
    alpha : float
        The opacity of full colour. It falls with the share of it.

    Returns
    -------
    Array
        uint8 RGB (height, width, 3).
    """
    large = resized(plane, pane)
    opacity = alpha * np.abs(shares_of(large, ramp.top))[..., None]
    dimmed = _DIMMED * grey_of(image_at(image, pane))
    heat = (1.0 - opacity) * dimmed + opacity * ramp.colours(large)
    return np.rint(_lined(heat, large, ramp.sign, HALF, _LINE)).astype(np.uint8)


def outlined(plane: Array, image: Array, pane: Size, sign: str) -> Array:
    """Draw an image with a line around half of the mass, and a thin one around four fifths.

    Where both signs are shown, each has the first one alone: the others would hide the image.

    What is given and returned is as for `heat_over`.
    """
    large, pixels = resized(plane, pane), image_at(image, pane).astype(np.float64)
    if sign != "all":
        pixels = _lined(pixels, large, sign, MOST, _LINE / 2)
    return np.rint(_lined(pixels, large, sign, HALF, 1.5 * _LINE)).astype(np.uint8)


def image_at(image: Array, pane: Size) -> Array:
    """Return an image of any channels at a size (width, height), uint8 RGB."""
    picture = Image.fromarray(np.ascontiguousarray(in_colour(image)))
    return np.asarray(picture.resize(pane, Image.Resampling.BICUBIC))


def _lined(pixels: Array, plane: Array, sign: str, share: float, width: float) -> Array:
    """Draw the line around a share of the mass, of each sign where both are shown."""
    parts = (1, -1) if sign == "all" else (-1,) if sign == "negative" else (1,)
    pixels = pixels.copy()
    for part in parts:
        level = part * level_of(part * plane, share)
        if level == 0.0:
            continue
        colour = _SIGNED[part] if sign == "all" else _WHITE
        away = away_from_level(plane, level)
        outer = width + _AROUND - _LINE
        near = away < outer / 2 + 0.5
        around = _DARKER * covered(away[near], outer)[:, None]
        line = covered(away[near], width)[:, None]
        below = (1.0 - around) * pixels[near]
        pixels[near] = (1.0 - line) * below + line * np.array(colour)
    return pixels
