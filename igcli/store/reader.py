"""The reader of explanations out of a run's parts."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import first_line
from igcli.common.explanation import Explanation
from igcli.store.columns import COLUMNS, read_column
from igcli.store.layout import ATTRIBUTIONS, part_path
from igcli.store.manifest import PartEntry
from igcli.store.parts import map_names

# What h5py raises for a file that is no HDF5, lacks something, or holds it damaged.
UNREADABLE = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError)


def why_unreadable(path: Path, error: Exception) -> str:
    """Say why a file can't be read; HDF5's own words are of use only where the file is there."""
    return first_line(error) if path.exists() else "it is not there"


def read_rows(out: Path, entries: list[PartEntry]) -> Iterator[Explanation]:
    """Yield the parts' rows in order, without maps and pictures."""
    for entry in entries:
        yield from read_table(part_path(out, entry.start), entry.start)


def read_joined(out: Path) -> list[Explanation]:
    """Return the rows that attributions.h5 has, without maps and pictures."""
    return read_table(out / ATTRIBUTIONS, 0)


def read_table(path: Path, start: int) -> list[Explanation]:
    """Return the rows of an HDF5 file that begins with row `start`, without maps and pictures."""
    with h5py.File(path, "r") as file:
        columns = {column.name: read_column(column, file) for column in COLUMNS}
    names, rows = list(columns), zip(*columns.values(), strict=True)
    return [
        Explanation(row=start + place, **dict(zip(names, values, strict=True)))
        for place, values in enumerate(rows)
    ]


def read_maps(out: Path, rows: Sequence[int]) -> Iterator[Array]:
    """Yield the maps of some rows of attributions.h5, each flat: several one behind the other."""
    with h5py.File(out / ATTRIBUTIONS, "r") as file:
        datasets = [file[name] for name in map_names(file)]
        for row in rows:
            yield np.concatenate([dataset[row].ravel() for dataset in datasets])
