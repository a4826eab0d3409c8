"""The geometry of objects: where a box or a mask of the original image lies in the model's input.

An outline goes the way that its image went: turned upright as EXIF says, then resized. Areas are
exact: a pixel or a cell that an edge runs through counts by the part that is covered.
"""

from dataclasses import dataclass, replace

import numpy as np

from igcli.common.arrays import Array
from igcli.common.orientation import upright
from igcli.common.placement import Placement, Size

# Shares that differ from 0 or 1 by rounding alone.
_EVEN = 1e-9


@dataclass(frozen=True, slots=True)
class Outline:
    """Where something lies: cells of an uneven grid that belong to it, or not.

    Attributes
    ----------
    cells : Array
        bool (rows, columns).
    ys, xs : Array
        Where the rows and the columns begin, and the last one ends, in pixels; ascending.
    """

    cells: Array
    ys: Array
    xs: Array

    @property
    def area(self) -> float:
        """How many pixels it covers."""
        return float(np.diff(self.ys) @ self.cells @ np.diff(self.xs))

    def upright(self, size: Size, orientation: int) -> "Outline":
        """Return the outline in an image of that size once it is turned as EXIF says."""
        cells, ys, xs = upright(self.cells, orientation), self.ys, self.xs
        width, height = size
        if orientation >= 5:
            ys, xs, width, height = xs, ys, height, width
        if orientation in (2, 3, 6, 7):
            xs = (width - xs)[::-1]
        if orientation in (3, 4, 7, 8):
            ys = (height - ys)[::-1]
        return Outline(cells, ys, xs)

    def placed(self, placement: Placement, target: Size) -> "Outline":
        """Return the outline in the model's input; what is cropped away is cut off."""
        left, top, right, bottom = placement.box
        ends = ((self.ys, top, bottom, 1), (self.xs, left, right, 0))
        ys, xs = (
            np.clip(
                (edges - low) * (placement.size[axis] / (high - low)) + placement.offset[axis],
                0.0,
                target[axis],
            )
            for edges, low, high, axis in ends
        )
        return replace(self, ys=ys, xs=xs)

    def shares(self, ys: Array, xs: Array) -> Array:
        """Return which share of each cell between these edges it covers, float64."""
        across = _sums_between(self.cells.astype(np.float64), self.xs, xs)
        covered: Array = _sums_between(across.T, self.ys, ys).T / np.outer(np.diff(ys), np.diff(xs))
        covered[covered < _EVEN] = 0.0
        covered[covered > 1.0 - _EVEN] = 1.0
        return covered

    def is_near(self, point: tuple[float, float], tolerance: float) -> bool:
        """Tell whether a pixel's centre (y, x) lies in it, or at most `tolerance` pixels from it.

        Distances are between the centres of pixels, as in the pointing game.
        """
        beside = [_beside(edges, at) for edges, at in zip((self.ys, self.xs), point, strict=True)]
        if (self.cells & np.logical_and.outer(*(inside for inside, _ in beside))).any():
            return True
        (_, y), (_, x) = beside
        squares = np.add.outer(y**2, x**2)[self.cells]
        return bool(squares.size) and float(squares.min()) <= tolerance**2 + _EVEN


def outline_of_boxes(boxes: Array, size: Size) -> Outline:
    """Return what boxes (x1, y1, x2, y2), half-open, cover together of an image of that size."""
    xs = np.clip(boxes[:, [0, 2]], 0.0, size[0])
    ys = np.clip(boxes[:, [1, 3]], 0.0, size[1])
    # An outline has one cell at least.
    columns, rows = np.unique([*xs.ravel(), 0.0, size[0]]), np.unique([*ys.ravel(), 0.0, size[1]])
    cells = np.zeros((len(rows) - 1, len(columns) - 1), bool)
    for (left, right), (top, bottom) in zip(xs, ys, strict=True):
        row, column = np.searchsorted(rows, (top, bottom)), np.searchsorted(columns, (left, right))
        cells[slice(*row), slice(*column)] = True
    return Outline(cells, rows, columns)


def outline_of_mask(mask: Array) -> Outline:
    """Return what a mask, bool (height, width), covers."""
    ys, xs = (np.arange(side + 1, dtype=np.float64) for side in mask.shape)
    return Outline(mask, ys, xs)


def _sums_between(values: Array, at: Array, edges: Array) -> Array:
    """Return the integrals of rows of densities, constant between `at`, from edge to edge."""
    widths = np.diff(at)
    before = np.zeros((len(values), len(at)))
    np.cumsum(values * widths, axis=1, out=before[:, 1:])
    place = np.clip(np.searchsorted(at, edges, side="right") - 1, 0, len(widths) - 1)
    into = np.clip(edges - at[place], 0.0, widths[place])
    sums: Array = np.diff(before[:, place] + values[:, place] * into, axis=1)
    return sums


def _beside(edges: Array, at: float) -> tuple[Array, Array]:
    """Tell between which edges a point lies, and how far it is from the centres of pixels there."""
    low, high = edges[:-1], edges[1:]
    middle = 0.5 * (low + high)
    first, last = np.minimum(low + 0.5, middle), np.maximum(high - 0.5, middle)
    far = np.maximum(np.maximum(first - at, at - last), 0.0)
    # What was cropped away is nowhere.
    return (low <= at) & (at < high), np.where(high > low, far, np.inf)
