"""Spans: consecutive rows of a run in one HDF5 file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

# Rows whose columns are read at once.
_MOST_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive rows in one file.

    Attributes
    ----------
    path : Path
        The file.
    start, rows : int
        The run's first row among them, and how many there are.
    place : int
        Where the first one lies in the file.
    """

    path: Path
    start: int
    rows: int
    place: int = 0

    @property
    def stop(self) -> int:
        """The row after its last."""
        return self.start + self.rows

    @property
    def places(self) -> slice:
        """Where its rows lie in the file."""
        return slice(self.place, self.place + self.rows)

    def place_of(self, row: int) -> int:
        """Return where one of the run's rows lies in the file."""
        return row - self.start + self.place

    def goes_on_with(self, other: "Span") -> bool:
        """Tell whether another span begins where this one ends, in the run and in the file."""
        ends = self.path, self.stop, self.places.stop
        return ends == (other.path, other.start, other.place)


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans in their order; those that go on with each other as one, up to a size."""
    last: Span | None = None
    for span in spans:
        if last and last.goes_on_with(span) and last.rows + span.rows <= _MOST_ROWS:
            last = replace(last, rows=last.rows + span.rows)
            continue
        if last:
            yield last
        last = span
    if last:
        yield last
