"""Cells: an array's first axes cut into pieces, and the sums over each."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from igcli.common.arrays import Array


def sums_over_cells(values: Array, begins: Sequence[Array]) -> Array:
    """Return the sums over cells, given where these begin on each axis."""
    for axis, places in enumerate(begins):
        if len(places) < values.shape[axis]:
            values = np.add.reduceat(values, places, axis=axis)
    return values


def in_squares(plane: Array, side: int) -> Array:
    """Sum a plane over squares; those at the right and lower edge may be smaller."""
    return sums_over_cells(plane, [np.arange(0, length, side) for length in plane.shape])


def nearest(have: int, wanted: int) -> Array:
    """Return which of an axis' pixels the centre of each of `wanted` new ones lies in."""
    places: Array = ((2 * np.arange(wanted, dtype=np.int64) + 1) * have) // (2 * wanted)
    return places


def in_grid(values: Array, most: int) -> Array:
    """Sum an array over cells of much the same size, at most `most` of them along each axis."""
    return sums_over_cells(values, [_begins(length, most) for length in values.shape])


@lru_cache(maxsize=256)
def _begins(length: int, most: int) -> Array:
    count = min(length, most)
    return np.arange(count) * length // count
