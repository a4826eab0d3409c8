"""The grid: maps reduced to cells, as a small reference file keeps them.

A reference file's cell holds the sum of the attributions in it, channels included. Sums only shrink
an L1 error, but they cancel within a cell, so that the error weighs more against the smaller norm.
"""

from functools import lru_cache

import numpy as np

from igcli.common.arrays import Array
from igcli.common.cells import in_grid

DEFAULT_GRID = 56


def reduce_map(values: Array, grid: int) -> Array:
    """Return a map's sums over cells, float64.

    A picture (height, width, channels) becomes (h, w) with sides of `grid` at most; what has no
    two sides becomes a line of grid² at most.
    """
    if values.ndim == 1 or values.ndim > 3:
        return in_grid(values.reshape(-1).astype(np.float64), grid * grid)
    plane = values.astype(np.float64)
    if plane.ndim == 3:
        plane = plane.sum(axis=2)
    return in_grid(plane, grid)


def mean_magnitudes(values: Array, grid: int) -> Array:
    """Return the means of |map| over the cells of `reduce_map`, float64."""
    return reduce_map(np.abs(values), grid) / _sizes(values.shape, grid)


@lru_cache(maxsize=64)
def _sizes(shape: tuple[int, ...], grid: int) -> Array:
    return reduce_map(np.ones(shape), grid)


def reduced_shape(shape: tuple[int, ...], grid: int) -> tuple[int, ...]:
    """Return the shape that maps of a shape have when they are reduced."""
    return reduce_map(np.zeros(shape, np.float32), grid).shape
