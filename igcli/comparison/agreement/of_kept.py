"""Kept choices: one run of averaged maps, with the map of each of their baselines kept."""

from collections.abc import Iterator, Sequence
from math import sqrt

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.comparison.agreement.choices import InputMaps, Left, LeftOut
from igcli.comparison.agreement.facts import (
    coarsest_tolerance,
    default_regions,
    known,
    regions_error,
    shape_of_values,
)
from igcli.store.kept_baselines import baseline_maps, baseline_masses, baseline_names
from igcli.store.run import StoredRun

_NOT_CERTIFIED = (
    "the error estimates are of the averages: a single baseline's map is taken to be off by as "
    "much as independent errors of equal size would make it"
)


class KeptChoices:
    """A finished run with kept baselines; see `Choices`. Close it, or use it in a with block.

    What is certified is the average of B maps. Each of them is taken to be off by √B times what the
    average is, as an L1 norm: that is so where errors are independent and of equal size.

    Raises
    ------
    NotWhole
        When the run is damaged.
    """

    def __init__(self, run: StoredRun) -> None:
        run.check_files()
        self._run = run
        self.titles: tuple[str, ...] = (run.title,)
        self.run = str(run.about.get("run", ""))
        self.names = baseline_names(run.about)
        self.rows = [row for row in run.rows if row.status == "ok"]
        self.left_out = [
            LeftOut(row, Left.FAILED, row.message) for row in run.rows if row.status != "ok"
        ]
        self.has_pixels = run.kept.pixels
        self.regions = run.kept.regions or default_regions(run)
        self.shape = shape_of_values([run], self.regions)
        self.tolerance = coarsest_tolerance([run])
        self.notes = [_NOT_CERTIFIED]

    def __enter__(self) -> "KeptChoices":
        return self

    def __exit__(self, *_: object) -> None:
        self._run.close()

    def maps(self, rows: Sequence[Explanation]) -> Iterator[InputMaps]:
        """See `Choices.maps`."""
        return self._of_pixels(rows) if self.has_pixels else self._of_regions(rows)

    def images(self, rows: Sequence[Explanation]) -> Iterator[Array | None]:
        """See `Choices.images`."""
        return self._run.images(rows)

    def _of_pixels(self, rows: Sequence[Explanation]) -> Iterator[InputMaps]:
        picture, regions = self._run.layout.picture, self.regions
        for row, maps in zip(rows, baseline_maps(self._run, rows), strict=True):
            values = np.concatenate([own.reshape(len(own), -1) for own in maps.values()], axis=1)
            share = _shares(_sizes(values), float(_sizes(values.mean(axis=0)[None])[0]))
            masses, regions_errors = None, np.full(len(values), np.nan)
            if regions is not None and picture is not None:
                masses = np.stack([regions.masses(own) for own in maps[picture]])
                average = regions.masses(maps[picture].mean(axis=0))
                of_cells = _shares(_sizes(masses), float(average.sum(dtype=np.float64)))
                regions_errors = of_cells * regions_error(row)
            yield InputMaps(values, masses, share * known(row.error_estimate), regions_errors)

    def _of_regions(self, rows: Sequence[Explanation]) -> Iterator[InputMaps]:
        assert self.regions is not None
        both = zip(baseline_masses(self._run, rows), self._run.masses(rows), strict=True)
        for row, (masses, average) in zip(rows, both, strict=True):
            share = _shares(_sizes(masses), float(average.sum(dtype=np.float64)))
            errors = share * regions_error(row)
            values = np.stack([self.regions.density(one).ravel() for one in masses])
            # An L1 norm is twice a total variation.
            yield InputMaps(values, masses, 2.0 * errors, errors)


def _sizes(values: Array) -> Array:
    """Return the L1 norm of each map."""
    sizes: Array = np.abs(values).sum(axis=tuple(range(1, values.ndim)), dtype=np.float64)
    return sizes


def _shares(sizes: Array, average: float) -> Array:
    """Return how far each map may be off over its norm, for each part that the average is off."""
    over: Array = sqrt(len(sizes)) * average / np.where(sizes > 0.0, sizes, 1.0)
    return over
