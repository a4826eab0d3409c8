"""render: a finished run's pictures: which, on what scale, to which files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt
from pathlib import Path

import numpy as np
from PIL import Image

from igcli.common.arrays import Array, Warn
from igcli.common.errors import ConfigError, OutputError, RunStopped, reason
from igcli.common.explanation import Explanation
from igcli.common.png import save_png
from igcli.common.progress import Track
from igcli.figures.draw import Subject, draw, draw_sheet
from igcli.figures.overlay import COMPRESSION, caption
from igcli.figures.pixels import fitted_shape
from igcli.figures.scale import common_scale, signed_scale
from igcli.figures.style import (
    AUTO,
    OUTLINES,
    OVERLAY,
    PANEL,
    PHOTO,
    ROW_CLIP_PERCENT,
    RUN,
    SHOWN,
    SMOOTH,
    Look,
)
from igcli.report.pictures.chosen import Choice
from igcli.report.pictures.contact import NAME as CONTACT
from igcli.report.pictures.contact import (
    Group,
    by_class,
    check_contact,
    contact_sheet,
    small_picture,
)
from igcli.report.pictures.places import Places
from igcli.report.pictures.redrawn_baseline import NOT_DRAWN, baseline_of
from igcli.report.pictures.rendered import Rendered
from igcli.report.pictures.shown import ShownRun
from igcli.store.files import whole_file

_TUTORIAL = "tutorial"
# Beyond that Pillow itself warns of a picture when it opens it.
_MOST_PIXELS = 80_000_000
_MOST_ROWS = 100
# A pane is at most four times as long as its shorter side.
_CELLS = {"side-by-side": 2, _TUTORIAL: 4, PHOTO: 8, OUTLINES: 4}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn.

    Attributes
    ----------
    out : Path
        The run directory.
    ids : tuple of str
        Ids or glob patterns; all where there are none.
    look : Look
        How.
    to : Path or None
        A folder or a .png; None for a place in `out`.
    overwrite : bool
        Whether files that igcli did not write may be replaced.
    choice : Choice
        Which of those that `ids` names; with `by`, its count is that of each class.
    by : str or None
        ``target``, ``prediction`` or ``truth``: one sheet, a row for each class.
    """

    out: Path
    ids: tuple[str, ...] = ()
    look: Look = OVERLAY
    to: Path | None = None
    overwrite: bool = False
    choice: Choice = Choice()
    by: str | None = None


def render(wanted: Wanted, track: Track, warn: Warn) -> Rendered:
    """Draw pictures from what a run stored, without its model.

    Parameters
    ----------
    wanted : Wanted
        What.
    track : callable
        Wraps each pass over the explanations.
    warn : callable
        Told what can't be shown.

    Raises
    ------
    InputError
        When there is no run, it has no pictures, an id is none of its, or none is chosen.
    ConfigError
        When the picture would be too large.
    OutputError
        When the pictures can't be put where they are wanted.
    NotComparable
        When the run is not finished, or damaged.
    RunStopped
        When a picture can't be written.
    """
    look, run = wanted.look, ShownRun(wanted.out, wanted.look)
    asked, groups = _asked(wanted, run)
    rows = [row for row in asked if row.status == "ok"]
    _check_size(look, run.shape, len(rows), bool(groups))
    sheet = CONTACT if groups else PANEL if look.style == PANEL else ""
    places = Places(run, wanted.out, look, wanted.to, sheet)
    replaced = places.prepare(rows, wanted.overwrite) if rows else 0
    look = _sheet_look(look, run, rows, track)
    top = _common_top(look, run, rows, track)
    _tell_of_letters(look, rows, warn)
    work = _Work(run, look, places, top, track, warn)
    if groups:
        work.draw_groups(groups, rows)
    elif rows:
        work.draw(rows)
    return Rendered(
        look=look,
        asked=len(asked),
        tops=tuple(work.tops),
        failed=tuple((row.id, row.message) for row in asked if row.status != "ok"),
        files=places.title,
        replaced=replaced,
    )


def _asked(wanted: Wanted, run: ShownRun) -> tuple[list[Explanation], list[Group]]:
    """Return the explanations to draw and, where they are drawn by class, the classes."""
    named = run.select(wanted.ids)
    if wanted.by is None:
        return wanted.choice.of(named), []
    check_contact(wanted.look)
    chosen = replace(wanted.choice, count=None).of(named)
    groups = by_class(chosen, wanted.by, wanted.choice.count)
    return [row for group in groups for row in group.rows], groups


def _tell_of_letters(look: Look, rows: Sequence[Explanation], warn: Warn) -> None:
    """Say so where class names have letters that pictures can't show."""
    names = {name for row in rows for name in (row.target_name, row.prediction_name)}
    strange = sorted(name for name in names if not name.isascii())
    if strange and (look.caption or look.style == PANEL):
        warn(
            f"the font of captions has plain Latin letters only: {strange[0]!r} will not be "
            "readable (its class number is)"
        )


