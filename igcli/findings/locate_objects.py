"""The objects that locate looks for: boxes or masks, each asked for an explanation's outline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.geometry import Outline, outline_of_boxes, outline_of_mask
from igcli.common.masks import list_masks, read_mask
from igcli.common.name_matching import match
from igcli.common.placement import Size
from igcli.findings.boxes import Box, read_boxes

TARGET = "target"


class Objects(Protocol):
    """What is looked for.

    Attributes
    ----------
    noun : str
        What it is: "box" or "mask".
    unused : list of str
        The names of those that are of no input of the run.
    """

    noun: str
    unused: list[str]

    def has(self, identity: str) -> bool:
        """Tell whether an input has one."""
        ...

    def outline(self, identity: str, row: Explanation, size: Size) -> Outline | None:
        """Return where the explained object is in an image of that size.

        None where there are others only. Raise InputError for one that can't be used.
        """
        ...


class Boxes:
    """Boxes of a file, of the explained class unless `any_class` takes all."""

    noun = "box"

    def __init__(self, path: Path, files: Mapping[str, str], any_class: bool) -> None:
        self._boxes, self._any_class = read_boxes(path), any_class
        self._names = match(list(self._boxes), files)
        self.unused = _unused(self._boxes, self._names)

    def has(self, identity: str) -> bool:
        """See `Objects.has`."""
        return identity in self._names

    def outline(self, identity: str, row: Explanation, size: Size) -> Outline | None:
        """See `Objects.outline`."""
        boxes = self._boxes[self._names[identity]]
        edges = [box.edges for box in boxes if self._any_class or _is_of(box, row)]
        return outline_of_boxes(np.array(edges), size) if edges else None


class Masks:
    """Masks in a folder; `value` is what the object's pixels are, TARGET the explained class."""

    noun = "mask"

    def __init__(self, folder: Path, files: Mapping[str, str], value: int | str | None) -> None:
        self._files, self._value = list_masks(folder), value
        self._names = match(list(self._files), files)
        self.unused = _unused(self._files, self._names)

    def has(self, identity: str) -> bool:
        """See `Objects.has`."""
        return identity in self._names

    def outline(self, identity: str, row: Explanation, size: Size) -> Outline | None:
        """See `Objects.outline`."""
        path = self._files[self._names[identity]]
        value = row.target if self._value == TARGET else self._value
        mask = read_mask(path, None if value is None else int(value))
        if mask.shape != size[::-1]:
            raise InputError(
                f"the mask {path} has {mask.shape[1]} × {mask.shape[0]} pixels, "
                f"its image {size[0]} × {size[1]}"
            )
        if value is not None and not mask.any() and read_mask(path, None).any():
            return None
        return outline_of_mask(mask)


def _unused(named: dict[str, list[Box]] | dict[str, Path], names: dict[str, str]) -> list[str]:
    used = set(names.values())
    return [name for name in named if name not in used]


def _is_of(box: Box, row: Explanation) -> bool:
    """Tell whether a box is of the explained class, by its number or its name, or of any."""
    # Of a zone, its place stands behind the class's name.
    names = {row.target_name, row.target_name.partition("@")[0]}
    return not box.of or box.of == str(row.target) or _plain(box.of) in map(_plain, names)


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())
