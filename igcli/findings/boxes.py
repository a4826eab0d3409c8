"""Boxes around objects, out of a CSV file or COCO's JSON, in the original images' pixels."""

import csv
import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from igcli.common.errors import InputError, first_line

_NEEDED = ("id", "x1", "y1", "x2", "y2")
_DELIMITERS = "\t;,"


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes
    ----------
    edges : tuple of float
        (x1, y1, x2, y2); the last two are the first that are outside.
    of : str
        What it is around: a class's name or number; "" where that is not told.
    """

    edges: tuple[float, float, float, float]
    of: str = ""


def read_boxes(path: Path) -> dict[str, list[Box]]:
    """Return the boxes of each image that is named.

    Raises
    ------
    InputError
        When the file can't be read, or is neither.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        return _of_coco(json.loads(text)) if path.suffix.lower() == ".json" else _of_csv(text)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        cause = getattr(error, "strerror", None) or first_line(error)
        if isinstance(error, KeyError):
            cause = f"it lacks {cause}"
        raise InputError(
            f"--boxes {path} can't be used",
            cause,
            "name a CSV file with the columns id,x1,y1,x2,y2 and, if you like, class, or a .json "
            "file as COCO has it",
        ) from error


def _of_csv(text: str) -> dict[str, list[Box]]:
    head = text.partition("\n")[0]
    delimiter = next((d for d in _DELIMITERS if d in head), ",")
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter, strict=True)
    names = [name.strip().lower() for name in reader.fieldnames or []]
    lacking = [name for name in _NEEDED if name not in names]
    if lacking:
        raise ValueError(f"its first line lacks {', '.join(lacking)}")
    reader.fieldnames = names
    found: dict[str, list[Box]] = {}
    for row in reader:
        cells = [row[name] for name in _NEEDED]
        if any(cell is None for cell in cells):
            raise ValueError(f"line {reader.line_num} is short")
        edges = _edges(cells[1:], f"line {reader.line_num}")
        box = Box(edges, (row.get("class") or "").strip())
        found.setdefault(cells[0].strip(), []).append(box)
    return found


def _of_coco(read: dict[str, Any]) -> dict[str, list[Box]]:
    images = {image["id"]: str(image["file_name"]) for image in read["images"]}
    classes = {
        kind["id"]: str(kind.get("name") or kind["id"]) for kind in read.get("categories", [])
    }
    found: dict[str, list[Box]] = {}
    for place, annotation in enumerate(read["annotations"]):
        where = f"annotation {place}"
        if annotation["image_id"] not in images:
            raise ValueError(f"{where} is of an image that is not listed")
        x, y, width, height = annotation["bbox"]
        kind = annotation.get("category_id")
        name = "" if kind is None else classes.get(kind, str(kind))
        box = Box(_edges([x, y, x + width, y + height], where), name)
        found.setdefault(images[annotation["image_id"]], []).append(box)
    return found


def _edges(cells: list[Any], where: str) -> tuple[float, float, float, float]:
    try:
        x1, y1, x2, y2 = map(float, cells)
    except (TypeError, ValueError):
        raise ValueError(f"{where} has other than numbers: {cells}") from None
    if not all(map(isfinite, (x1, y1, x2, y2))):
        raise ValueError(f"{where} has other than numbers: {cells}")
    return x1, y1, x2, y2
