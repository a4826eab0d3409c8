"""The regions error: how far the densities over a picture's cells are from the exact map's.

A density is the mass of each cell over the mass of all, and the distance of two is their total
variation, ½ Σ |p − q|. There are three: of |a|, and of its positive and its negative part, each of
its own mass; the largest distance counts, but for a part that has next to none of the mass.

The model of the path is that of `igcli.attribution.error_estimate`: the map is off by Σ u_k c_k,
for jumps c_k and unknown factors u_k, uniform in [−1, 1], which all pixels share. So the map is
drawn again some dozen times, with factors that are always the same, and the estimate is a high
quantile of the distances of its densities.
"""

from functools import cache
from typing import Any

import numpy as np

from igcli.attribution.error_estimate import SMOOTH
from igcli.common.arrays import Array
from igcli.common.regions import LEAST_PART, Regions, distances

_DRAWS = 61
# Maps whose masses are found at once; with the map itself and the two of a coarser mesh, the draws
# are a multiple of it.
_AT_ONCE = 8
_BAND = 4096
_SIGMAS = 2.0
# Jumps are known from few intervals: the largest of those to come are larger than those seen.
_SAFETY = 1.45
# A part this much smaller may still have the least mass in the exact map.
_NEARLY = 0.8


class Cells:
    """The nodes of one path as the cells see them: gradient × tangent, summed over channels.

    Parameters
    ----------
    regions : Regions
        The picture's.
    """

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._rows: list[Array] = []

    @property
    def nbytes(self) -> int:
        """How many bytes they hold."""
        return sum(row.nbytes for row in self._rows)

    def append(self, gradient: Any) -> None:
        """Add one node's, from where a model left it."""
        kept = np.asarray(gradient, np.float32).reshape(self._regions.shape)
        self._rows.append(self._regions.pixels(kept))

    def error(self, weights: Array, nodes: list[int], scale: Array, coarse: Array) -> float:
        """Return a high quantile of the largest total variation.

        Parameters
        ----------
        weights : Array
            (rows,): of the map.
        nodes : list of int
            The rows along the path, n + 1 of them.
        scale : Array
            (n,): the jumps are c_k = scale_k (row[k + 1] − row[k]).
        coarse : Array
            (rows,): of what a coarser mesh would change in the map. A smooth gradient's error is a
            third of it.
        """
        if not scale.any():
            return 0.0
        factors = _factors(len(scale))
        # Of the jumps, as weights of the nodes.
        along = np.zeros((_DRAWS, len(nodes)), np.float32)
        along[:, 1:] += factors * scale.astype(np.float32)
        along[:, :-1] -= factors * scale.astype(np.float32)
        drawn = np.zeros((_DRAWS, len(self._rows)), np.float32)
        drawn[:, nodes] = along
        changes = np.concatenate([np.zeros((1, len(weights))), drawn, SMOOTH * coarse[None]])
        masses = self._masses(weights + np.concatenate([changes, -changes[-1:]]))
        off = distances(masses[1:], masses[0], _NEARLY * LEAST_PART)
        jumps = max(_quantile(part) for part in off[:, :_DRAWS])
        return float(_SAFETY * max(jumps, off[:, _DRAWS:].max()))

    def _masses(self, weights: Array) -> Array:
        """Return the positive and negative masses of maps with these weights: (maps, 2, cells)."""
        (height, width), side = self._regions.shape[:2], self._regions.side
        in_column = np.arange(width)[:, None] // side == np.arange(-(-width // side))
        columns = in_column.astype(np.float32)
        # Products this small are not split over threads, which would wait for the model's.
        factors = weights.astype(np.float32).reshape(-1, _AT_ONCE, 1, len(self._rows))
        bands = []
        # A band of cells stays in the cache through all that is done with it.
        for top, bottom in _bands(height, width, side):
            band = np.stack([row[top:bottom] for row in self._rows], axis=1)
            maps = np.swapaxes(factors, 1, 2) @ band
            signed = _in_cells(maps, side) @ columns
            np.abs(maps, out=maps)
            mass = _in_cells(maps, side) @ columns
            bands.append(0.5 * np.stack([mass + signed, mass - signed], axis=1))
        joined = np.concatenate(bands, axis=2)
        # (groups, 2, rows of cells, maps of a group, columns of cells)
        by_map = np.moveaxis(joined, 3, 1).reshape(len(weights), 2, -1)
        return by_map


def _bands(height: int, width: int, side: int) -> list[tuple[int, int]]:
    """Return bands of pixel rows: several whole rows of cells, and one that the edge cuts."""
    whole = height - height % side
    rows = side * max(1, _BAND // (side * width))
    bands = [(top, min(top + rows, whole)) for top in range(0, whole, rows)]
    return bands if whole == height else [*bands, (whole, height)]


def _in_cells(maps: Array, side: int) -> Array:
    """Sum (groups, rows, maps, width) over the rows of each cell."""
    groups, rows, *others = maps.shape
    summed: Array = maps.reshape(groups, -1, min(side, rows), *others).sum(axis=2)
    return summed


@cache
def _factors(count: int) -> Array:
    """Return what jumps are multiplied with, (draws, count) in float32: always the same."""
    return np.random.default_rng(0).uniform(-1.0, 1.0, (_DRAWS, count)).astype(np.float32)


def _quantile(distances: Array) -> float:
    """Return the quantile of a lognormal with their mean and standard deviation."""
    mean = float(distances.mean())
    if mean == 0.0:
        return 0.0
    spread = np.sqrt(np.log1p((float(distances.std()) / mean) ** 2))
    return float(mean * np.exp(_SIGMAS * spread - 0.5 * spread**2))
