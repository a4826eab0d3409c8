"""A shown run: a finished run whose inputs are pictures, and its rows by name."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import AUTO
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.originals import stretched_from
from igcli.common.placement import Size
from igcli.common.shapes import with_channels
from igcli.figures.own import OF_CELLS, cells_of, own_look, plane_of_cells
from igcli.figures.style import OVERLAY, REGIONS, Look
from igcli.report.pictures.read_again import read_again
from igcli.store.kept import Kept
from igcli.store.picture_names import names_by_stem
from igcli.store.run import open_finished_run
from igcli.store.select import select_rows


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
    own_look : Look
        How the run's own pictures are drawn.
    regions : Regions
        The cells of its maps: those whose mass is stored, else what they usually are.
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
            self._depth = about["config"].get("bit_depth")
            self._resize = about["settled"].get("resize")
            style = str(about["config"].get("style", AUTO))
            explained = {name: tuple(s) for name, s in about["settled"]["explained"].items()}
        self.names_by_stem = names_by_stem(self._run.about)
        self._run.check_sizes()
        self.rows = self._run.rows
        kept = self._run.kept
        _check_kept(out, kept, look)
        self._kept = kept
        if not kept.pixels and kept.regions is not None:
            self.shape = with_channels(kept.regions.shape)
            self._settle(style)
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
        self._settle(style)

    def _settle(self, style: str) -> None:
        self.own_look = own_look(style, self.shape)
        # A layer's map is brought to the image's size, its channels summed.
        of_layer = self._kept.register is not None
        shape = (*self.shape[:2], 1) if of_layer else self.shape
        self.regions = cells_of(self._kept.regions, shape)

    def stretched_from(self, row: Explanation) -> Size | None:
        """Return the (width, height) of a row's image before it was stretched, where it is known.

        The image file is looked at, where it was when the run read it.
        """
        return stretched_from(row.path, self._resize)

    def select(self, patterns: Sequence[str]) -> list[Explanation]:
        """Return the rows that ids or glob patterns name, in their order; all without any.

        Where an input has several explanations, its own id stands for all of them.

        Raises
        ------
        InputError
            When one names none.
        """
        return select_rows(self._run, patterns)

    def input_of(self, row: Explanation) -> str:
        """Return the id of the input that a row explains."""
        return self._run.input_of(row)

    def pictures(self, rows: Sequence[Explanation]) -> Iterator[tuple[Explanation, Array, Array]]:
        """Return rows, in the run's order, with map and image; failed ones are left out.

        Of regions, the map is the mass of each, as large as the picture, and the image is black.

        Raises
        ------
        NotWhole
            When a part is not as it was written.
        """
        if self._look.style not in OF_CELLS:
            return self._run.pictures(rows)
        return self._of_cells(
            sorted((row for row in rows if row.status == "ok"), key=lambda row: row.row)
        )

    def _of_cells(self, rows: Sequence[Explanation]) -> Iterator[tuple[Explanation, Array, Array]]:
        look, regions = self._look, self.regions
        if self._kept.regions is None:
            for row, attribution, image in self._run.pictures(rows):
                yield row, plane_of_cells(look, regions.masses(attribution), regions), image
            return
        images = self._images(rows)
        for row, masses, image in zip(rows, self._run.masses(rows), images, strict=True):
            yield row, plane_of_cells(look, masses, regions), image

    def _images(self, rows: Sequence[Explanation]) -> Iterator[Array]:
        """Yield what the model saw, as stored or read again; black where it is not drawn."""
        if self._look.style == REGIONS:
            yield from [np.zeros(self.shape, np.uint8)] * len(rows)
        elif self._kept.pixels:
            for image in self._run.images(rows):
                assert image is not None
                yield image
        else:
            for row in rows:
                yield read_again(row, self.shape, self._resize, self._depth)


def _check_kept(out: Path, kept: Kept, look: Look) -> None:
    """Raise InputError where a run does not keep what is to be drawn."""
    if look.style == REGIONS and kept.regions is None:
        raise InputError(
            f"OUT {out} has no regions to draw",
            "its maps are not those of one picture, or an earlier igcli wrote it",
            "use another --style",
        )
    if look.style not in OF_CELLS and not kept.pixels:
        raise InputError(
            f"OUT {out} has no pixels for --style {look.style}",
            "it was run with --store regions, which keeps the mass of each region alone",
            f"use --style {', '.join(sorted(OF_CELLS))}, or run again with --store pixels",
        )
