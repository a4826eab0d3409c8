"""zone: the outline of the places of an output that are explained, drawn on a picture."""

import numpy as np

from igcli.common.arrays import Array
from igcli.common.dense import is_cut

_BLACK, _WHITE = 0, 255
# Of 255: a place that is covered by half belongs to it.
_HALF = 128


def with_zone(pixels: Array, zone: Array | None, size: tuple[int, ...]) -> Array:
    """Draw the outline of a zone: a black line along its inner edge, a white one around that.

    Parameters
    ----------
    pixels : Array
        uint8 (height, width, 3): a picture, enlarged or reduced.
    zone : Array or None
        uint8 (rows, columns) of the output's places; see `Explanation.zone`. None for no outline.
    size : tuple of int
        Height and width of the picture as the model sees it.
    """
    if zone is None:
        return pixels
    inside = _on_picture(zone >= _HALF, size[:2], pixels.shape[:2])
    drawn = pixels.copy()
    drawn[~inside & _beside(inside)] = _WHITE
    drawn[inside & _beside(~inside)] = _BLACK
    return drawn


def _on_picture(places: Array, size: tuple[int, ...], shown: tuple[int, ...]) -> Array:
    """Return which pixels of a picture that is shown larger or smaller lie in such places."""
    grid = places.shape
    if is_cut(size, grid):
        before = [(side - n) // 2 for side, n in zip(size, grid, strict=True)]
        whole = np.zeros(size, bool)
        whole[before[0] : before[0] + grid[0], before[1] : before[1] + grid[1]] = places
        places = whole
    rows, columns = (
        (np.arange(count) * n // count) for count, n in zip(shown, places.shape, strict=True)
    )
    chosen: Array = places[np.ix_(rows, columns)]
    return chosen


def _beside(inside: Array) -> Array:
    """Return the pixels that have one of a set above, below, left or right of them."""
    found = np.zeros_like(inside)
    found[1:] |= inside[:-1]
    found[:-1] |= inside[1:]
    found[:, 1:] |= inside[:, :-1]
    found[:, :-1] |= inside[:, 1:]
    return found
