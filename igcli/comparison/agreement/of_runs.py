"""Choices of runs: several run directories of the same model and inputs, one a baseline."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.regions import Regions
from igcli.comparison.agreement.choices import InputMaps
from igcli.comparison.agreement.facts import (
    coarsest_tolerance,
    known,
    regions_error,
    regions_of_all,
    shape_of_values,
)
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
        self.regions = regions_of_all(self._runs)
        self.shape = shape_of_values(self._runs, self.regions)
        self.tolerance = coarsest_tolerance(self._runs)
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
                np.array([regions_error(row) for row in found]),
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
            return np.array([known(row.error_estimate) for row in rows])
        # An L1 norm is twice a total variation.
        return 2.0 * np.array([regions_error(row) for row in rows])

    def _of_run(
        self, run: StoredRun, rows: Sequence[Explanation]
    ) -> Iterator[tuple[Array, Array | None]]:
        """Yield a line of numbers and the cells' mass of each row."""
        regions = self.regions
        if self.has_pixels:
            for maps in run.maps(rows):
                picture = run.layout.picture
                mass = regions.masses(maps[picture]) if regions and picture is not None else None
                yield flat(maps).ravel(), mass
            return
        assert regions is not None
        for mass in _masses(run, rows, regions):
            yield regions.density(mass).ravel(), mass


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


def _without_common(names: Sequence[str]) -> list[str]:
    """Return names of several inputs' baselines, NAME=BASELINE, without what all have."""
    parts = [name.split(", ") for name in names]
    common = set(parts[0]).intersection(*parts)
    left = [", ".join(part for part in own if part not in common) for own in parts]
    return left if all(left) else list(names)


def _baseline(run: StoredRun) -> str:
    with run.usable_about() as about:
        return str(about["settled"].get("baseline") or "baseline not told")
