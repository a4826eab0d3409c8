"""What the turns came to, as Markdown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray


@dataclass
class Record:
    """One tool's turns on one case.

    Attributes
    ----------
    first : float
        Seconds of the first turn, in which tools still trace and compile.
    turns : dict
        Seconds of each counted turn, by round.
    errors : list of float
        True error of each input's map, where there is an exact one.
    failure : str
        Why there is nothing, or no more.
    """

    tool: str
    inputs: int
    label: str = ""
    rows: int = 0
    peak_mb: float = 0.0
    first: float = 0.0
    turns: dict[int, float] = field(default_factory=dict)
    errors: list[float] = field(default_factory=list)
    failure: str = ""

    def rate(self, turn: int) -> float:
        """Rows per second in a round."""
        return self.rows / self.turns[turn]


@dataclass(frozen=True)
class Column:
    """A heading, and what stands below it for a record (given all of them)."""

    heading: str
    cell: Callable[[Record, Sequence[Record]], str]


def map_errors(maps: NDArray[np.floating], truth: NDArray[np.floating]) -> list[float]:
    """Return the L1 distance to the exact map over its L1 norm, for each input."""
    axes = tuple(range(1, truth.ndim))
    exact = truth.astype(np.float64)
    errors: list[float] = (np.abs(maps - exact).sum(axes) / np.abs(exact).sum(axes)).tolist()
    return errors


def _rate(record: Record, _: Sequence[Record]) -> str:
    return _number(median(record.rate(turn) for turn in record.turns))


def _seconds(record: Record, _: Sequence[Record]) -> str:
    return _number(median(record.turns.values()) / record.inputs)


def _rows(record: Record, _: Sequence[Record]) -> str:
    return f"{record.rows / record.inputs:.1f}"


def _first(record: Record, _: Sequence[Record]) -> str:
    return f"{_number(record.first)} s"


def _peak(record: Record, _: Sequence[Record]) -> str:
    return f"{record.peak_mb:,.0f} MB"


def _median_error(record: Record, _: Sequence[Record]) -> str:
    return f"{median(record.errors):.2%}" if record.errors else "–"


def _worst_error(record: Record, _: Sequence[Record]) -> str:
    return f"{max(record.errors):.2%}" if record.errors else "–"


def _together(record: Record, records: Sequence[Record], tool: str) -> list[tuple[Record, int]]:
    """Return `tool`'s record beside each round that both have."""
    other = next((other for other in records if other.tool == tool), None)
    return [(other, turn) for turn in record.turns if turn in other.turns] if other else []


def _spread(ratios: list[float]) -> str:
    if not ratios:
        return "–"
    return f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _igcli_rate(record: Record, records: Sequence[Record]) -> str:
    """Return igcli's rows per second over the record's, round by round."""
    both = _together(record, records, "igcli")
    return _spread([igcli.rate(turn) / record.rate(turn) for igcli, turn in both])


def _igcli_speed(record: Record, records: Sequence[Record]) -> str:
    """Return how many times faster igcli explains the same inputs, round by round."""
    both = _together(record, records, "igcli")
    return _spread([record.turns[turn] / igcli.turns[turn] for igcli, turn in both])


def _alibi_speed(record: Record, records: Sequence[Record]) -> str:
    """Return how many times faster than alibi the record is, round by round."""
    both = _together(record, records, "alibi")
    return _spread([alibi.turns[turn] / record.turns[turn] for alibi, turn in both])


_COSTS = (Column("first turn", _first), Column("peak memory", _peak))
_ERRORS = (Column("map error: median", _median_error), Column("worst", _worst_error))
BY_ROW = (
    Column("rows/s", _rate),
    Column("igcli's rows/s over the tool's: median (least–most)", _igcli_rate),
    *_COSTS,
    *_ERRORS,
)
BY_INPUT = (
    Column("rows each", _rows),
    Column("seconds each", _seconds),
    Column("igcli is faster: times, median (least–most)", _igcli_speed),
    Column("faster than alibi: times", _alibi_speed),
    *_COSTS,
    *_ERRORS,
)


def table(title: str, columns: Sequence[Column], records: Sequence[Record]) -> str:
    """Return the title and the table; a tool that failed has its reason in its row."""
    headings = ["tool", *(column.heading for column in columns)]
    lines = [title, "", _row(headings), _row(["---"] * len(headings))]
    for record in records:
        cells = [column.cell(record, records) for column in columns] if record.turns else []
        if record.failure:
            cells = [f"failed: {_flat(record.failure)}", *[""] * (len(columns) - 1)]
        lines.append(_row([record.label or record.tool, *cells]))
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")[:200]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
