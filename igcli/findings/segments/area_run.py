"""The areas of a run: XRAI's regions of its maps, written to a folder; no model is needed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import IgcliError, InputError
from igcli.common.explanation import Explanation
from igcli.common.originals import stretched_from
from igcli.common.progress import Track
from igcli.common.shapes import with_channels
from igcli.figures.overlay import caption
from igcli.findings.densities import picture_of
from igcli.findings.locate_originals import resize_of
from igcli.findings.segments.area_files import RUN_MARK, AreaFolder, AreaWriter
from igcli.findings.segments.area_picture import STYLE, Drawing
from igcli.findings.segments.areas import Estimates
from igcli.findings.segments.felzenszwalb import check_installed
from igcli.findings.segments.in_processes import in_processes
from igcli.findings.segments.one_map import OneMap, work_on
from igcli.findings.segments.own_labels import OwnLabels
from igcli.store.picture_names import PictureNames, names_by_stem
from igcli.store.run import StoredRun


@dataclass(frozen=True, slots=True)
class AreaRequest:
    """What is asked for.

    Attributes
    ----------
    reduce : str
        How channels become one number, SUM or MAX.
    is_fast : bool
        Whether segments are ranked by the means of all their pixels.
    top : float or None
        The share of each picture's area that its picture shows; None for all.
    segments : Path or None
        One's own segments; None for those of the images.
    folder : Path
        Where files go.
    overwrite : bool
        Whether files that igcli regions did not write may be replaced.
    processes : int
        How many work.
    """

    reduce: str
    is_fast: bool
    top: float | None
    segments: Path | None
    folder: Path
    overwrite: bool = False
    processes: int = 1


@dataclass(frozen=True, slots=True)
class FoundAreas:
    """What was found.

    Attributes
    ----------
    folder : Path
        Where the files are.
    counts, told_apart, tied_first : tuple of int
        Of each explanation: how many areas it has, how many ranks, and how many areas have the
        first rank.
    without_error : int
        How many explanations have no estimate of their map's error.
    failed : tuple of (str, str)
        Ids without areas, and why.
    """

    folder: Path
    counts: tuple[int, ...]
    told_apart: tuple[int, ...]
    tied_first: tuple[int, ...]
    without_error: int
    failed: tuple[tuple[str, str], ...]


def find_areas(
    run: StoredRun, rows: Sequence[Explanation], request: AreaRequest, track: Track
) -> FoundAreas:
    """Rank the segments of some maps, and write regions.csv, regions.h5 and the pictures.

    Parameters
    ----------
    run : StoredRun
        A finished run.
    rows : sequence of Explanation
        Of its explanations those that are wanted.
    request : AreaRequest
        What of them.
    track : callable
        Wraps the pass over them.

    Raises
    ------
    InputError
        When the run has no maps of a picture's pixels, or no images and no own segments are named.
    ConfigError
        When scikit-image is needed and not installed.
    OutputError
        When the files can't be put where they are wanted.
    NotWhole
        When the run is damaged.
    """
    name = _check(run, request)
    shape = run.layout.shapes[name]
    size = (int(shape[0]), int(shape[1]))
    labels = _own_labels(run, rows, request, size)
    shown = sorted((row for row in rows if row.status == "ok"), key=lambda row: row.row)
    folder = AreaFolder(
        request.folder,
        PictureNames(map(run.input_of, run.rows), names_by_stem(run.about)),
        run.per_input,
    )
    folder.prepare(shown, request.overwrite)
    settings = {**_settings(request), RUN_MARK: str(run.about.get("run", ""))}
    with folder.writer(size, settings) as writer:
        tally = _Tally([(row.id, row.message) for row in rows if row.status != "ok"])
        _write(_tasks(run, shown, name, request, labels), shown, request, writer, tally, track)
    return tally.found(request.folder)


def _check(run: StoredRun, request: AreaRequest) -> str:
    """Return the name of the map; raise where there is nothing to be ranked."""
    kept, layout = run.kept, run.layout
    if not kept.pixels:
        raise InputError(
            f"{run.title} has no pixels to find regions in",
            "it was run with --store regions: where in a cell its mass lies is not known, and "
            "segments are as small as cells",
            "run again with --store pixels",
        )
    if kept.register is not None:
        raise InputError(
            f"{run.title} has maps of a layer",
            "their cells are larger than segments, and no pixel has a share of their sum",
            "explain the input, without --layer",
        )
    name = picture_of(run)
    if request.segments is None:
        if not layout.image_shape:
            raise InputError(
                f"{run.title} stores no images, whose segments are ranked",
                fix="run again on images, or give --segments your own",
            )
        check_installed()
    return name


def _own_labels(
    run: StoredRun, rows: Sequence[Explanation], request: AreaRequest, size: tuple[int, int]
) -> OwnLabels | None:
    if request.segments is None:
        return None
    with run.usable_about() as about:
        resize = resize_of(about)
    return OwnLabels(request.segments, {run.input_of(row): row.path for row in rows}, size, resize)


def _settings(request: AreaRequest) -> dict[str, Any]:
    return {
        "style": STYLE,
        "reduce": request.reduce,
        "fast": request.is_fast,
        "segments": "" if request.segments is None else str(request.segments),
    }


def _tasks(
    run: StoredRun,
    rows: Sequence[Explanation],
    name: str,
    request: AreaRequest,
    labels: OwnLabels | None,
) -> Iterator[OneMap]:
    top = {} if request.top is None else {"top": request.top}
    settings = {**_settings(request), **top}
    with run.usable_about() as about:
        resize = resize_of(about)
    is_shown = run.layout.pictured == name
    for row, maps, image in zip(rows, run.maps(rows), run.images(rows), strict=True):
        aspect = stretched_from(row.path, resize)
        yield OneMap(
            attribution=maps[name].reshape(with_channels(maps[name].shape)),
            image=image if is_shown else None,
            labels=None if labels is None else _labels_of(labels, run.input_of(row)),
            estimates=Estimates(_known(row.error_estimate), _known(row.regions_error)),
            reduce=request.reduce,
            is_fast=request.is_fast,
            drawing=Drawing(row.id, (row.id, *caption(row)), request.top, aspect, settings),
        )


def _labels_of(labels: OwnLabels, identity: str) -> Array | IgcliError:
    try:
        return labels.of(identity)
    except InputError as error:
        return error


def _known(estimate: float | None) -> float:
    return float(np.nan) if estimate is None else float(estimate)


class _Tally:
    """Counts what is found."""

    def __init__(self, failed: list[tuple[str, str]]) -> None:
        self.failed = failed
        self.counts: list[tuple[int, int, int]] = []
        self.without_error = 0

    def found(self, folder: Path) -> FoundAreas:
        """Return all of it."""
        areas, apart, first = zip(*self.counts, strict=True) if self.counts else ((), (), ())
        return FoundAreas(folder, areas, apart, first, self.without_error, tuple(self.failed))


def _write(
    tasks: Iterator[OneMap],
    rows: Sequence[Explanation],
    request: AreaRequest,
    writer: AreaWriter,
    tally: _Tally,
    track: Track,
) -> None:
    results = in_processes(work_on, tasks, len(rows), request.processes)
    for row, done in zip(rows, track(results, len(rows)), strict=True):
        if isinstance(done, IgcliError):
            tally.failed.append((row.id, str(done).split("\n")[0]))
            continue
        writer.add(row, done)
        areas = done.ranking.areas
        ranks = [area.rank for area in areas]
        tally.counts.append((len(areas), len(set(ranks)), ranks.count(1)))
        tally.without_error += bool(np.isnan(areas[0].error))
