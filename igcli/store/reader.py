"""Explanations back out of parts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.records import Array, Explanation, Part
from igcli.store.columns import COLUMNS, read_column
from igcli.store.layout import part_path
from igcli.store.manifest import PartEntry
from igcli.store.parts import IMAGES, MAPS


def read_rows(out: Path, entries: list[PartEntry]) -> Iterator[Explanation]:
    """Yield the parts' rows in order, without maps and pictures."""
    for entry in entries:
        with h5py.File(part_path(out, entry.start), "r") as file:
            columns = {column.name: read_column(column, file) for column in COLUMNS}
        for i in range(entry.rows):
            fields: dict[str, Any] = {name: values[i] for name, values in columns.items()}
            yield Explanation(row=entry.start + i, **fields)


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
