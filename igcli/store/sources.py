"""The sources of a stored run: which HDF5 files hold its rows and its arrays.

This is the one place that knows where they lie. A finished run has them in attributions.h5, packed.
Of one that is not finished, or not packed, they are in the parts, and attributions.h5 refers to
them; its columns are those of a finished run.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py

from igcli.common.explanation import Explanation
from igcli.store.array_file import ArrayFile, array_files
from igcli.store.hdf5 import UNREADABLE, why_unreadable
from igcli.store.layout import ATTRIBUTIONS, manifest_path
from igcli.store.manifest import PartEntry, read_manifest
from igcli.store.packed import is_packed, read_packed
from igcli.store.reader import read_joined, read_rows
from igcli.store.seal import is_as_sealed
from igcli.store.span import joined


def read_entries(out: Path, run: str) -> list[PartEntry]:
    """Return a run's blocks, by their first rows.

    A packed file holds all that the parts hold: those that lie beside it were left by a process
    that was killed before it had removed them.
    """
    packed = read_packed(out / ATTRIBUTIONS, run)
    if packed:
        return packed
    entries = read_manifest(out, run)
    shared = {entry.file for entry in entries if not entry.is_part}
    damaged = {name for name in shared if is_as_sealed(out / name) is False}
    return [entry for entry in entries if entry.file not in damaged]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a run's rows and arrays are read from.

    Attributes
    ----------
    attributions : Path
        Its attributions.h5, which need not be there.
    arrays : tuple of ArrayFile
        In row order.
    is_packed : bool
        Whether they are all in attributions.h5.
    is_joined : bool
        Whether attributions.h5 has the columns of all rows: of a finished run.
    """

    attributions: Path
    arrays: tuple[ArrayFile, ...]
    is_packed: bool
    is_joined: bool

    @property
    def manifest(self) -> Path:
        """The file that lists the arrays."""
        return self.attributions if self.is_packed else manifest_path(self.attributions.parent)

    def rows(self, damaged: Callable[[str], Exception]) -> list[Explanation]:
        """Return the rows, without maps and pictures.

        `damaged` makes the error to raise of what is wrong with a file.
        """
        found: list[Explanation] = []
        for path, read in self._tables():
            try:
                found += read()
            except UNREADABLE as error:
                why = why_unreadable(path, error)
                raise damaged(f"{path} can't be read: {why}") from error
        return found

    def _tables(self) -> Iterator[tuple[Path, Callable[[], Iterable[Explanation]]]]:
        """Yield the files that the columns are read from, and what reads each."""
        if self.is_joined and not self.is_packed:
            yield self.attributions, partial(read_joined, self.attributions.parent)
        else:
            for span in joined(file.span for file in self.arrays):
                yield span.path, partial(read_rows, [span])

    def why_nothing(self, is_lacking: bool = True) -> str:
        """Say why nothing is listed, where that is because attributions.h5 can't be read.

        `is_lacking` tells whether there must be something, so that it must be there.
        """
        if self.arrays or self.manifest.exists():
            return ""
        if not is_lacking and not self.attributions.exists():
            return ""
        if is_as_sealed(self.attributions) is False:
            return f"{self.attributions} is not as it was written"
        if is_packed(self.attributions):
            return f"{self.attributions} has no rows of this run"
        try:
            h5py.File(self.attributions, "r").close()
        except UNREADABLE as error:
            why = why_unreadable(self.attributions, error)
            return f"{self.attributions} can't be read: {why}"
        parts = self.manifest.parent
        return "" if parts.exists() else f"{self.attributions} needs {parts}, which is not there"


def sources_of(out: Path, about: dict[str, Any]) -> Sources:
    """Return the sources of a run.

    Parameters
    ----------
    out : Path
        The run directory.
    about : dict
        What run.json says.
    """
    arrays = array_files(out, read_entries(out, str(about.get("run"))))
    return Sources(
        attributions=out / ATTRIBUTIONS,
        arrays=arrays,
        is_packed=bool(arrays) and arrays[0].path == out / ATTRIBUTIONS,
        is_joined=bool(arrays) and about.get("status") == "complete",
    )
