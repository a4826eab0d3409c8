"""The sources of a stored run: which HDF5 files hold its rows and its arrays.

This is the one place that knows where they lie. Arrays are read from the run's parts, which have
checksums. Rows are read from attributions.h5, which joins the parts of a finished run, and from the
parts themselves while there is none.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.store.layout import ATTRIBUTIONS, part_path
from igcli.store.manifest import is_as_written, read_manifest


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """One HDF5 file with the maps, images and path profiles of consecutive rows.

    Attributes
    ----------
    path : Path
        Where it is.
    start, rows : int
        The rows it holds.
    size, sha256
        What it was when it was written.
    """

    path: Path
    start: int
    rows: int
    size: int
    sha256: str

    @property
    def stop(self) -> int:
        """The row after its last."""
        return self.start + self.rows

    def is_whole(self) -> bool:
        """Tell whether the file is there, byte for byte."""
        return is_as_written(self.path, self.size, self.sha256)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a run's rows and arrays are read from.

    Attributes
    ----------
    arrays : tuple of ArrayFile
        In row order.
    tables : tuple of (Path, int)
        The HDF5 files that have the columns of results.csv, and the row that each begins with.
    """

    arrays: tuple[ArrayFile, ...]
    tables: tuple[tuple[Path, int], ...]


def sources_of(out: Path, about: dict[str, Any]) -> Sources:
    """Return the sources of a run.

    Parameters
    ----------
    out : Path
        The run directory.
    about : dict
        What run.json says.
    """
    arrays = tuple(
        ArrayFile(part_path(out, e.start), e.start, e.rows, e.size, e.sha256)
        for e in read_manifest(out, str(about.get("run")))
    )
    if arrays and about.get("status") == "complete":
        return Sources(arrays, ((out / ATTRIBUTIONS, 0),))
    return Sources(arrays, tuple((file.path, file.start) for file in arrays))
