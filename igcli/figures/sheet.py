"""The sheet: pictures of one size in rows and columns, with titles, colour bar and caption."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from igcli.common.arrays import Array
from igcli.figures.caption import INK, MARGIN, SIZE, caption_strip, fit_text, font, line_height
from igcli.figures.colorbar import Bar, vertical_bar

_FRAME = (170, 170, 170)
_LETTERS_A_SIDE = 15
# Higher than that a bar says no more.
_BAR_ROWS = 3
# Lower than so many lines its numbers would touch.
_BAR_LINES = 6
# Columns are widened for titles of so many letters.
_TITLE = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a sheet.

    Attributes
    ----------
    pixels : Array or None
        uint8 RGB (height, width, 3), all of one shape; None for an empty frame.
    title : str
        Above it.
    note : str
        What stands in an empty frame.
    """

    pixels: Array | None
    title: str = ""
    note: str = ""


def sheet(
    rows: Sequence[Sequence[Cell]], bar: Bar | None = None, lines: Sequence[str] = ()
) -> Image.Image:
    """Draw rows of cells, framed, the bar at their right, lines of text below."""
    shape = next(c.pixels.shape for row in rows for c in row if c.pixels is not None)
    grid = _grid(rows, shape[0], shape[1], bar is not None)
    canvas = grid.picture
    if bar is not None:
        room = min(grid.bar_top, canvas.height - grid.bar_top - grid.bar_height)
        side = vertical_bar(bar, grid.bar_height, grid.size, room)
        left = canvas.width
        canvas = _on_white(canvas, left + side.width + grid.size, canvas.height)
        canvas.paste(side, (left, grid.bar_top - (side.height - grid.bar_height) // 2))
    if lines:
        strip = caption_strip(list(lines), canvas.width, grid.size, grid.size)
        height = canvas.height
        canvas = _on_white(canvas, canvas.width, height + strip.height)
        canvas.paste(strip, (0, height))
    return canvas


@dataclass(frozen=True, slots=True)
class _Grid:
    picture: Image.Image
    size: int
    bar_top: int
    bar_height: int


def _grid(rows: Sequence[Sequence[Cell]], height: int, width: int, barred: bool) -> _Grid:
    size = max(SIZE, min(height, width) // _LETTERS_A_SIDE)
    gap, columns = size, max(len(row) for row in rows)
    heads = [line_height(size) + MARGIN if any(c.title for c in row) else 0 for row in rows]
    shown = min(len(rows), _BAR_ROWS)
    bar = sum(heads[1:shown]) + shown * height + (shown - 1) * gap
    bar = max(bar, _BAR_LINES * line_height(size))
    total = sum(heads) + len(rows) * (height + gap) + gap
    if barred:
        total = max(total, heads[0] + bar + 2 * gap)
    wide = _column(rows, width, size)
    canvas = Image.new("RGB", (columns * (wide + gap) + gap, total), "white")
    draw = ImageDraw.Draw(canvas)
    top, tops = gap, []
    for row, head in zip(rows, heads, strict=True):
        top += head
        tops.append(top)
        for column, cell in enumerate(row):
            left = gap + column * (wide + gap) + (wide - width) // 2
            draw.rectangle([left - 1, top - 1, left + width, top + height], outline=_FRAME)
            _put(canvas, cell, (left, top), (width, height), wide, size)
        top += height + gap
    shift = max(0, (tops[-1] + height - tops[0] - bar) // 2)
    return _Grid(canvas, size, tops[0] + shift, bar)


def _column(rows: Sequence[Sequence[Cell]], width: int, size: int) -> int:
    longest = max(font(size).getlength(cell.title) for row in rows for cell in row)
    return max(width, min(int(longest) + 1, _TITLE * size * 2 // 3))


def _put(
    canvas: Image.Image,
    cell: Cell,
    corner: tuple[int, int],
    shape: tuple[int, int],
    wide: int,
    size: int,
) -> None:
    (left, top), (width, height) = corner, shape
    draw = ImageDraw.Draw(canvas)
    middle = left + width / 2
    if cell.pixels is not None:
        canvas.paste(Image.fromarray(np.ascontiguousarray(cell.pixels)), (left, top))
    else:
        note = fit_text(cell.note, width - 2 * MARGIN, size)
        draw.text((middle, top + height / 2), note, fill=INK, font=font(size), anchor="mm")
    title = fit_text(cell.title, wide, size)
    draw.text((middle, top - MARGIN), title, fill=INK, font=font(size), anchor="md")


def _on_white(picture: Image.Image, width: int, height: int) -> Image.Image:
    canvas = Image.new("RGB", (width, height), "white")
    canvas.paste(picture, (0, 0))
    return canvas
