"""The facts of stored runs that agreement needs: cells, shapes, tolerances and errors."""

from collections.abc import Sequence

import numpy as np

from igcli.common.errors import NotComparable
from igcli.common.explanation import Explanation
from igcli.common.regions import Regions, default_side
from igcli.store.run import StoredRun


def regions_of_all(runs: Sequence[StoredRun]) -> Regions | None:
    """Return the cells of the densities: of runs that have nothing finer, or else the first's.

    Where that keeps none, they are of the default size.
    """
    fixed = [run.kept.regions for run in runs if not run.kept.pixels]
    own = [regions for regions in (*fixed, runs[0].kept.regions) if regions is not None]
    if any(regions != fixed[0] for regions in fixed):
        raise NotComparable(
            f"{' and '.join(run.title for run in runs)} have other regions",
            ", ".join(f"cells of {r.side} pixels of {r.shape[:2]}" for r in own[: len(fixed)]),
            "run all with the same --certify regions:CELL, or with --store pixels",
        )
    return own[0] if own else default_regions(runs[0])


def default_regions(run: StoredRun) -> Regions | None:
    """Return cells of the default size of a run's picture; None without one."""
    shape = _picture_shape(run)
    return Regions(shape, default_side(shape)) if shape else None


def shape_of_values(runs: Sequence[StoredRun], regions: Regions | None) -> tuple[int, ...]:
    """Return the shape of the values; raise NotComparable where maps are of other shapes."""
    pixels = [run for run in runs if run.kept.pixels]
    shapes = [run.layout.shapes for run in pixels]
    pictures = {shape for run in pixels if (shape := _picture_shape(run))}
    differ = any(dict(one) != dict(shapes[0]) for one in shapes)
    if differ or (len(pixels) < len(runs) and regions and pictures - {regions.shape}):
        raise NotComparable(
            f"{' and '.join(run.title for run in runs)} have maps of different shapes",
            "; ".join(", ".join(map(str, one.values())) for one in shapes),
            "explain inputs of one size",
        )
    if len(pixels) < len(runs):
        assert regions is not None
        return (*regions.grid, 2)
    several = list(shapes[0].values())
    return several[0] if len(several) == 1 else (sum(int(np.prod(s)) for s in several),)


def _picture_shape(run: StoredRun) -> tuple[int, ...]:
    picture = run.layout.picture
    return () if picture is None else run.layout.shapes[picture]


def coarsest_tolerance(runs: Sequence[StoredRun]) -> float | None:
    """Return the coarsest tolerance of some runs; None where one has none."""
    found = []
    for run in runs:
        with run.usable_about() as about:
            accuracy = about["settled"].get("accuracy") or {}
            found.append(float(accuracy.get("tolerance") or 0.0))
    return max(found) if all(found) else None


def known(error: float | None) -> float:
    """Return an error, or NaN where it is not known."""
    return np.nan if error is None else float(error)


def regions_error(row: Explanation) -> float:
    """Return how far a density may be off; the estimate of a map's pixels bounds it, too."""
    return known(row.error_estimate if row.regions_error is None else row.regions_error)
