"""The controls of a place: as many cells elsewhere, at random or an image's own hottest."""

from collections.abc import Sequence

import numpy as np

from igcli.common.arrays import Array
from igcli.evaluation.causal.seeded import seeded


def random_cells(
    grid: tuple[int, int], cells: Sequence[tuple[int, int]], seed: int, identity: str
) -> Array:
    """Return as many cells that are not the place's, drawn by the seed and the image's id.

    They are the place itself, moved: scattered cells have more edges, and so do more harm. Where
    nothing of its shape is free, they are scattered.

    Parameters
    ----------
    grid : (int, int)
        How many rows and columns of cells there are.
    cells : sequence of (int, int)
        The place: rows and columns, from 0; at most half of the grid.
    """
    random = seeded(seed, identity)
    place = np.array(cells)
    taken = np.zeros(grid, bool)
    taken[place[:, 0], place[:, 1]] = True
    shape = place - place.min(axis=0)
    height, width = np.array(grid) - shape.max(axis=0)
    tops, lefts = np.mgrid[:height, :width]
    moved = np.stack([tops.ravel(), lefts.ravel()], axis=1)[:, None] + shape
    free = moved[~taken[moved[..., 0], moved[..., 1]].any(axis=1)]
    if len(free):
        found: Array = free[random.integers(len(free))]
        return found
    left = np.argwhere(~taken)
    scattered: Array = random.permutation(left)[: len(place)]
    return scattered


def hottest_cells(plane: Array, cells: Sequence[tuple[int, int]]) -> Array:
    """Return as many cells that are not the place's, those with the most mass in a map.

    Parameters
    ----------
    plane : Array
        The map's mass, (rows, columns).
    cells : sequence of (int, int)
        The place.
    """
    place = np.array(cells)
    left = plane.astype(np.float64)
    left[place[:, 0], place[:, 1]] = -np.inf
    order = np.argsort(-left, axis=None, kind="stable")
    count = min(len(place), plane.size - len(place))
    found: Array = np.stack(np.unravel_index(order[:count], plane.shape), axis=1)
    return found
