"""Rows that people select of a stored run, by ids and glob patterns."""

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.store.run import StoredRun

# So many ids are searched for one that is alike.
_SEARCHED = 10_000


def select_rows(run: StoredRun, patterns: Sequence[str]) -> list[Explanation]:
    """Return the rows that ids or glob patterns name, in their order; all without any.

    Where an input has several explanations, its own id stands for all of them.

    Raises
    ------
    InputError
        When one names none.
    """
    if not patterns:
        return run.rows
    exact: dict[str, list[Explanation]] = {}
    for row in run.rows:
        for name in {row.id, run.input_of(row)}:
            exact.setdefault(name, []).append(row)
    chosen: dict[int, Explanation] = {}
    for pattern in patterns:
        found = exact.get(pattern) or _like(run, pattern)
        if not found:
            raise _unknown(run, pattern)
        chosen |= {row.row: row for row in found if row.row not in chosen}
    return list(chosen.values())


def _like(run: StoredRun, pattern: str) -> list[Explanation]:
    return [
        row
        for row in run.rows
        if fnmatchcase(row.id, pattern) or fnmatchcase(run.input_of(row), pattern)
    ]


def _unknown(run: StoredRun, pattern: str) -> InputError:
    near = get_close_matches(pattern, [row.id for row in run.rows[:_SEARCHED]], 3, 0.5)
    return InputError(
        f"no ID in {run.out} is {pattern!r}",
        f"near it are {', '.join(near)}" if near else "",
        "see the column id of results.csv",
    )
