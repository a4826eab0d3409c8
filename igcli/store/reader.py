"""Explanations back out of parts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.store.columns import COLUMNS, read_column
from igcli.store.layout import ATTRIBUTIONS, part_path
from igcli.store.manifest import PartEntry
from igcli.store.parts import IMAGES, MAPS, map_names

# What h5py raises for a file that is no HDF5, lacks something, or holds it damaged.
UNREADABLE = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError)


def read_rows(out: Path, entries: list[PartEntry]) -> Iterator[Explanation]:
    """Yield the parts' rows in order, without maps and pictures."""
    for entry in entries:
        with h5py.File(part_path(out, entry.start), "r") as file:
            columns = _columns(file)
        for i in range(entry.rows):
            yield _row(columns, i, entry.start + i)


def read_joined(out: Path) -> list[Explanation]:
    """Return the rows that attributions.h5 has, without maps and pictures."""
    with h5py.File(out / ATTRIBUTIONS, "r") as file:
        columns = _columns(file)
    return [_row(columns, i, i) for i in range(len(columns["id"]))]


def read_maps(out: Path, rows: Sequence[int]) -> Iterator[Array]:
    """Yield the maps of some rows of attributions.h5, each flat: several one behind the other."""
    with h5py.File(out / ATTRIBUTIONS, "r") as file:
        datasets = [file[name] for name in map_names(file)]
        for row in rows:
            yield np.concatenate([dataset[row].ravel() for dataset in datasets])


def _columns(file: Any) -> dict[str, list[Any]]:
    return {column.name: read_column(column, file) for column in COLUMNS}


def _row(columns: dict[str, list[Any]], place: int, row: int) -> Explanation:
    return Explanation(row=row, **{name: values[place] for name, values in columns.items()})


def has_images(out: Path, entry: PartEntry) -> bool:
    """Tell whether a part holds what overlays are drawn over."""
    with h5py.File(part_path(out, entry.start), "r") as file:
        return IMAGES in file


def read_pictures(out: Path, entry: PartEntry, part: Part) -> Iterator[tuple[int, Array, Array]]:
    """Yield what a part's overlays are drawn from: the row's place in it, its map, its image.

    Failed rows are left out.
    """
    with h5py.File(part_path(out, entry.start), "r") as file:
        maps = file[MAPS]
        stored = maps if isinstance(maps, h5py.Dataset) else maps[part.name]
        for i in range(entry.rows):
            attribution: Array = stored[i]
            if not np.isnan(attribution).any():
                yield i, attribution, file[IMAGES][i]
