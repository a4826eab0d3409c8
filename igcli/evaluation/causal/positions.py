"""Positions in words: where on a picture some cells are."""

from collections.abc import Sequence

from igcli.common.regions import Regions
from igcli.findings.summary_text import cell_ranges

# A place that is so much of the picture's side goes along it.
_ALONG = 0.6


def in_words(cells: Sequence[tuple[int, int]], regions: Regions) -> str:
    """Say where cells are: "at the lower left (row 12, column 1, pixels (2, 24, 4, 26))"."""
    return f"{_position(cells, regions.grid)} ({cell_ranges(cells, regions)})"


def _position(cells: Sequence[tuple[int, int]], grid: tuple[int, int]) -> str:
    # From 0 at the top or left to 1.
    middle = [(min(some) + max(some) + 1) / (2 * of) for some, of in _axes(cells, grid)]
    extent = [(max(some) - min(some) + 1) / of for some, of in _axes(cells, grid)]
    down = _third(middle[0], "upper", "lower")
    across = _third(middle[1], "left", "right")
    if extent[1] >= _ALONG > extent[0]:
        sides = {"upper": "top", "lower": "bottom"}
        return f"along the {sides[down]}" if down else "across the middle"
    if extent[0] >= _ALONG > extent[1]:
        return f"along the {across}" if across else "down the middle"
    if not down and not across:
        return "in the middle"
    if not across:
        return "at the top" if down == "upper" else "at the bottom"
    return f"at the {down} {across}" if down else f"at the {across}"


def _axes(cells: Sequence[tuple[int, int]], grid: tuple[int, int]) -> list[tuple[list[int], int]]:
    return [([cell[axis] for cell in cells], grid[axis]) for axis in (0, 1)]


def _third(place: float, first: str, last: str) -> str:
    return first if place < 1 / 3 else last if place > 2 / 3 else ""
