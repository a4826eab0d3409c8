"""Text tables: the lines of a small text file, and its rows and columns where it is a CSV."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from igcli.common.errors import InputError

TABLES = frozenset({".csv", ".tsv"})
_DELIMITERS = "\t;,"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells each, stripped.

    Attributes
    ----------
    rows : list of list of str
        All of them; the first may be a header.
    """

    rows: list[list[str]]

    @property
    def columns(self) -> list[list[str]]:
        """The same, column by column."""
        return [list(column) for column in zip(*self.rows, strict=True)]

    def without_header(self) -> "Table":
        """Return the rows below the first."""
        return Table(self.rows[1:])


def read_text(path: Path, flag: str) -> str:
    """Return a UTF-8 text; raise InputError, with the flag, for what is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if "\0" in text:
            raise ValueError("binary, or UTF-16")
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(
            f"{flag} {path} can't be read", cause, "name a text file (CSV and JSON are)"
        ) from error
    return text


def lines_of(text: str, path: Path, flag: str) -> list[str]:
    """Return lines, stripped, blank ones at the end left out; raise InputError for none."""
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise InputError(f"{flag} {path} is empty", fix="write one entry a line")
    return [line.strip() for line in lines]


def table_of(text: str) -> Table | None:
    """Return a text as a table of two columns or more; None where it is none.

    The delimiter is the first of tab, semicolon and comma that cuts all lines alike.
    """
    for delimiter in _DELIMITERS:
        rows = _cut(text, delimiter)
        widths = {len(row) for row in rows}
        if len(widths) == 1 and widths.pop() > 1:
            return Table(rows)
    return None


def _cut(text: str, delimiter: str) -> list[list[str]]:
    try:
        read = csv.reader(text.splitlines(), delimiter=delimiter, strict=True)
        rows = [[cell.strip() for cell in row] for row in read]
    except csv.Error:
        return []
    return [row for row in rows if any(row)]


def whole_number(cell: str) -> int | None:
    """Return a cell's whole number (``3``, and ``3.0`` as pandas writes it); None for others."""
    digits = cell.removesuffix(".0")
    is_short = len(digits) < 20
    return int(digits) if is_short and digits.isascii() and digits.isdecimal() else None


def are_counted(cells: Sequence[str]) -> bool:
    """Tell whether cells are the numbers from 0 on, or from 1, each once, in any order."""
    numbers = sorted(-1 if n is None else n for n in map(whole_number, cells))
    return any(numbers == list(range(first, first + len(cells))) for first in (0, 1))
