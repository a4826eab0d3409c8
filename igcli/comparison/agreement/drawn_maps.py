"""Drawn maps of agreement: for each image a row of small pictures, one a baseline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.png import note
from igcli.common.shapes import is_image_shape
from igcli.comparison.agreement.agree import Agreement, ImageAgreement
from igcli.comparison.agreement.choices import Choices, InputMaps
from igcli.figures.pixels import fitted, heat, in_colour
from igcli.figures.sheet import Cell, sheet
from igcli.figures.style import OVERLAY
from igcli.figures.thumbnails import data_uri, encoded, plane, small_heat, to_rgb

# What tells the sheet from a run's other pictures.
SETTINGS = {"style": "agreement"}
# Of more baselines the maps of the first ones are drawn, those of the two that differ most before.
MOST_MAPS = 8
_SIDE, _SHEET_SIDE = 56, 112
# Of pictures side by side on a sheet, at most, where a row has no more.
_COLUMNS = 9
_SMALL_FILE = 6_000


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """What is drawn of one image.

    Attributes
    ----------
    image : ImageAgreement
        Which.
    pixels : Array or None
        uint8 (height, width, channels): what the model saw.
    planes : dict of str to Array
        By baseline, float64 (height, width): channels summed. Each has a scale of its own: a map
        that is spread out would be pale beside one that is not.
    """

    image: ImageAgreement
    pixels: Array | None
    planes: dict[str, Array]


def drawn_rows(choices: Choices, found: Agreement, count: int) -> Iterator[DrawnRow]:
    """Yield the images that hinge on the choice most, so many at most."""
    images = found.hinging[:count]
    rows = [image.row for image in images]
    both = zip(images, choices.maps(rows), choices.images(rows), strict=True)
    for image, maps, pixels in both:
        names = sorted(choices.names, key=lambda name: name not in image.pair)[:MOST_MAPS]
        planes = {name: _plane(maps, choices.names.index(name), choices) for name in names}
        yield DrawnRow(image, pixels, planes)


def _plane(maps: InputMaps, place: int, choices: Choices) -> Array:
    """Return a map in two dimensions; its cells' mass where there are no pixels of a picture."""
    values = maps.values[place]
    if choices.has_pixels and is_image_shape(choices.shape):
        return plane(values.reshape(choices.shape), max(choices.shape))
    if maps.masses is not None and choices.regions is not None:
        positive, negative = maps.masses[place].astype(np.float64)
        return choices.regions.spread(positive - negative)
    return plane(values, len(values))


def on_sheet(rows: Sequence[DrawnRow], found: Agreement) -> Image.Image:
    """Draw rows: the image, if it is stored, and a map for each baseline."""
    are_stored = any(row.pixels is not None for row in rows)
    cells = [_cells(row)[not are_stored :] for row in rows]
    shape = next(c.pixels.shape for line in cells for c in line if c.pixels is not None)
    shaped = [[_as_large(cell, shape) for cell in line] for line in cells]
    beside = max(1, _COLUMNS // len(shaped[0]))
    lines = [sum(shaped[i : i + beside], []) for i in range(0, len(shaped), beside)]
    said = ["green for the class, red against", "each map on its own scale"]
    return note(sheet(lines, lines=[*found.titles[:MOST_MAPS], *said]), SETTINGS)


def _cells(row: DrawnRow) -> list[Cell]:
    name = row.image.row.id
    pixels = None if row.pixels is None else fitted(in_colour(row.pixels), _SHEET_SIDE)
    first = Cell(pixels, name, "no image stored")
    return [first] + [
        Cell(fitted(heat(values, OVERLAY.ramp(OVERLAY.top(values))), _SHEET_SIDE), baseline)
        for baseline, values in row.planes.items()
    ]


def _as_large(cell: Cell, shape: tuple[int, ...]) -> Cell:
    """Return a cell of a shape: pictures of a layer's maps may be of another one than images."""
    if cell.pixels is None or cell.pixels.shape == shape:
        return cell
    size = (shape[1], shape[0])
    resized = Image.fromarray(cell.pixels).resize(size, Image.Resampling.NEAREST)
    return Cell(np.asarray(resized), cell.title)


def as_json(row: DrawnRow) -> dict[str, object]:
    """Return a row as a page shows it: data URIs of the image, or None, and of each map."""
    return {
        "id": row.image.row.id,
        "image": None if row.pixels is None else _small(row.pixels),
        "maps": [
            {"name": name, "src": _small_map(_shrunk(values))}
            for name, values in row.planes.items()
        ],
    }


def _small_map(values: Array) -> str:
    return data_uri(encoded(small_heat(values, OVERLAY.top(values)), "PNG"))


def _shrunk(values: Array) -> Array:
    """Return the means over squares of a plane, with sides of `_SIDE` at most."""
    small = plane(values, _SIDE)
    areas: Array = plane(np.ones_like(values), _SIDE)
    shrunk: Array = small / areas
    return shrunk


def _small(pixels: Array) -> str:
    shown = to_rgb(pixels)
    shown.thumbnail((_SHEET_SIDE, _SHEET_SIDE))
    data = encoded(shown, "PNG")
    return data_uri(data if len(data) <= _SMALL_FILE else encoded(shown.convert("RGB"), "JPEG"))
