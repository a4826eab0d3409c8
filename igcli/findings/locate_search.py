"""The search of locate: which objects are looked for in which maps of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from igcli.common.errors import ConfigError
from igcli.common.explanation import Explanation
from igcli.common.geometry import Outline
from igcli.common.regions import LEAST_SIDE, Regions
from igcli.common.shapes import is_image_shape
from igcli.findings.locate_objects import Boxes, Masks, Objects
from igcli.findings.locate_originals import Way, resize_of
from igcli.store.run import StoredRun

DEFAULT_TOLERANCE = 15


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
class Search:
    """What is looked for in a run, and where.

    Attributes
    ----------
    objects : Objects
        What.
    way : Way
        From the original images to the model's input.
    picture : str
        The input whose maps are measured; "" where no pixels are kept.
    regions : Regions
        Its cells; where pixels are measured, any.
    by_regions : bool
        Whether the mass of the cells is measured: where that was certified, or is all there is.
    """

    objects: Objects
    way: Way
    picture: str
    regions: Regions
    by_regions: bool

    def outline(self, identity: str, row: Explanation) -> tuple[Outline, Outline] | None:
        """Return a row's object in the original image and in the model's input.

        None where there are others only. Raise InputError where it can't be placed.
        """
        original = self.way.original(identity, row.path)
        found = self.objects.outline(identity, row, self.way.size_for_objects(original))
        return None if found is None else (found, self.way.place(found, original))


def search_for(run: StoredRun, request: LocateRequest) -> Search:
    """Return what is looked for in a run; see `locate` for what it raises."""
    name, regions, by_regions = _picture(run)
    with run.usable_about() as about:
        resize = resize_of(about)
    height, width = regions.shape[:2]
    way = Way(resize, (width, height), request.images, request.upright)
    files = {run.input_of(row): row.path for row in run.rows}
    return Search(_objects(request, files), way, name, regions, by_regions)


def _objects(request: LocateRequest, files: Mapping[str, str]) -> Objects:
    if request.boxes is not None:
        return Boxes(request.boxes, files, request.any_class)
    assert request.masks is not None
    return Masks(request.masks, files, request.mask_value)


def _picture(run: StoredRun) -> tuple[str, Regions, bool]:
    """Return the input whose map is measured, its cells, and whether it is by these."""
    with run.usable_about() as about:
        layer = (about.get("config") or {}).get("layer")
    if layer:
        raise _no_picture(run, f"its maps are of the layer {layer}")
    shapes, kept = run.layout.shapes, run.kept
    names = [name for name in run.layout.order if is_image_shape(shapes[name])]
    if kept.regions is not None and (kept.certified or not kept.pixels):
        return names[0] if names else "", kept.regions, True
    if not names:
        raise _no_picture(run, "no input of its model is one")
    return names[0], Regions(shapes[names[0]], LEAST_SIDE), False


def _no_picture(run: StoredRun, cause: str) -> ConfigError:
    return ConfigError(
        f"{run.title} has no maps of a picture", cause, "locate the maps of a model for images"
    )
