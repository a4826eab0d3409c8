"""Numbers of shares: how a density lies in its picture, and how alike several are."""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.regions import Regions

# The border is a ring as wide as this share of each side.
RING = 0.1


@dataclass(frozen=True, slots=True)
class Shape:
    """How the absolute densities of some rows lie in their pictures, (rows,) each.

    Attributes
    ----------
    border : Array
        The share of mass in the outer ring over the ring's share of the area: 1 where mass is even.
    x, y : Array
        The centre of mass, 0 to 1 from the left and from the top.
    radius : Array
        The root mean square distance of mass from its centre, in the picture's longer sides.
    entropy : Array
        Of the shares, over that of an even density: 0 where all is in one cell, 1 where even.
    gini : Array
        Of the shares: 0 where even.
    """

    border: Array
    x: Array
    y: Array
    radius: Array
    entropy: Array
    gini: Array

    def means(self) -> dict[str, float]:
        """Return the mean of each."""
        return {name: float(getattr(self, name).mean()) for name in self.__slots__}


def shape_of(absolute: Array, regions: Regions) -> Shape:
    """Return how densities (rows, height, width) lie in their pictures."""
    flat = absolute.reshape(len(absolute), -1).astype(np.float64)
    ring, area = _ring(regions)
    y, x = (part.ravel() for part in _middles(regions))
    height, width = regions.shape[:2]
    longer = max(height, width)
    centre_y, centre_x = flat @ y, flat @ x
    squares = flat @ (y * height / longer) ** 2 + flat @ (x * width / longer) ** 2
    squares -= (centre_y * height / longer) ** 2 + (centre_x * width / longer) ** 2
    cells = flat.shape[1]
    safe = np.where(flat > 0.0, flat, 1.0)
    entropy = -(flat * np.log(safe)).sum(axis=1) / np.log(cells)
    ranks = 2.0 * np.arange(1, cells + 1) - cells - 1.0
    gini = np.sort(flat, axis=1) @ ranks / cells
    return Shape(
        flat @ ring.ravel() / area, centre_x, centre_y,
        np.sqrt(np.maximum(squares, 0.0)), entropy, gini,
    )  # fmt: skip


def _ring(regions: Regions) -> tuple[Array, float]:
    """Return how much of each cell lies in the outer ring, and the ring's share of the area."""
    inside = [_overlap(length, regions.side) for length in regions.shape[:2]]
    outside: Array = 1.0 - inside[0][:, None] * inside[1][None, :]
    return outside, 1.0 - (1.0 - 2.0 * RING) ** 2


def _overlap(length: int, side: int) -> Array:
    """Return the share of each cell of an axis that lies within its middle part."""
    begins, ends = _edges(length, side)
    low, high = RING * length, (1.0 - RING) * length
    common = np.minimum(ends, high) - np.maximum(begins, low)
    share: Array = np.maximum(common, 0.0) / (ends - begins)
    return share


def _middles(regions: Regions) -> list[Array]:
    """Return the middle of each cell from the top and from the left, 0 to 1."""
    axes = [np.add(*_edges(n, regions.side)) / (2.0 * n) for n in regions.shape[:2]]
    return list(np.meshgrid(*axes, indexing="ij"))


def _edges(length: int, side: int) -> tuple[Array, Array]:
    begins = np.arange(0, length, side)
    return begins.astype(np.float64), np.minimum(begins + side, length).astype(np.float64)


def sameness(vectors: Array) -> float:
    """Return the mean cosine of all pairs of rows, (‖Σv‖² − n) / (n (n − 1)); NaN below two.

    Rows that are all zero have no direction and are left out.
    """
    units = _units(vectors)
    count = len(units)
    if count < 2:
        return float("nan")
    total = units.sum(axis=0)
    return float((total @ total - count) / (count * (count - 1)))


def sameness_unaligned(vectors: Array) -> float:
    """Return the mean cosine that pairs would have if the cells of each were shuffled."""
    units = _units(vectors)
    count = len(units)
    if count < 2:
        return float("nan")
    means = units.mean(axis=1)
    pairs = (means.sum() ** 2 - (means**2).sum()) / (count * (count - 1))
    return float(pairs * units.shape[1])


def _units(vectors: Array) -> Array:
    flat = vectors.reshape(len(vectors), -1).astype(np.float64)
    norms = np.linalg.norm(flat, axis=1)
    kept = norms > 0.0
    units: Array = flat[kept] / norms[kept, None]
    return units
