"""smooth: the mass of a picture's cells as a plane without edges, and contours around its parts."""

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.regions import Regions

# Of a cell's side. Wide enough that the grid does not show, narrow enough that a cell's place does.
_SIGMA = 0.6


def smooth_plane(masses: Array, regions: Regions, sign: str) -> Array:
    """Return the mass around each pixel in one cell's area, without the cells' edges.

    At a pixel it is the mean of the cells' densities, each weighed by a Gaussian of its centre's
    distance (sigma of 0.6 cells), times the area of a whole cell: never above the densest cell's.

    Parameters
    ----------
    masses : Array
        (2, rows, columns): the positive and the negative mass of each cell, as
        `igcli.common.regions.Regions.masses` gives them.
    regions : Regions
        The cells.
    sign : str
        ``absolute`` for both, ``all`` for the positive against the negative, or one of them.

    Returns
    -------
    Array
        float64 (height, width), signed as the attributions are.
    """
    lengths, side = regions.shape[:2], regions.side
    down, across = (_weights(length, side) for length in lengths)
    rows, columns = (np.diff(_edges(length, side)) / side for length in lengths)
    cells = of_signs(masses, sign) / np.outer(rows, columns)
    # No BLAS: for so few numbers its threads take longer to wake than to multiply.
    plane: Array = np.einsum("yr,rx->yx", down, np.einsum("rc,xc->rx", cells, across))
    return plane


def of_signs(masses: Array, sign: str) -> Array:
    """Return one number for each cell: float64 (rows, columns), signed as attributions are."""
    positive, negative = masses.astype(np.float64)
    planes: dict[str, Array] = {
        "all": positive - negative,
        "absolute": positive + negative,
        "positive": positive,
        "negative": -negative,
    }
    return planes[sign]


def _edges(length: int, side: int) -> Array:
    return np.append(np.arange(0, length, side), length)


def _weights(length: int, side: int) -> Array:
    """Return how much each pixel takes of each cell along one axis, (length, cells)."""
    edges = _edges(length, side)
    centres = (edges[1:] + edges[:-1]) / 2
    away = (np.arange(length)[:, None] + 0.5 - centres) / (_SIGMA * side)
    weights = np.exp(-0.5 * away**2)
    shares: Array = weights / weights.sum(axis=1, keepdims=True)
    return shares


def level_of(plane: Array, share: float) -> float:
    """Return the number above which lies a share of a plane's mass: of its smallest such part.

    0 for a plane of zeros. Negative numbers do not count.
    """
    values = np.sort(np.maximum(plane, 0.0), axis=None)[::-1]
    mass = np.cumsum(values)
    if mass[-1] == 0.0:
        return 0.0
    return float(values[np.searchsorted(mass, share * mass[-1])])


def away_from_level(plane: Array, level: float) -> Array:
    """Return how far each pixel is from the line where a plane has a level, in pixels.

    By the slope: |plane − level| / |gradient|, which is right near the line. A plateau is
    infinitely far from it. At the picture's edge the line is open.

    Parameters
    ----------
    plane : Array
        (height, width), smooth.
    """
    if min(plane.shape) < 2:
        return np.full(plane.shape, np.inf)
    down, across = np.gradient(plane)
    slope = np.sqrt(down * down + across * across)
    with np.errstate(over="ignore"):
        away: Array = np.abs(plane - level) / np.maximum(slope, 1e-300)
    return away


def covered(away: Array, width: float) -> Array:
    """Return how much of each pixel a line covers that is `width` pixels wide, 0 to 1."""
    shares: Array = np.clip(width / 2 + 0.5 - away, 0.0, 1.0)
    return shares


def resized(plane: Array, size: tuple[int, int]) -> Array:
    """Return a plane at another (width, height), float64, between its numbers linearly."""
    picture = Image.fromarray(plane.astype(np.float32))
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR), np.float64)
