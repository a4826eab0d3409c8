"""CSV text: tables as igcli writes them, and how explanations are named in them."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

# What tells an explanation, in tables that say something of each.
OF_ROW = ("id", "path", "target", "target_name", "prediction", "truth", "correct")


def of_row(row: Any) -> list[Any]:
    """Return what OF_ROW names of an explanation."""
    return [getattr(row, name) for name in OF_ROW]


def number_field(number: float | None) -> str:
    """Return a number with all its digits; "" for none."""
    return "" if number is None else repr(float(number))


def in_csv(fields: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table, in UTF-8."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows(rows)
    return file.getvalue().encode()
