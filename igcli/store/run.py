"""A stored run: a run directory opened for reading, without its model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError, NotWhole
from igcli.common.explanation import Explanation, Profile, input_id
from igcli.store.array_file import ArrayFile
from igcli.store.array_reader import ArrayReader
from igcli.store.datasets import IMAGES, REGIONS, ZONES
from igcli.store.kept import Kept, read_kept
from igcli.store.map_layout import NO_MAPS, Block, MapLayout, read_layout
from igcli.store.profiles import read_profile
from igcli.store.run_json import read_about, why_no_run
from igcli.store.sources import sources_of

# What is read at once: so many rows, or so many bytes of maps.
_AT_ONCE = 64
_MOST_BYTES = 1 << 24


class StoredRun:
    """A run directory opened for reading; `open_run` and `open_finished_run` make one.

    Only run.json and the manifest are read before more is asked for. Arrays are read a few
    rows at a time, each block after its checksum was found right.

    Parameters
    ----------
    out : Path
        The run directory.
    title : str
        What messages call it.
    about : dict
        What run.json says.

    Attributes
    ----------
    files : tuple of ArrayFile
        What the arrays are read from, in row order.

    Raises
    ------
    NotWhole
        From whatever reads rows or arrays, when they are damaged.
    """

    def __init__(self, out: Path, title: str, about: dict[str, Any]) -> None:
        self.out, self.title, self.about = out, title, about
        self._sources = sources_of(out, about)
        self.files = self._sources.arrays
        self._reader = ArrayReader(self.files, self.damaged)

    def __enter__(self) -> "StoredRun":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file that is open; reading opens it again."""
        self._reader.close()

    @property
    def is_finished(self) -> bool:
        """Whether run.json says that every input was reached and all is written."""
        return self.about.get("status") == "complete"

    @property
    def per_input(self) -> int:
        """How many explanations each input has; 1 where run.json does not tell."""
        found = self.about.get("per_input")
        return found if isinstance(found, int) else 1

    @property
    def asked(self) -> int | None:
        """How many explanations the run was to make; None where run.json does not tell."""
        inputs = self.about.get("inputs")
        count = inputs.get("count") if isinstance(inputs, dict) else None
        return count * self.per_input if isinstance(count, int) else None

    def input_of(self, row: Explanation) -> str:
        """Return the id of the input that a row explains."""
        return input_id(row.id, self.per_input)

    @cached_property
    def rows(self) -> list[Explanation]:
        """What is stored, in row order, without maps, images and profiles."""
        listed = self.check_listed()
        found = self._sources.rows(self.damaged)
        if len(found) != listed:
            where = self._sources.attributions
            raise self.damaged(f"{where} has {len(found)} of {listed} rows")
        return found

    def check_listed(self) -> int:
        """Return how many rows the files hold; raise NotWhole where a finished run lacks some."""
        listed = sum(file.rows for file in self.files)
        if self.is_finished:
            stop = 0
            for file in self.files:
                stop = file.stop if file.start == stop else stop
            asked = listed if self.asked is None else self.asked
            is_lacking = stop != asked
            why = self._sources.why_nothing(is_lacking)
            if is_lacking or why:
                raise self.damaged(why or f"its manifest lists {stop} of {asked} rows")
        return listed

    @cached_property
    def layout(self) -> MapLayout:
        """How the arrays are named and shaped; empty where the run has no rows."""
        if not self.files:
            return NO_MAPS
        with self._reader.opened(self.files[0]) as file:
            settled = self.about.get("settled")
            pictured = settled.get("pictured") if isinstance(settled, dict) else None
            return read_layout(file, self._explained(), str(pictured or ""))

    @cached_property
    def kept(self) -> Kept:
        """What it has of its maps: pixels, or the mass of regions alone."""
        with self.usable_about() as about:
            return read_kept(about)

    def _explained(self) -> list[str]:
        """Return the inputs that are explained, in the model's order, as run.json tells them."""
        settled = self.about.get("settled")
        explained = settled.get("explained") if isinstance(settled, dict) else None
        return list(explained) if isinstance(explained, dict) else []

    def blocks(self, rows: Sequence[int] | None = None) -> Iterator[Block]:
        """Yield maps, some rows at a time: what memory they take does not grow with the run.

        Parameters
        ----------
        rows : sequence of int or None
            Which, in any order; None for all that did not fail.
        """
        if rows is None:
            rows = [row.row for row in self.rows if row.status == "ok"]
        datasets = self.layout.datasets
        for chunk in self._chunks(rows):
            found = self._reader.stacked(list(datasets.values()), chunk)
            yield Block(chunk, {name: found[path] for name, path in datasets.items()})

    def maps(self, rows: Sequence[Explanation]) -> Iterator[dict[str, Array]]:
        """Yield the maps of rows that did not fail, row by row, as `Block.maps` has them."""
        left = iter(rows)
        for block in self.blocks([row.row for row in rows]):
            for place in range(len(block.rows)):
                maps = {name: values[place] for name, values in block.maps.items()}
                row = next(left)
                if not all(np.isfinite(values).all() for values in maps.values()):
                    raise self.damaged(f"the map of {row.id} is not there, though its status is ok")
                yield maps

    def masses(self, rows: Sequence[Explanation]) -> Iterator[Array]:
        """Yield the mass of each region, (2, rows, columns), of rows that did not fail.

        The run has regions: see `kept`.
        """
        found = self.arrays([REGIONS], [row.row for row in rows])
        for row, masses in zip(rows, found, strict=True):
            if not np.isfinite(masses[REGIONS]).all():
                raise self.damaged(f"no regions of {row.id} are there, though its status is ok")
            yield masses[REGIONS]

    def arrays(
        self, datasets: Sequence[str], rows: Sequence[int], at_once: int = _AT_ONCE
    ) -> Iterator[dict[str, Array]]:
        """Yield what the named datasets hold of some rows, row by row; so many are read at once."""
        for chunk in self._chunks(rows, at_once):
            found = self._reader.stacked(datasets, chunk)
            yield from ({n: v[place] for n, v in found.items()} for place in range(len(chunk)))

    def images(self, rows: Sequence[Explanation]) -> Iterator[Array | None]:
        """Yield what the model saw, uint8 (height, width, channels); None where none are stored."""
        return self._each(IMAGES if self.layout.image_shape else "", rows)

    def zones(self, rows: Sequence[Explanation]) -> Iterator[Array | None]:
        """Yield where in the output each is explained, see `Explanation.zone`; None if unknown."""
        return self._each(ZONES if self.layout.has_zones else "", rows)

    def _each(self, dataset: str, rows: Sequence[Explanation]) -> Iterator[Array | None]:
        for chunk in self._chunks([row.row for row in rows]):
            found = self._reader.stacked([dataset], chunk)[dataset] if dataset else None
            yield from [None] * len(chunk) if found is None else found

    def pictures(self, rows: Sequence[Explanation]) -> Iterator[tuple[Explanation, Array, Array]]:
        """Yield rows that did not fail, in the run's order, with the shown input's map and image.

        The run has images. A layer's map is brought to their size, its channels summed.
        """
        pictured, register = self.layout.pictured, self.kept.register
        shown = sorted((row for row in rows if row.status == "ok"), key=lambda row: row.row)
        arrays = zip(self.maps(shown), self.images(shown), self.zones(shown), strict=True)
        for row, (maps, image, zone) in zip(shown, arrays, strict=True):
            assert pictured is not None and image is not None
            found = maps[pictured]
            found = found if register is None else register.over(found, image.shape[:2])
            yield replace(row, zone=zone), found, image

    def profiles(self, rows: Sequence[Explanation]) -> Iterator[Profile | None]:
        """Yield what was seen along each path; None where that was not stored."""
        for row in rows:
            with self._reader.at(row.row) as (file, place):
                profile = read_profile(file, place)
            yield profile

    def check_sizes(self) -> None:
        """Raise InputError unless run.json tells which rows are its, and how many."""
        with self.usable_about() as about:
            sizes = about["inputs"]["count"], about["per_input"]
            if not about["run"] or not all(isinstance(size, int) for size in sizes):
                raise ValueError(f"its sizes are {sizes}")

    def _chunks(self, rows: Sequence[int], at_once: int = _AT_ONCE) -> Iterator[list[int]]:
        of_a_row = 4 * sum(map(prod, self.layout.shapes.values()))
        count = max(1, min(at_once, _MOST_BYTES // max(1, of_a_row)))
        for begin in range(0, len(rows), count):
            yield list(rows[begin : begin + count])

    def check_files(self) -> None:
        """Raise NotWhole unless every file is as it was written."""
        for file in self.files:
            self.check_file(file)

    def check_file(self, file: ArrayFile) -> None:
        """Raise NotWhole unless one of its files is as it was written."""
        self._reader.check(file)

    def damaged(self, cause: str) -> NotWhole:
        """Return the error for a run directory that holds less than it should, or other bytes."""
        fix = "run `igcli run … --resume`, which computes it again"
        if "merged" in self.about:
            fix = "merge its shards again with `igcli merge … --overwrite`"
        return NotWhole(f"{self.title} is damaged", cause, fix)

    @contextmanager
    def usable_about(self) -> Iterator[dict[str, Any]]:
        """Give what run.json says; raise InputError where the block misses something in it."""
        try:
            yield self.about
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"{type(error).__name__}: {error}"
            if isinstance(error, KeyError):
                what = f"it lacks {', '.join(map(str, error.args))}"
            raise InputError(
                f"{self.title} has a run.json that can't be used",
                what,
                "use the igcli that wrote it, or run it again",
            ) from error


def open_run(out: Path, title: str = "") -> StoredRun:
    """Open a run directory, whether the run is finished or not.

    Messages call it by its title, or by its path where that is empty.

    Raises
    ------
    InputError
        When there is no igcli run.
    """
    title = title or str(out)
    about = read_about(out)
    if not about:
        raise InputError(
            f"{title} is no igcli run", why_no_run(out), "name the folder that igcli run wrote"
        )
    return StoredRun(out, title, about)


def open_finished_run(out: Path, title: str = "") -> StoredRun:
    """Open the run directory of a finished run; see `open_run`.

    Raises
    ------
    InputError
        When there is no igcli run.
    NotWhole
        When it is not finished.
    """
    run = open_run(out, title)
    if not run.is_finished or not isinstance(run.about.get("identity"), dict):
        raise NotWhole(
            f"{run.title} is no finished run",
            f"its run.json says {run.about.get('status')}",
            "finish it with --resume",
        )
    return run
