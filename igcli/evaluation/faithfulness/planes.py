"""planes: a run's maps on the pixels of the picture, and each moved by as much as it may be off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.cells import in_squares
from igcli.common.explanation import Explanation
from igcli.common.regions import Regions
from igcli.evaluation.causal.seeded import seeded
from igcli.findings.densities import picture_of
from igcli.store.run import StoredRun


@dataclass(frozen=True, slots=True)
class Planes:
    """One map on its picture.

    Attributes
    ----------
    plane : Array
        float64 (height, width): the map, its channels summed. Where the run stores cells alone,
        each pixel has its share of its cell's mass.
    moved : Array or None
        The same of a map that differs from it by its own estimated error; None where the run has no
        estimate.
    """

    plane: Array
    moved: Array | None


def read_planes(
    run: StoredRun, rows: Sequence[Explanation], size: tuple[int, int], seed: int
) -> Iterator[Planes]:
    """Yield the planes of rows that did not fail, one after the other.

    Parameters
    ----------
    run : StoredRun
        Its maps are of one picture; see `igcli.findings.densities.picture_of`.
    rows : sequence of Explanation
        Which.
    size : (int, int)
        Height and width of the picture.
    seed : int
        Of how a map is moved, with the row's id.
    """
    kept = run.kept
    if not kept.pixels:
        assert kept.regions is not None
        for row, masses in zip(rows, run.masses(rows), strict=True):
            cells = masses[0].astype(np.float64) - masses[1]
            mass = float(masses.sum(dtype=np.float64))
            # A total variation is half of the sum of what differs.
            noise = _noise(row, cells.shape, 2.0 * mass, row.regions_error, seed)
            moved = None if noise is None else _shared_out(cells + noise, kept.regions)
            yield Planes(_shared_out(cells, kept.regions), moved)
        return
    name = picture_of(run)
    for row, maps in zip(rows, run.maps(rows), strict=True):
        values = maps[name].astype(np.float64)
        # The estimate of a map of cells says nothing of its pixels.
        error = row.error_estimate
        noise = _noise(row, values.shape, float(np.abs(values).sum()), error, seed)
        moved = None if noise is None else _plane(values + noise, run, size)
        yield Planes(_plane(values, run, size), moved)


def _noise(
    row: Explanation, shape: tuple[int, ...], size: float, error: float | None, seed: int
) -> Array | None:
    """Return noise whose magnitudes sum to `error` times a size."""
    if error is None or not np.isfinite(error):
        return None
    noise = seeded(seed, f"{row.id}:moved").normal(size=shape)
    noise *= error * size / float(np.abs(noise).sum())
    return noise


def _plane(values: Array, run: StoredRun, size: tuple[int, int]) -> Array:
    if run.kept.register is not None:
        return run.kept.register.over(values, size)
    return values if values.ndim == 2 else values.sum(axis=2)


def _shared_out(cells: Array, regions: Regions) -> Array:
    areas = in_squares(np.ones(regions.shape[:2]), regions.side)
    return regions.spread(cells / areas)


def rows_that_match(
    runs: Sequence[StoredRun],
) -> tuple[list[tuple[Explanation, ...]], dict[str, str]]:
    """Return the rows that all runs explain for the same class, and why others are left out."""
    first, *others = runs
    by_id = [{row.id: row for row in run.rows} for run in others]
    found, left_out = [], {}
    for row in first.rows:
        own = (row, *(rows[row.id] for rows in by_id if row.id in rows))
        why = _why_not(own, len(runs))
        if why:
            left_out[row.id] = why
        else:
            found.append(own)
    return found, left_out


def _why_not(rows: Sequence[Explanation], runs: int) -> str:
    if any(row.status != "ok" for row in rows):
        return "it failed in the run" if runs == 1 else "it failed in one of the runs"
    if len(rows) < runs:
        return "one of the runs lacks it"
    if len({row.target for row in rows}) > 1:
        return "the runs explain different classes of it"
    return ""
