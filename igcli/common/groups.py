"""Groups of rows: by prediction, target, true class, folder, or a column of the inputs' list."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.text import the_first

TRUTH, PREDICTION, TARGET, FOLDER = "truth", "prediction", "target", "folder"
_CLASSES = (TRUTH, PREDICTION, TARGET)
_SHOWN = 8


class Row(Protocol):
    """What is asked of a row: its numbers of classes, their names, and what a list says of it."""

    @property
    def id(self) -> str:
        """The input's path below the folder, or its number."""
        ...

    @property
    def target(self) -> int | None:
        """The explained class."""
        ...

    @property
    def target_name(self) -> str:
        """What it is called."""
        ...

    @property
    def prediction(self) -> int | None:
        """The predicted class."""
        ...

    @property
    def prediction_name(self) -> str:
        """What it is called."""
        ...

    @property
    def truth(self) -> int | None:
        """The true class, where it is known."""
        ...

    @property
    def truth_name(self) -> str:
        """What it is called."""
        ...

    @property
    def further(self) -> tuple[tuple[str, str], ...]:
        """The further columns of the inputs' list, names and texts."""
        ...


def default_column(rows: Sequence[Row]) -> str:
    """Return what rows are grouped by unless something is asked for: true classes, if known."""
    return TRUTH if any(row.truth is not None for row in rows) else PREDICTION


def group_names(rows: Sequence[Row], column: str, asked: str = "--by") -> list[str]:
    """Return the group of each row; "" where it has none.

    Parameters
    ----------
    rows : sequence of Explanation
        The rows.
    column : str
        "truth", "prediction", "target", "folder" or a further column of the inputs' list.
    asked : str
        What the column was named with, for the error.

    Raises
    ------
    ConfigError
        When no row has such a group.
    """
    names = _names(rows, column)
    if not any(names):
        further = [name for name, _ in rows[0].further] if rows else []
        known = [one for one in (*_CLASSES, FOLDER, *further) if any(_names(rows, one))]
        raise ConfigError(
            f"{asked} {column}: no row has that",
            f"rows have {the_first(known, _SHOWN) or 'nothing to group them by'}",
            "igcli run --truth tells true classes" if column == TRUTH else "name another column",
        )
    return names


def _names(rows: Sequence[Row], column: str) -> list[str]:
    if column == FOLDER:
        return [row.id.rpartition("/")[0] for row in rows]
    if column in _CLASSES:
        return [_class(row, column) for row in rows]
    return [dict(row.further).get(column, "") for row in rows]


def _class(row: Row, column: str) -> str:
    number = getattr(row, column)
    name = str(getattr(row, f"{column}_name"))
    return name or ("" if number is None else str(number))


def members(names: Sequence[str]) -> dict[str, Array]:
    """Return the places of each group's rows, the largest group first; "" is none."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name:
            found.setdefault(name, []).append(place)
    ordered = sorted(found, key=lambda name: (-len(found[name]), name))
    return {name: np.array(found[name]) for name in ordered}
