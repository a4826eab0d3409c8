"""An array file: where the maps, images and path profiles of one block of rows are read from."""

from dataclasses import dataclass
from pathlib import Path

from igcli.store.manifest import PartEntry, is_as_written
from igcli.store.span import Span


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """An HDF5 file with a block of rows; it may hold others too.

    Attributes
    ----------
    path : Path
        Where it is.
    entry : PartEntry
        Which rows it holds, where in it, and what they were when they were written.
    """

    path: Path
    entry: PartEntry

    @property
    def start(self) -> int:
        """The block's first row."""
        return self.entry.start

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.entry.rows

    @property
    def stop(self) -> int:
        """The row after its last."""
        return self.entry.stop

    @property
    def span(self) -> Span:
        """Where the rows lie."""
        return Span(self.path, self.start, self.rows, self.entry.place)

    @property
    def title(self) -> str:
        """The file, and which rows of it where it holds others."""
        rows = "" if self.entry.is_part else f" (rows {self.start} to {self.stop - 1})"
        return f"{self.path}{rows}"

    def is_whole(self) -> bool:
        """Tell whether the rows are there, as they were written."""
        return is_as_written(self.path, self.entry)


def array_files(out: Path, entries: list[PartEntry]) -> tuple[ArrayFile, ...]:
    """Return the files of a run directory's blocks, in their order."""
    return tuple(ArrayFile(entry.path(out), entry) for entry in entries)


def spans_of(out: Path, entries: list[PartEntry]) -> list[Span]:
    """Return where a run directory's blocks lie, in their order."""
    return [file.span for file in array_files(out, entries)]