def _check_size(look: Look, shape: tuple[int, ...], rows: int, by_class: bool) -> None:
    """Raise ConfigError for a picture, or a sheet, that is too large."""
    if look.style == PANEL and rows > _MOST_ROWS:
        raise ConfigError(
            f"--style {PANEL} draws all images on one sheet, and these are {rows}",
            f"{_MOST_ROWS} is the most",
            "name some IDs",
        )
    height, width = fitted_shape(shape[0], shape[1], look.size)
    cells = 4 * rows if look.style == PANEL else _CELLS.get(look.style, 1)
    cells = rows if by_class else cells
    pixels = cells * height * width
    if pixels > _MOST_PIXELS:
        smaller = min(height, width) // ceil(sqrt(pixels / _MOST_PIXELS))
        raise ConfigError(
            f"--style {look.style} would be too large",
            f"{cells} × {width} × {height} pixels, and {_MOST_PIXELS / 1e6:g} million are the most",
            f"give --size {max(1, smaller)} or less",
        )


def _sheet_look(look: Look, run: ShownRun, rows: Sequence[Explanation], track: Track) -> Look:
    """Settle whether a sheet has one scale, or each row its own, by what would be read."""
    if look.scale != AUTO:
        return look
    planes = [look.plane(a) for _, a, _ in track(run.pictures(rows), len(rows))]
    common = max((float(np.abs(plane).max()) for plane in planes), default=0.0)
    return look.on_sheet(common, [signed_scale(plane, ROW_CLIP_PERCENT) for plane in planes])


def _common_top(
    look: Look, run: ShownRun, rows: Sequence[Explanation], track: Track
) -> float | None:
    """Return the scale that all share; None where each has its own."""
    if isinstance(look.scale, float):
        return look.scale
    if look.scale not in {RUN, SHOWN}:
        return None
    within = run.rows if look.scale == RUN else rows
    within = [row for row in within if row.status == "ok"]

    def planes() -> Iterator[Array]:
        for _, attribution, _ in track(run.pictures(within), len(within)):
            yield look.plane(attribution)

    return common_scale(planes, look.clip)


class _Work:
    """Draws rows to their places; `tops` are the scales used."""

    def __init__(
        self,
        run: ShownRun,
        look: Look,
        places: Places,
        top: float | None,
        track: Track,
        warn: Warn,
    ) -> None:
        self._run, self._look, self._places, self._top = run, look, places, top
        self._track, self._warn = track, warn
        self._told = False
        self.tops: list[float] = []

    def draw(self, rows: Sequence[Explanation]) -> None:
        """Draw each row, or all on one sheet."""
        found = self._track(self._run.pictures(rows), len(rows))
        subjects = ((row, self._subject(row, a, image)) for row, a, image in found)
        if self._look.style == PANEL:
            by_row = {row.row: subject for row, subject in subjects}
            in_order = [by_row[row.row] for row in rows]
            tops = [self._top_of(subject) for subject in in_order]
            picture = draw_sheet(self._look, in_order, tops)
            self._save(picture, rows[0], ", ".join(row.id for row in rows), len(rows))
            self.tops += tops if self._top is None else tops[:1]
            return
        for row, subject in subjects:
            top = self._top_of(subject)
            self._save(draw(self._look, subject, top), row, row.id, len(rows))
            self.tops.append(top)

    def draw_groups(self, groups: Sequence[Group], rows: Sequence[Explanation]) -> None:
        """Draw the rows of some classes on one sheet."""
        drawn: dict[int, Array] = {}
        for row, attribution, image in self._track(self._run.pictures(rows), len(rows)):
            plane = self._look.plane(attribution)
            top = self._look.top(plane) if self._top is None else self._top
            drawn[row.row] = small_picture(self._look, plane, image, top)
            self.tops.append(top)
        picture = contact_sheet(groups, drawn, self._look)
        self._save(picture, rows[0], ", ".join(row.id for row in rows), len(rows))

    def _top_of(self, subject: Subject) -> float:
        if self._top is not None:
            return self._top
        return self._look.top(self._look.plane(subject.attribution))

    def _subject(self, row: Explanation, attribution: Array, image: Array) -> Subject:
        subject = Subject(attribution, image, tuple(caption(row)), _title(row), zone=row.zone)
        if self._look.style in SMOOTH:
            aspect = self._run.stretched_from(row)
            return replace(subject, cell=self._run.regions.side, aspect=aspect)
        if self._look.style != _TUTORIAL:
            return subject
        baseline = baseline_of(self._run, row, image)
        if baseline is None and not self._told:
            self._told = True
            self._warn(f"the baseline {self._run.baseline} is not stored: its frame stays empty")
        return replace(subject, baseline=baseline, note=NOT_DRAWN)

    def _save(self, picture: Image.Image, row: Explanation, title: str, total: int) -> None:
        path = self._places.of(row)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path, synced=False) as temporary:
                save_png(picture, temporary, title, COMPRESSION)
        except OSError as error:
            if not self.tops:
                cause = reason(error)
                raise OutputError(
                    f"{path} can't be written", cause, "name another with -o"
                ) from error
            raise RunStopped(
                f"stopped after {len(self.tops)} of {total} pictures",
                f"{path}: {reason(error)}",
                "see the cause, then run it again",
            ) from error


def _title(row: Explanation) -> str:
    """Say what is predicted, the truth, and what is explained where that is another class."""
    if row.prediction is None:
        return ""
    title = f"Prediction: {row.prediction} {row.prediction_name}".rstrip()
    if row.truth is not None:
        title = f"{title}, truth: {row.truth} {row.truth_name}".rstrip()
    if row.target == row.prediction:
        return title
    return f"{title}, explained: {row.target} {row.target_name}".rstrip()
