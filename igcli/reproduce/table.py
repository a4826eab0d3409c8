"""A table: numbers in columns, as lines of text."""

from collections.abc import Mapping, Sequence
from typing import Any

_GAP = "  "


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return rows of the same keys as lines under these keys; numbers stand at the right.

    Floats have four digits.
    """
    names = list(rows[0]) if rows else []
    cells = [[_text(row[name]) for name in names] for row in rows]
    right = [all(not isinstance(row[name], str) for row in rows) for name in names]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    return [_line(line, widths, right) for line in [names, *cells]]


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return format(value, ".4g") if isinstance(value, float) else str(value)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if at_right else cell.ljust(width)
        for cell, width, at_right in zip(cells, widths, right, strict=True)
    ]
    return _GAP.join(padded).rstrip()
