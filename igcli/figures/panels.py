"""Panels: several pictures on one sheet, from arrays alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.figures.channels import of_sign
from igcli.figures.colorbar import bar_of
from igcli.figures.pixels import behind, blended, fitted, heat, rgb_of
from igcli.figures.ramp import Ramp
from igcli.figures.sheet import Cell, sheet

_COLUMNS = {
    "all": "Attributions",
    "positive": "Positive attributions",
    "negative": "Negative attributions",
}


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One image of a sheet, and its map.

    Attributes
    ----------
    image : Array
        uint8 (height, width, channels).
    plane : Array
        (height, width), signed.
    title : str
        Above the image.
    """

    image: Array
    plane: Array
    title: str


def signed_panel(
    rows: Sequence[PanelRow],
    label: str = "attribution",
    cmap: str = "PiYG",
    top: float | None = None,
    size: int | None = None,
    titled: bool = True,
) -> Image.Image:
    """Draw a row for each image: it, its map, the map's positive part, its negative part.

    Parameters
    ----------
    rows : sequence of PanelRow
        Images of one shape.
    label : str
        What the numbers are, beside the colour bar.
    cmap : str
        One of DIVERGING.
    top : float, optional
        The magnitude with full colour; by default the largest of these maps.
    size : int, optional
        As for `igcli.figures.pixels.fitted`.
    titled : bool
        Whether the columns of maps have titles.
    """
    if top is None:
        top = max(float(np.abs(row.plane).max()) for row in rows)
    ramp = Ramp(cmap, "all", top)
    cells = []
    for i, row in enumerate(rows):
        maps = [
            Cell(
                fitted(heat(of_sign(row.plane, sign), ramp), size),
                title if titled and not i else "",
            )
            for sign, title in _COLUMNS.items()
        ]
        cells.append([Cell(fitted(rgb_of(row.image), size), row.title), *maps])
    return sheet(cells, bar_of(ramp, label, [row.plane for row in rows]))


def signed_panels(
    rows: Sequence[PanelRow], label: str, cmap: str, tops: Sequence[float], size: int | None = None
) -> Image.Image:
    """Draw the rows of `signed_panel`, each on a scale of its own, with its own bar."""
    pictures = [
        signed_panel([row], label, cmap, top, size, titled=not i)
        for i, (row, top) in enumerate(zip(rows, tops, strict=True))
    ]
    canvas = Image.new("RGB", (max(p.width for p in pictures), sum(p.height for p in pictures)))
    canvas.paste("white", (0, 0, *canvas.size))
    upper = 0
    for picture in pictures:
        canvas.paste(picture, (0, upper))
        upper += picture.height
    return canvas


def side_by_side(
    plane: Array,
    image: Array,
    ramp: Ramp,
    label: str = "attribution",
    alpha: float = 0.5,
    lines: Sequence[str] = (),
    size: int | None = None,
) -> Image.Image:
    """Draw an image, and beside it the map with opacity `alpha` over the grey image.

    Parameters
    ----------
    plane : Array
        (height, width), of the sign that the ramp is for.
    image : Array
        uint8 (height, width, channels).
    ramp : Ramp
        Its colours and scale.
    label, size
        As for `signed_panel`.
    alpha : float
        0 to 1.
    lines : sequence of str
        Below.
    """
    cells = [
        Cell(fitted(rgb_of(image), size), "Original Image"),
        Cell(fitted(blended(plane, image, ramp, alpha), size), "Overlaid Attributions"),
    ]
    return sheet([cells], bar_of(ramp, label, [plane]), lines)


def four_panels(
    plane: Array,
    image: Array,
    baseline: Array | None,
    ramp: Ramp,
    label: str = "attribution",
    alpha: float = 0.4,
    lines: Sequence[str] = (),
    size: int | None = None,
    note: str = "",
) -> Image.Image:
    """Draw baseline and image, and below them the map and the image over the map.

    Parameters
    ----------
    plane, ramp, label, lines, size
        As for `side_by_side`.
    image, baseline : Array
        uint8 (height, width, channels). Without a baseline, `note` says why.
    alpha : float
        The opacity of the image, 0 to 1.
    """
    start = None if baseline is None else fitted(rgb_of(baseline), size)
    cells = [
        [
            Cell(start, "Baseline image", note),
            Cell(fitted(rgb_of(image), size), "Original image"),
        ],
        [
            Cell(fitted(heat(plane, ramp), size), "Attribution mask"),
            Cell(fitted(behind(plane, image, ramp, alpha), size), "Overlay"),
        ],
    ]
    return sheet(cells, bar_of(ramp, label, [plane]), lines)


def image_row(
    images: Sequence[Array], titles: Sequence[str], size: int | None = None
) -> Image.Image:
    """Draw images side by side, uint8 (height, width, channels) of one shape, titles above."""
    pairs = zip(images, titles, strict=True)
    return sheet([[Cell(fitted(rgb_of(image), size), title) for image, title in pairs]])
