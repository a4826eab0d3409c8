"""The sanity sheet: a few images in rows, their maps from the model as it is to every layer."""

from collections.abc import Iterator, Sequence

from PIL import Image

from igcli.evaluation.sanity.made_maps import PICTURED, MadeMap
from igcli.evaluation.sanity.sanity_text import verdict_line
from igcli.evaluation.sanity.sanity_verdict import Sanity
from igcli.figures.sheet import Cell, sheet


def sanity_sheet(found: Sanity) -> Image.Image | None:
    """Draw the sheet; None where no input has a picture.

    Columns are the image, its map, the map at each depth and, beside them, the image's edges.
    """
    rows = [
        row
        for row, one in enumerate(found.pictures[0][:PICTURED])
        if one.image is not None and one.picture is not None
    ]
    if not rows:
        return None
    shape = found.pictures[0][rows[0]].image
    assert shape is not None
    titles = ["as it is", *(seen.title for seen in found.seen)]
    drawn = []
    for number, row in enumerate(rows):
        cells = [Cell(found.pictures[0][row].image, "image" if number == 0 else "")]
        cells += _of(found.pictures, titles if number == 0 else [], row)
        if found.control_pictures:
            cells.append(Cell(found.control_pictures[row].picture, "edges" if not number else ""))
        drawn.append(cells)
    return sheet(drawn, lines=[verdict_line(found)])


def _of(states: Sequence[Sequence[MadeMap]], titles: Sequence[str], row: int) -> Iterator[Cell]:
    for place, maps in enumerate(states):
        title = titles[place] if titles else ""
        yield Cell(maps[row].picture, title, "failed")
