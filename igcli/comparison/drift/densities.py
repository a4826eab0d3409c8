"""Densities: the shares of a map's mass by region, compared where these were certified or kept."""

from collections.abc import Iterator, Sequence

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import NotComparable
from igcli.common.regions import Regions
from igcli.comparison.drift.reduced import Halved, Reduced, rounded
from igcli.comparison.drift.sides import RunSide, Side, Stored


class DensitySide:
    """A run directory, seen as the densities of its maps over some regions.

    Its maps are (rows, columns, 2): the shares of the positive and of the negative mass that lie
    in each cell, those below zero.
    """

    grid = 0

    def __init__(self, side: RunSide, regions: Regions) -> None:
        self.title, self.about, self.rows = side.title, side.about, side.rows
        self.regions: Regions | None = regions
        self.shape: tuple[int, ...] = (*regions.grid, 2)
        self.whole_shape: tuple[int, ...] = self.shape
        self._side, self._regions = side, regions

    def maps(self, rows: Sequence[Stored], grid: int) -> Iterator[Reduced]:
        """Yield densities in the order of `rows`, whatever the grid."""
        return (kept.reduced for kept in self.halved(rows))

    def halved(self, rows: Sequence[Stored]) -> Iterator[Halved]:
        """Yield densities in half precision, as a reference file keeps them."""
        for row, masses in zip(rows, self._side.masses(rows, self._regions), strict=True):
            yield rounded(self._regions.density(masses), _error(row))

    def picture(self, row: Stored) -> Array | None:
        """See `Side.picture`."""
        return self._side.picture(row)


def _error(row: Stored) -> float:
    """Return how far a density may be off, as an L1 norm: twice its total variation.

    That is of where the mass lies. How it is shared between the signs is no part of the estimate:
    a difference there counts. A pixel estimate is one of densities, too.
    """
    known = row.error_estimate if row.regions_error is None else row.regions_error
    return np.nan if known is None else 2.0 * known


def regions_of(side: Side, grid: int | None) -> Regions | None:
    """Return the cells by which a side is compared; None where that is by its maps.

    Of a run directory these are what was certified, or all that it keeps; a grid that is asked for
    is one of maps.
    """
    if not isinstance(side, RunSide):
        return side.regions
    kept = side.run.kept
    return kept.regions if not kept.pixels or (kept.certified and grid is None) else None


def as_comparable(reference: Side, new: Side, grid: int | None) -> tuple[Side, Side]:
    """Return two sides as they can be compared: by densities where one is.

    Raises
    ------
    NotComparable
        When the other can't be brought to the same cells.
    """
    sides = (reference, new)
    own = [regions_of(side, grid) for side in sides]
    wanted = [regions for regions in own if regions is not None]
    if not wanted or (any(map(_is_of_maps, sides)) and all(map(_has_maps, sides))):
        return sides
    if wanted[0] != wanted[-1]:
        of = [f"{cells.side} pixels of {cells.shape[0]} × {cells.shape[1]}" for cells in wanted]
        raise NotComparable(
            f"{reference.title} and {new.title} have other regions",
            f"cells of {of[0]} and of {of[1]}",
            "run both with the same --certify regions:CELL, or with --store pixels and compare "
            "with --grid",
        )
    return _on(reference, wanted[0], new), _on(new, wanted[0], reference)


def _is_of_maps(side: Side) -> bool:
    """Tell whether a side has maps on a grid, and nothing else."""
    return not isinstance(side, RunSide) and side.regions is None


def _has_maps(side: Side) -> bool:
    return side.run.kept.pixels if isinstance(side, RunSide) else side.regions is None


def _on(side: Side, regions: Regions, other: Side) -> Side:
    if not isinstance(side, RunSide):
        if side.regions is not None:
            return side
        raise NotComparable(
            f"{side.title} has maps on a grid, {other.title} has regions alone",
            "what was summed up can't be told apart again",
            f"compare with the run directory that {side.title} was made of, or run the other with "
            "--store pixels",
        )
    if side.run.kept.pixels and side.whole_shape != regions.shape:
        raise NotComparable(
            f"{side.title} and {other.title} have maps of different shapes",
            f"{side.whole_shape} and {regions.shape}",
            "compare runs of models with the same input",
        )
    return DensitySide(side, regions)
