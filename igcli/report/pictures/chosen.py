"""The chosen rows of a run: which of its explanations are drawn, and in which order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.inputs.where import where_stored


def _magnitude(number: float | None) -> float:
    return -1.0 if number is None else abs(number)


ORDERS: dict[str, Callable[[Explanation], float]] = {
    "delta": lambda row: _magnitude(row.delta),
    "score": lambda row: float("-inf") if row.score is None else row.score,
    "error": lambda row: _magnitude(row.error_estimate),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the explanations that IDs name are drawn.

    Attributes
    ----------
    where : tuple of str
        Conditions, as `igcli.inputs.where.where_stored` takes them; all must hold.
    order : str or None
        A name from `ORDERS`, the largest first; None for the order they are named in.
    count : int or None
        The first so many of them; None for all.
    """

    where: tuple[str, ...] = ()
    order: str | None = None
    count: int | None = None

    def of(self, rows: Sequence[Explanation]) -> list[Explanation]:
        """Return the rows that are drawn.

        Raises
        ------
        ConfigError
            When there is no such condition.
        InputError
            When conditions hold for none, or true classes are asked for and none are stored.
        """
        holds = where_stored(self.where)
        asks = [text for text in self.where if text in ("wrong", "right")]
        if asks and all(row.correct is None for row in rows):
            raise InputError(
                f"--where {asks[0]}: no true classes are stored",
                fix="explain with --truth folder, FILE or COLUMN",
            )
        chosen = [row for row in rows if holds(row)]
        if self.where and not chosen:
            raise InputError(
                f"no explanation is left by --where {' --where '.join(self.where)}",
                f"{len(rows)} were looked at",
                "see the columns of results.csv",
            )
        if self.order is not None:
            # A failed row has no numbers: it comes last.
            key = ORDERS[self.order]
            chosen.sort(key=lambda row: (row.status == "ok", key(row)), reverse=True)
        return chosen[: self.count]
