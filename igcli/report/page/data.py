"""The page's data: JSON in script elements, which no browser runs or takes for HTML."""

import json
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from igcli.common.explanation import Explanation
from igcli.store.columns import AVERAGE_COLUMNS, COLUMNS, TRUTH_COLUMNS

# The hash of each input is in results.csv, and as long as all the numbers of a row.
_LEFT_OUT = frozenset({"sha256"})


def block(identity: str, pieces: Iterator[str]) -> Iterator[str]:
    """Yield a script element around JSON."""
    yield f'<script type="application/json" id="{identity}">'
    yield from pieces
    yield "</script>\n"


def as_json(value: Any) -> str:
    """Return JSON in ASCII on one line; nothing in it ends a script element or opens a comment."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def table(rows: Sequence[Explanation], pictured: Sequence[int], small: bool) -> str:
    """Return the rows, column by column, as results.csv has them; true classes where any is known.

    Numbers keep all their digits, and are null where results.csv is empty; infinite ones are the
    texts "inf" and "-inf".

    Parameters
    ----------
    rows : sequence of Explanation
        All of them.
    pictured : sequence of int
        The places in `rows` of those that can be looked at, in the order of their lines.
    small : bool
        Whether images are so small that their pixels are to be seen.
    """
    known = [
        column
        for column in (*AVERAGE_COLUMNS, *TRUTH_COLUMNS)
        if any(getattr(row, column.name) not in {None, ""} for row in rows)
    ]
    columns = {
        column.name: [_plain(getattr(row, column.name)) for row in rows]
        for column in (*COLUMNS, *known)
        if column.name not in _LEFT_OUT
    }
    for place, (name, _) in enumerate(rows[0].further if rows else ()):
        columns[name] = [row.further[place][1] for row in rows]
    return as_json({"small": small, "pictured": list(pictured), "columns": columns})


def _plain(value: Any) -> Any:
    return value if not isinstance(value, float) or isfinite(value) else str(value)
