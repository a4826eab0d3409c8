"""The contact sheet: images by class, a row for each, every one below its map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.explanation import Explanation
from igcli.common.png import note
from igcli.figures.pixels import blended, fitted
from igcli.figures.sheet import Cell, sheet
from igcli.figures.smoothed.photo import heat_over
from igcli.figures.style import OVERLAY, PHOTO, Look

NAME = "contact"
# Of each class, unless told otherwise.
SHOWN = 6
_SIDE = 128
_MOST_CLASSES = 100
_DRAWN = (PHOTO, OVERLAY.style)


@dataclass(frozen=True, slots=True)
class Group:
    """The explanations of one class.

    Attributes
    ----------
    title : str
        The class, how many are shown, and how many there are.
    rows : tuple of Explanation
        Those that are shown.
    """

    title: str
    rows: tuple[Explanation, ...]


def check_contact(look: Look) -> None:
    """Raise ConfigError for a look that a contact sheet can't have."""
    if look.style not in _DRAWN:
        raise ConfigError(
            f"--by has no meaning for --style {look.style}",
            "a sheet by class is drawn in small pictures",
            f"use --style {' or '.join(_DRAWN)}",
        )


def by_class(rows: Sequence[Explanation], by: str, count: int | None) -> list[Group]:
    """Return rows that did not fail by their class, ascending; those without one are left out.

    Parameters
    ----------
    rows : sequence of Explanation
        In the order in which the first of each class are shown.
    by : str
        ``target``, ``prediction`` or ``truth``.
    count : int or None
        How many of each class; None for `SHOWN`.

    Raises
    ------
    InputError
        When none has a class.
    ConfigError
        When there are too many classes.
    """
    found: dict[tuple[int, str], list[Explanation]] = {}
    for row in rows:
        number = getattr(row, by)
        if row.status == "ok" and number is not None:
            found.setdefault((number, getattr(row, f"{by}_name")), []).append(row)
    if not found:
        raise InputError(
            f"--by {by}: no explanation has one", fix="use --by target, or explain with --truth"
        )
    if len(found) > _MOST_CLASSES:
        raise ConfigError(
            f"--by {by} draws all classes on one sheet, and these are {len(found)}",
            f"{_MOST_CLASSES} is the most",
            "choose some with --where class=NAME, or name IDs",
        )
    groups = []
    for (number, name), own in sorted(found.items()):
        shown = tuple(own[: count or SHOWN])
        groups.append(Group(f"{number} ({len(shown)} of {len(own)}) {name}".rstrip(), shown))
    return groups


def small_picture(look: Look, plane: Array, image: Array, top: float) -> Array:
    """Draw one map over its image: uint8 RGB, the shorter side about 128 pixels.

    Photos have the model's aspect: all of a sheet are of one size.
    """
    plane = look.in_window(plane)
    ramp, alpha = look.ramp(top), look.alpha or 0.0
    if look.style != PHOTO:
        return fitted(blended(plane, image, ramp, alpha), look.size or _SIDE)
    factor = (look.size or _SIDE) / min(plane.shape)
    height, width = (max(1, round(side * factor)) for side in plane.shape)
    return heat_over(plane, image, (width, height), ramp, alpha)


def contact_sheet(groups: Sequence[Group], drawn: dict[int, Array], look: Look) -> Image.Image:
    """Draw a row for each class; `drawn` has the small picture of each row, by its number."""
    columns = max(len(group.rows) for group in groups)
    lines = []
    for group in groups:
        cells = [Cell(drawn[row.row], "" if i else group.title) for i, row in enumerate(group.rows)]
        empty = np.full_like(drawn[group.rows[0].row], 255)
        lines.append(cells + [Cell(empty)] * (columns - len(cells)))
    return note(sheet(lines), {"style": NAME, "of": look.style, "sign": look.sign})
