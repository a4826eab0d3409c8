"""locate: whether the attribution of a run's images is where their objects are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.explanation import Explanation
from igcli.common.placement import Size
from igcli.common.progress import Track
from igcli.common.regions import LEAST_SIDE, Regions
from igcli.common.shapes import is_image_shape
from igcli.findings.locate_measures import (
    MapOfRow,
    Values,
    map_of_pixels,
    map_of_regions,
    measure,
)
from igcli.findings.locate_objects import Boxes, Masks, Objects
from igcli.findings.locate_originals import Way, resize_of
from igcli.store.run import StoredRun

DEFAULT_TOLERANCE = 15
# A larger part of the input: the pointing game's 15 pixels are 7 % of 224.
_WIDE = 0.1


class Left(StrEnum):
    """Why an explanation was left out."""

    FAILED = "failed"
    NO_OBJECT = "no object"
    OTHER_CLASS = "another class"
    EMPTY = "empty"
    NOT_PLACED = "not placed"
    NOTHING_POSITIVE = "nothing positive"


@dataclass(frozen=True, slots=True)
class LocateRequest:
    """What is asked for.

    Attributes
    ----------
    boxes, masks : Path or None
        One of them: the file of boxes, or the folder of masks.
    any_class : bool
        Whether boxes of other classes than the explained one count.
    mask_value : int, str or None
        What the object's pixels are in a mask; "target" for the explained class's number, None for
        all that are not 0.
    upright : bool
        Whether boxes and masks are in the pixels of images that were turned as EXIF says.
    images : Path or None
        Where the images are now; None where the run read them.
    tolerance : float
        How far from the object the strongest place may lie, in pixels of the model's input.
    seed : int
        Decides, with the id, between places that are equally strong.
    """

    boxes: Path | None = None
    masks: Path | None = None
    any_class: bool = False
    mask_value: int | str | None = None
    upright: bool = False
    images: Path | None = None
    tolerance: float = DEFAULT_TOLERANCE
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Located:
    """One explanation.

    Attributes
    ----------
    row : Explanation
        Which, without its map.
    left : Left or None
        Why it was left out; None where it was measured.
    why : str
        More about that.
    area : float
        The object's share of the model's input.
    values, errors : dict of str to float
        The measures and how far each may be off, NaN where that is not known; empty where it was
        left out.
    """

    row: Explanation
    left: Left | None = None
    why: str = ""
    area: float = np.nan
    values: Values = field(default_factory=dict)
    errors: Values = field(default_factory=dict)

    @property
    def correct(self) -> bool | None:
        """Whether the prediction was right, where that is known."""
        return self.row.correct


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a run.

    Attributes
    ----------
    title : str
        What messages call the run.
    noun : str
        What was looked for: "box" or "mask".
    cells : int
        The side of the cells whose mass was measured, in pixels; 0 for the pixels' own.
    size : Size
        (width, height) of the model's input.
    images : list of Located
        Every explanation, in the run's order.
    unused : list of str
        The objects that are of no input of the run.
    """

    title: str
    noun: str
    cells: int
    size: Size
    images: list[Located]
    unused: list[str]

    @property
    def measured(self) -> list[Located]:
        """The explanations that were measured, the one with the least lift first."""
        found = [image for image in self.images if image.left is None]
        return sorted(found, key=lambda image: image.values["lift"])

    @property
    def left_out(self) -> list[Located]:
        """The others, in the run's order."""
        return [image for image in self.images if image.left is not None]

    def doubts(self, tolerance: float) -> Iterator[str]:
        """Yield why some of it says little."""
        shorter = min(self.size)
        if self.measured and tolerance > _WIDE * shorter:
            yield (
                f"--tolerance-px {tolerance:g} is {tolerance / shorter:.0%} of the model's input: "
                "hit says little"
            )
        unknown = sum(bool(np.isnan(image.errors["inside"])) for image in self.measured)
        if unknown:
            yield f"how far {unknown} maps are off is not known: gates take them as exact"


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
    name, regions = _picture(run)
    with run.usable_about() as about:
        resize = resize_of(about)
    height, width = regions.shape[:2]
    way = Way(resize, (width, height), request.images, request.upright)
    ids = [run.input_of(row) for row in run.rows]
    objects = _objects(request, ids)
    images: dict[int, Located] = {}
    to_measure = [
        row for row, identity in zip(run.rows, ids, strict=True) if row.status == "ok"
        and objects.has(identity)
    ]  # fmt: skip
    maps = _maps(run, to_measure, name, regions)
    for row, of in track(zip(to_measure, maps, strict=True), len(to_measure)):
        images[row.row] = _located(row, run.input_of(row), of, objects, way, request)
    for row in run.rows:
        if row.status != "ok":
            images[row.row] = Located(row, Left.FAILED, row.message)
        elif row.row not in images:
            images[row.row] = Located(row, Left.NO_OBJECT, f"no {objects.noun} is called so")
    ordered = [images[row.row] for row in run.rows]
    cells = 0 if run.kept.pixels else regions.side
    return Findings(run.title, objects.noun, cells, (width, height), ordered, objects.unused)


def _objects(request: LocateRequest, ids: Sequence[str]) -> Objects:
    if request.boxes is not None:
        return Boxes(request.boxes, ids, request.any_class)
    assert request.masks is not None
    return Masks(request.masks, ids, request.mask_value)


def _picture(run: StoredRun) -> tuple[str, Regions]:
    """Return the name of the input whose map is measured, and its cells; of pixels, any."""
    with run.usable_about() as about:
        layer = (about.get("config") or {}).get("layer")
    if layer:
        raise _no_picture(run, f"its maps are of the layer {layer}")
    if not run.kept.pixels:
        if run.kept.regions is None:
            raise _no_picture(run, "no input of its model is one")
        return "", run.kept.regions
    names = [n for n in run.layout.order if is_image_shape(run.layout.shapes[n])]
    if not names:
        raise _no_picture(run, "no input of its model is one")
    return names[0], Regions(run.layout.shapes[names[0]], LEAST_SIDE)


def _no_picture(run: StoredRun, cause: str) -> ConfigError:
    return ConfigError(
        f"{run.title} has no maps of a picture", cause, "locate the maps of a model for images"
    )


def _maps(
    run: StoredRun, rows: Sequence[Explanation], name: str, regions: Regions
) -> Iterator[MapOfRow]:
    if not run.kept.pixels:
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
    row: Explanation,
    identity: str,
    of: MapOfRow,
    objects: Objects,
    way: Way,
    request: LocateRequest,
) -> Located:
    try:
        original = way.original(identity, row.path)
        found = objects.outline(identity, row, way.size_for_objects(original))
    except InputError as error:
        return Located(row, Left.NOT_PLACED, error.problem)
    if found is None:
        return Located(row, Left.OTHER_CLASS, f"no {objects.noun} of class {_class_of(row)}")
    placed = way.place(found, original)
    if placed.area == 0.0:
        why = "covers nothing" if found.area == 0.0 else "was cropped away"
        return Located(row, Left.EMPTY, f"the {objects.noun} {why}")
    if not of.masses.positive.any():
        return Located(row, Left.NOTHING_POSITIVE, "the map has no positive attribution")
    area, values, errors = measure(of, placed, request.tolerance, f"{request.seed} {row.id}")
    return Located(row, None, "", area, values, errors)


def _class_of(row: Explanation) -> str:
    return row.target_name or str(row.target)
