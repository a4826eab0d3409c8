"""Choices of runs: several run directories of the same model and inputs, one a baseline."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import NotComparable
from igcli.common.explanation import Explanation
from igcli.common.regions import Regions, default_side
from igcli.comparison.agreement.choices import InputMaps
from igcli.comparison.agreement.matched_runs import check_named_once, matched
from igcli.store.map_layout import flat
from igcli.store.run import StoredRun, open_finished_run


class RunChoices:
    """Several finished run directories; see `Choices`. Close it, or use it in a with block.

    Raises
    ------
    ConfigError
        When a directory is named twice.
    NotComparable
        When the runs say nothing about each other: other models, other settings than the baseline,
        no image of the same file in common, no map of the same target, or other shapes.
    """

    def __init__(self, outs: Sequence[Path]) -> None:
        check_named_once(outs)
        with ExitStack() as stack:
            self._runs = [stack.enter_context(open_finished_run(out)) for out in outs]
            self._pairs = matched(self._runs)
            self._open = stack.pop_all()
        first = self._runs[0]
        self.titles = tuple(run.title for run in self._runs)
        self.run = str(first.about.get("run", ""))
        self.left_out = self._pairs.left_out
        self.rows = [rows[0] for rows in self._pairs.common]
        self._places = {row.row: place for place, row in enumerate(self.rows)}
        self.has_pixels = all(run.kept.pixels for run in self._runs)
        self.regions = _regions(self._runs)
        self.shape = _shape(self._runs, self.regions)
        self.tolerance = _coarsest(self._runs)
        self.names, self.notes = _names(self._runs)

    def __enter__(self) -> "RunChoices":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def maps(self, rows: Sequence[Explanation]) -> Iterator[InputMaps]:
        """See `Choices.maps`."""
        several = [self._pairs.common[self._places[row.row]] for row in rows]
        sources = [
            self._of_run(run, [found[i] for found in several]) for i, run in enumerate(self._runs)
        ]
        for found, of_runs in zip(several, zip(*sources, strict=True), strict=True):
            masses = [mass for _, mass in of_runs if mass is not None]
            yield InputMaps(
                np.stack([values for values, _ in of_runs]),
                np.stack(masses) if masses else None,
                self._errors(found),
                np.array([_regions_error(row) for row in found]),
            )

    def images(self, rows: Sequence[Explanation]) -> Iterator[Array | None]:
        """See `Choices.images`."""
        for run, place in ((run, i) for i, run in enumerate(self._runs) if run.layout.image_shape):
            found = [self._pairs.common[self._places[row.row]][place] for row in rows]
            yield from run.images(found)
            return
        yield from [None] * len(rows)

    def _errors(self, rows: Sequence[Explanation]) -> Array:
        if self.has_pixels:
            return np.array([_known(row.error_estimate) for row in rows])
        # An L1 norm is twice a total variation.
        return 2.0 * np.array([_regions_error(row) for row in rows])

    def _of_run(
        self, run: StoredRun, rows: Sequence[Explanation]
    ) -> Iterator[tuple[Array, Array | None]]:
        """Yield a line of numbers and the cells' mass of each row."""
        regions = self.regions
        if self.has_pixels:
            for maps in run.maps(rows):
                picture = run.layout.picture
                mass = regions.masses(maps[picture]) if regions and picture is not None else None
                yield flat(maps).ravel().astype(np.float64), mass
            return
        assert regions is not None
        for mass in _masses(run, rows, regions):
            yield regions.density(mass).ravel(), mass


def _regions(runs: Sequence[StoredRun]) -> Regions | None:
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
    if own:
        return own[0]
    shape = _picture_shape(runs[0])
    return Regions(shape, default_side(shape)) if shape else None


def _shape(runs: Sequence[StoredRun], regions: Regions | None) -> tuple[int, ...]:
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


def _masses(run: StoredRun, rows: Sequence[Explanation], regions: Regions) -> Iterator[Array]:
    if run.kept.regions == regions:
        return run.masses(rows)
    picture = run.layout.picture
    assert picture is not None
    return (regions.masses(maps[picture]) for maps in run.maps(rows))


def _names(runs: Sequence[StoredRun]) -> tuple[tuple[str, ...], list[str]]:
    """Return what each run's maps are called: its baseline, and its directory where need be."""
    baselines = _without_common([_baseline(run) for run in runs])
    same = {name for name in baselines if baselines.count(name) > 1}
    names = [
        f"{name} ({run.title})" if name in same else name
        for name, run in zip(baselines, runs, strict=True)
    ]
    notes = [
        f"{', '.join(run.title for run, own in zip(runs, baselines, strict=True) if own == name)} "
        f"have the same baseline, {name}"
        for name in sorted(same)
    ]
    return tuple(names), notes


def _coarsest(runs: Sequence[StoredRun]) -> float | None:
    found = []
    for run in runs:
        with run.usable_about() as about:
            accuracy = about["settled"].get("accuracy") or {}
            found.append(float(accuracy.get("tolerance") or 0.0))
    return max(found) if all(found) else None


def _without_common(names: Sequence[str]) -> list[str]:
    """Return names of several inputs' baselines, NAME=BASELINE, without what all have."""
    parts = [name.split(", ") for name in names]
    common = set(parts[0]).intersection(*parts)
    left = [", ".join(part for part in own if part not in common) for own in parts]
    return left if all(left) else list(names)


def _baseline(run: StoredRun) -> str:
    with run.usable_about() as about:
        return str(about["settled"].get("baseline") or "baseline not told")


def _known(error: float | None) -> float:
    return np.nan if error is None else float(error)


def _regions_error(row: Explanation) -> float:
    """Return how far a density may be off; the estimate of a map's pixels bounds it, too."""
    return _known(row.error_estimate if row.regions_error is None else row.regions_error)
