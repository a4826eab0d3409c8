"""A shown run: a finished run whose inputs are pictures, and its rows by name."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.shapes import with_channels
from igcli.figures.style import OVERLAY, REGIONS, Look
from igcli.store.kept import Kept
from igcli.store.picture_names import names_by_stem
from igcli.store.run import open_finished_run

# So many ids are searched for one that is alike.
_SEARCHED = 10_000


class ShownRun:
    """A finished run whose inputs are pictures.

    Parameters
    ----------
    out : Path
        The run directory.

    look : Look
        What is to be drawn of it.

    Attributes
    ----------
    rows : list of Explanation
        All, without maps and images.
    shape : tuple of int
        Of its images: height, width, channels.
    baseline, inputs_are : str
        What `--baseline` came to, and the kind of the inputs.
    seed : int
        Of random baselines.
    names_by_stem : bool
        Whether the run's own pictures are called without their inputs' endings.

    Raises
    ------
    InputError
        When there is no run, it has no pictures, or does not keep what is to be drawn.
    NotWhole
        When the run is not finished, or damaged.
    """

    def __init__(self, out: Path, look: Look = OVERLAY) -> None:
        self._out, self._look = out, look
        self._run = open_finished_run(out, f"OUT {out}")
        with self._run.usable_about() as about:
            self.baseline = str(about["settled"]["baseline"])
            self.inputs_are = str(about["settled"]["inputs_are"])
            self.seed = int(about["config"]["seed"])
            explained = {name: tuple(s) for name, s in about["settled"]["explained"].items()}
        self.names_by_stem = names_by_stem(self._run.about)
        self._run.check_sizes()
        self.rows = self._run.rows
        kept = self._run.kept
        _check_kept(out, kept, look)
        self._regions = kept.regions
        if not kept.pixels and kept.regions is not None:
            self.shape = with_channels(kept.regions.shape)
            return
        layout = self._run.layout
        if layout.pictured is None:
            shapes = ", ".join(f"{name} {own}" for name, own in explained.items())
            raise InputError(
                f"OUT {out} has no pictures to draw",
                f"its maps are of no images: {shapes}",
                "read its /attributions with h5py",
            )
        self.shape = layout.image_shape

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
        return self._run.input_of(row)

    def _unknown(self, pattern: str) -> InputError:
        near = get_close_matches(pattern, [row.id for row in self.rows[:_SEARCHED]], 3, 0.5)
        return InputError(
            f"no ID in {self._out} is {pattern!r}",
            f"near it are {', '.join(near)}" if near else "",
            "see the column id of results.csv",
        )

    def pictures(self, rows: Sequence[Explanation]) -> Iterator[tuple[Explanation, Array, Array]]:
        """Return rows, in the run's order, with map and image; failed ones are left out.

        Of regions, the map is the mass of each, as large as the picture, and the image is black.

        Raises
        ------
        NotWhole
            When a part is not as it was written.
        """
        if self._look.style != REGIONS:
            return self._run.pictures(rows)
        return self._of_regions([row for row in rows if row.status == "ok"])

    def _of_regions(
        self, rows: Sequence[Explanation]
    ) -> Iterator[tuple[Explanation, Array, Array]]:
        assert self._regions is not None
        rows = sorted(rows, key=lambda row: row.row)
        nothing = np.zeros(self.shape, np.uint8)
        for row, masses in zip(rows, self._run.masses(rows), strict=True):
            yield row, self._regions.spread(_of_sign(masses, self._look.sign)), nothing


def _of_sign(masses: Array, sign: str) -> Array:
    positive, negative = masses.astype(np.float64)
    planes: dict[str, Array] = {
        "positive": positive, "negative": -negative, "absolute": positive + negative
    }  # fmt: skip
    return planes[sign]


def _check_kept(out: Path, kept: Kept, look: Look) -> None:
    """Raise InputError where a run does not keep what is to be drawn."""
    if look.style == REGIONS and kept.regions is None:
        raise InputError(
            f"OUT {out} has no regions to draw",
            "its maps are not those of one picture, or an earlier igcli wrote it",
            "use another --style",
        )
    if look.style != REGIONS and not kept.pixels:
        raise InputError(
            f"OUT {out} has no pixels for --style {look.style}",
            "it was run with --store regions, which keeps the mass of each region alone",
            "use --style regions, or run again with --store pixels",
        )
