"""locate: whether the attribution of a run's images is where their objects are."""

from collections.abc import Iterator, Sequence

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.progress import Track
from igcli.findings.locate_measures import MapOfRow, map_of_pixels, map_of_regions, measure
from igcli.findings.locate_results import Findings, Left, Located
from igcli.findings.locate_search import LocateRequest, Search, search_for
from igcli.store.run import StoredRun


def locate(run: StoredRun, request: LocateRequest, track: Track) -> Findings:
    """Measure where the attribution of each explanation lies.

    Raises
    ------
    ConfigError
        When the run has no maps of a picture.
    InputError
        When the boxes or masks can't be read.
    NotWhole
        When the run is damaged.
    """
    search = search_for(run, request)
    images: dict[int, Located] = {}
    to_measure = [
        row for row in run.rows if row.status == "ok" and search.objects.has(run.input_of(row))
    ]
    maps = _maps(run, to_measure, search)
    for row, of in track(zip(to_measure, maps, strict=True), len(to_measure)):
        images[row.row] = _located(row, run.input_of(row), of, search, request)
    for row in run.rows:
        if row.status != "ok":
            images[row.row] = Located(row, Left.FAILED, row.message)
        elif row.row not in images:
            images[row.row] = Located(row, Left.NO_OBJECT, f"no {search.objects.noun} is called so")
    ordered = [images[row.row] for row in run.rows]
    cells = search.regions.side if search.by_regions else 0
    objects = search.objects
    return Findings(run.title, objects.noun, cells, search.way.target, ordered, objects.unused)


def _maps(run: StoredRun, rows: Sequence[Explanation], search: Search) -> Iterator[MapOfRow]:
    name, regions = search.picture, search.regions
    if search.by_regions:
        for row, masses in zip(rows, run.masses(rows), strict=True):
            known = row.error_estimate if row.regions_error is None else row.regions_error
            yield map_of_regions(regions, masses, known, row.id)
        return
    for row, maps in zip(rows, run.maps(rows), strict=True):
        yield map_of_pixels(regions, maps[name], _share_of(row, maps, name), row.id)


def _share_of(row: Explanation, maps: dict[str, Array], name: str) -> float | None:
    """Return how far the picture's map may be off, where the estimate is of all maps together."""
    if row.error_estimate is None or len(maps) == 1:
        return row.error_estimate
    sizes = {n: float(np.abs(m).sum(dtype=np.float64)) for n, m in maps.items()}
    return row.error_estimate * sum(sizes.values()) / (sizes[name] or 1.0)


def _located(
    row: Explanation, identity: str, of: MapOfRow, search: Search, request: LocateRequest
) -> Located:
    noun = search.objects.noun
    try:
        outlines = search.outline(identity, row)
    except InputError as error:
        return Located(row, Left.NOT_PLACED, error.problem)
    if outlines is None:
        return Located(row, Left.OTHER_CLASS, f"no {noun} of class {_class_of(row)}")
    found, placed = outlines
    if placed.area == 0.0:
        why = "covers nothing" if found.area == 0.0 else "was cropped away"
        return Located(row, Left.EMPTY, f"the {noun} {why}")
    if not of.masses.positive.any():
        return Located(row, Left.NOTHING_POSITIVE, "the map has no positive attribution")
    area, values, errors = measure(of, placed, request.tolerance, f"{request.seed} {row.id}")
    return Located(row, None, "", area, values, errors)


def _class_of(row: Explanation) -> str:
    return row.target_name or str(row.target)
