"""zones: where in an output of one score per place a class is explained, for each input."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array, Warn
from igcli.common.dense import Dense, zone_of
from igcli.common.errors import ConfigError, InputError
from igcli.common.files import file_sha256
from igcli.common.geometry import Outline, outline_of_boxes, outline_of_mask
from igcli.common.masks import list_masks, read_mask
from igcli.common.name_matching import match
from igcli.common.originals import Original, read_original
from igcli.common.placement import RESIZE, Size
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.inputs.class_files.classes import Classes, is_integer
from igcli.inputs.labels import Labels

ZoneOf: TypeAlias = Callable[[InputName, Array, int], Array]
PREDICTED = "predicted"
_AT = "@"
_SHORT = 12
_SHOWN = 4
_USAGE = "write CLASS@predicted, CLASS@x1,y1,x2,y2 or CLASS@FOLDER, a folder of masks"


@dataclass(frozen=True, slots=True)
class Places:
    """How the places of an output lie in the original images.

    Attributes
    ----------
    dense : Dense
        The output.
    size : Size
        (width, height) of the model's input.
    resize : str or None
        How images get that size; None for arrays, which have it.
    """

    dense: Dense
    size: Size
    resize: str | None

    def original(self, name: InputName) -> Original:
        """Return the size of an input's image, and how it is turned."""
        return Original(self.size) if self.resize is None else read_original(Path(name.path))

    def shares(self, outline: Outline, original: Original) -> Array:
        """Return which share of each place an outline in the original image covers."""
        if self.resize is not None:
            outline = outline.upright(original.size, original.orientation)
            placement = RESIZE[self.resize](original.upright_size, self.size)
            outline = outline.placed(placement, self.size)
        return outline.shares(*self.dense.edges((self.size[1], self.size[0])))


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of a run.

    Attributes
    ----------
    dense : Dense
        The output that they lie in.
    of : callable
        (input, its scores, class) → the zone; raises InputError where it is empty or not known.
    suffix : str
        What stands behind the class's name: where its zone is.
    """

    dense: Dense
    of: ZoneOf
    suffix: str

    def classes(self, labels: Labels) -> Classes:
        """Return the classes at each place."""
        return Classes(labels, self.dense.classes)

    @property
    def in_words(self) -> str:
        """Say what is explained."""
        places = f"{self.dense.grid[0]} × {self.dense.grid[1]} places"
        if self.dense.classes == 1:
            return f"the mean of the output over all of its {places}"
        where = self.suffix.removeprefix(_AT)
        if where == PREDICTED:
            return f"the class's mean score over the zone where it is predicted, of {places}"
        return f"the class's mean score over the zone {where}, of {places}"


@dataclass(frozen=True, slots=True)
class ZoneTargets:
    """Classes of each input and their zones; see `igcli.inputs.targets.Targets`."""

    per_input: int
    choose: Callable[[InputName, Array], Sequence[int]]
    zones: Zones


def plan_zones(
    text: str, names: Sequence[InputName], classes: Classes, places: Places, warn: Warn
) -> ZoneTargets:
    """Settle `--target` for an output of one score per place.

    Parameters
    ----------
    text : str
        ``predicted``, ``top:K``, ``CLASS``, ``CLASS@predicted``, ``CLASS@x1,y1,x2,y2`` in pixels of
        the image file, the last two the first that are outside, or ``CLASS@FOLDER`` of masks as
        large as the image files, whose pixels count that are not 0; with ``=N``, that are N.
    names : sequence of InputName
        Every input.
    classes : Classes
        Those at each place.
    places : Places
        How they lie in the images.
    warn : callable
        Told of inputs without a mask.

    Raises
    ------
    ConfigError, InputError
        When there is no such class or zone.
    """
    dense = places.dense
    if text == PREDICTED:
        return _predicted(dense, 1)
    if text.startswith("top:"):
        return _predicted(dense, _top(text, classes))
    name, where = _parted(text, classes)
    target = classes.of(name, f"--target {text}")
    zones = _zones(text, where, names, places, warn)
    return ZoneTargets(1, lambda name, scores: [target], zones)


def _predicted(dense: Dense, count: int) -> ZoneTargets:
    def choose(name: InputName, scores: Array) -> list[int]:
        return dense.by_area(scores)[:count]

    return ZoneTargets(count, choose, _where_predicted(dense))


def _where_predicted(dense: Dense) -> Zones:
    def zone(name: InputName, scores: Array, target: int) -> Array:
        found = dense.predicted(scores) == target
        if not found.any():
            raise InputError(f"class {target} is predicted nowhere in it")
        return zone_of(found)

    # A single number has no other class: it is explained everywhere.
    return Zones(dense, zone, f"{_AT}{PREDICTED}" if dense.classes > 1 else f"{_AT}everywhere")


def _parted(text: str, classes: Classes) -> tuple[str, str]:
    """Return the class and where its zone is; a class's own name may have an @."""
    name, at, where = text.partition(_AT)
    if not at or text in classes.labels.names:
        return text, PREDICTED
    if name == PREDICTED:
        raise ConfigError(
            f"--target {text} can't be used",
            "which class is explained in a zone must be told",
            _USAGE,
        )
    return name, where


