"""What a finished run has stored for pictures: its rows, their maps and images."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

import h5py

from igcli.common.arrays import Array
from igcli.common.errors import InputError, NotComparable
from igcli.common.explanation import Explanation, input_id
from igcli.common.model_spec import Part
from igcli.common.shapes import is_image_shape, with_channels
from igcli.store.layout import part_path
from igcli.store.manifest import PartEntry, read_manifest
from igcli.store.parts import IMAGES
from igcli.store.reader import UNREADABLE, read_joined, read_pictures
from igcli.store.run_json import finished_run

# So many ids are searched for one that is alike.
_SEARCHED = 10_000


class ShownRun:
    """A finished run whose inputs are pictures.

    Parameters
    ----------
    out : Path
        The run directory.

    Attributes
    ----------
    rows : list of Explanation
        All, without maps and images.
    shape : tuple of int
        Of its images: height, width, channels.
    per_input : int
        How many explanations each input has.
    baseline, inputs_are : str
        What `--baseline` came to, and the kind of the inputs.
    seed : int
        Of random baselines.

    Raises
    ------
    InputError
        When there is no run, or it has no pictures.
    NotComparable
        When the run is not finished, or damaged.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        about = finished_run(f"OUT {out}", out)
        try:
            self.per_input = int(about["per_input"])
            self.baseline = str(about["settled"]["baseline"])
            self.inputs_are = str(about["settled"]["inputs_are"])
            self.seed = int(about["config"]["seed"])
            self._entries = read_manifest(out, str(about["run"]))
            total = int(about["inputs"]["count"]) * self.per_input
            explained = {name: tuple(s) for name, s in about["settled"]["explained"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"OUT {out} has a run.json that can't be used",
                f"{type(error).__name__}: {error}",
                "render it with the igcli that wrote it, or run it again",
            ) from error
        if sum(entry.rows for entry in self._entries) != total:
            raise self._damaged("its manifest does not list all rows")
        self._whole: set[int] = set()
        self.shape, self._part = self._pictured(explained)
        try:
            self.rows = read_joined(out)
        except UNREADABLE as error:
            raise self._damaged(f"attributions.h5 can't be read: {error}") from error
        if len(self.rows) != total:
            raise self._damaged(f"attributions.h5 has {len(self.rows)} of {total} rows")

    def _pictured(self, explained: dict[str, tuple[int, ...]]) -> tuple[tuple[int, ...], Part]:
        """Return the images' shape, and the map that is of them."""
        try:
            with h5py.File(part_path(self._out, self._entries[0].start), "r") as file:
                shape = tuple(file[IMAGES].shape[1:]) if IMAGES in file else ()
        except UNREADABLE as error:
            raise self._damaged(str(error)) from error
        for name, own in explained.items():
            if shape and is_image_shape(own) and with_channels(own) == shape:
                return shape, Part(name, own, 0)
        shapes = ", ".join(f"{name} {own}" for name, own in explained.items())
        raise InputError(
            f"OUT {self._out} has no pictures to draw",
            f"its maps are of no images: {shapes}",
            "read its /attributions with h5py",
        )

    def select(self, patterns: Sequence[str]) -> list[Explanation]:
        """Return the rows that ids or glob patterns name, in their order; all without any.

        Where an input has several explanations, its own id stands for all of them.

        Raises
        ------
        InputError
            When one names none.
        """
        if not patterns:
            return self.rows
        exact: dict[str, list[Explanation]] = {}
        for row in self.rows:
            for name in {row.id, self.input_of(row)}:
                exact.setdefault(name, []).append(row)
        chosen: dict[int, Explanation] = {}
        for pattern in patterns:
            found = exact.get(pattern) or self._like(pattern)
            if not found:
                raise self._unknown(pattern)
            chosen |= {row.row: row for row in found if row.row not in chosen}
        return list(chosen.values())

    def _like(self, pattern: str) -> list[Explanation]:
        return [
            row
            for row in self.rows
            if fnmatchcase(row.id, pattern) or fnmatchcase(self.input_of(row), pattern)
        ]

    def input_of(self, row: Explanation) -> str:
        """Return the id of the input that a row explains."""
        return input_id(row.id, self.per_input)

    def _unknown(self, pattern: str) -> InputError:
        near = get_close_matches(pattern, [row.id for row in self.rows[:_SEARCHED]], 3, 0.5)
        return InputError(
            f"no ID in {self._out} is {pattern!r}",
            f"near it are {', '.join(near)}" if near else "",
            "see the column id of results.csv",
        )

    def pictures(self, rows: Sequence[Explanation]) -> Iterator[tuple[Explanation, Array, Array]]:
        """Yield rows, in the run's order, with map and image; failed ones are left out.

        Raises
        ------
        NotComparable
            When a part is not as it was written.
        """
        wanted = {row.row: row for row in rows}
        for entry in self._entries:
            if not any(row in wanted for row in range(entry.start, entry.stop)):
                continue
            self._check(entry)
            try:
                for place, attribution, image in read_pictures(self._out, entry, self._part):
                    if entry.start + place in wanted:
                        yield wanted[entry.start + place], attribution, image
            except UNREADABLE as error:
                raise self._damaged(str(error)) from error

    def _check(self, entry: PartEntry) -> None:
        if entry.start not in self._whole and not entry.is_whole(self._out):
            raise self._damaged(f"{part_path(self._out, entry.start)} is not as it was written")
        self._whole.add(entry.start)

    def _damaged(self, cause: str) -> NotComparable:
        fix = "run `igcli run … --resume`, which computes it again"
        return NotComparable(f"OUT {self._out} is damaged", cause.split("\n")[0], fix)