def _zones(text: str, where: str, names: Sequence[InputName], places: Places, warn: Warn) -> Zones:
    if where == PREDICTED:
        return _where_predicted(places.dense)
    box = _box(where)
    if box is not None:
        return _in_box(box, where, places)
    folder, value = _folder(where)
    if folder is None:
        raise ConfigError(f"--target {text}: {where!r} is no box and no folder", fix=_USAGE)
    return _in_masks(text, folder, value, names, places, warn)


def _box(where: str) -> Array | None:
    """Return the edges of a box, (1, 4); None where a text is none."""
    try:
        edges = np.array([[float(number) for number in where.split(",")]])
    except ValueError:
        return None
    return edges if edges.shape == (1, 4) and np.isfinite(edges).all() else None


def _in_box(box: Array, where: str, places: Places) -> Zones:
    x1, y1, x2, y2 = box[0]
    if x1 >= x2 or y1 >= y2:
        raise ConfigError(f"the box {where} is empty", fix="write x1,y1,x2,y2, x1 < x2, y1 < y2")

    def zone(name: InputName, scores: Array, target: int) -> Array:
        original = places.original(name)
        return _covered(
            places, outline_of_boxes(box, original.size), original, f"the box {where} lies outside"
        )

    return Zones(places.dense, zone, f"{_AT}{where}")


def _folder(where: str) -> tuple[Path | None, int | None]:
    """Return the folder of masks, and the value that counts in them."""
    folder, equals, value = where.rpartition("=")
    if equals and is_integer(value) and _is_folder(folder):
        return Path(folder), int(value)
    return (Path(where), None) if _is_folder(where) else (None, None)


def _is_folder(text: str) -> bool:
    try:
        return bool(text) and Path(text).is_dir()
    except (OSError, ValueError):
        return False


def _in_masks(
    text: str,
    folder: Path,
    value: int | None,
    names: Sequence[InputName],
    places: Places,
    warn: Warn,
) -> Zones:
    files = list_masks(folder, f"--target {text}: the folder")
    found = match(list(files), {name.id: name.path for name in names})
    without = [name.id for name in names if name.id not in found]
    if len(without) == len(names):
        raise ConfigError(
            f"--target {text}: no mask in {folder} is called as an input",
            f"the inputs are {the_first(without, _SHOWN)}",
            "call each mask as its image, with the ending .png",
        )
    if without:
        warn(f"{len(without)} of {len(names)} inputs have no mask: {the_first(without, _SHOWN)}")

    def zone(name: InputName, scores: Array, target: int) -> Array:
        if name.id not in found:
            raise InputError(f"it has no mask in {folder}")
        path, original = files[found[name.id]], places.original(name)
        mask = read_mask(path, value)
        if mask.shape != original.size[::-1]:
            raise InputError(
                f"the mask {path} has {mask.shape[1]} × {mask.shape[0]} pixels, "
                f"its image {original.size[0]} × {original.size[1]}"
            )
        return _covered(places, outline_of_mask(mask), original, f"the mask {path} marks nothing")

    chosen = "" if value is None else f"={value}"
    return Zones(places.dense, zone, f"{_AT}{folder.name}{chosen}")


def _covered(places: Places, outline: Outline, original: Original, why_not: str) -> Array:
    shares = places.shares(outline, original)
    if not shares.any():
        raise InputError(f"{why_not} of what the model sees")
    return zone_of(shares)


def _top(text: str, classes: Classes) -> int:
    digits = text.removeprefix("top:")
    if not is_integer(digits) or not 1 <= int(digits) <= classes.count:
        raise ConfigError(
            f"--target {text} can't be used",
            f"there are {classes.count} classes at each place",
            f"write top:K with K from 1 to {classes.count}",
        )
    return int(digits)


def zone_content(text: str) -> str:
    """Return a zone's target as two runs must share it: masks by what is in them."""
    name, _, where = text.partition(_AT)
    folder, value = _folder(where)
    if folder is None:
        return text
    chosen = "" if value is None else f"={value}"
    return f"{name}{_AT}masks {file_sha256(folder)[:_SHORT]}{chosen}"
