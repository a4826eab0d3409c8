"""An array reader: any rows of a run's datasets, out of blocks that are checked before."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import IgcliError, first_line
from igcli.store.array_file import ArrayFile
from igcli.store.datasets import MAPS, scales_name
from igcli.store.half import from_half
from igcli.store.hdf5 import UNREADABLE


class ArrayReader:
    """Reads a run's arrays; one file is open at once.

    Parameters
    ----------
    files : sequence of ArrayFile
        In row order.
    damaged : callable
        Makes the error to raise of what is wrong with a file.
    """

    def __init__(self, files: Sequence[ArrayFile], damaged: Callable[[str], IgcliError]) -> None:
        self._files, self._damaged = files, damaged
        self._starts = np.array([file.start for file in files], np.int64)
        self._whole: set[int] = set()
        self._opened: tuple[Path, Any] | None = None

    def close(self) -> None:
        """Close the file that is open; reading opens it again."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def check(self, file: ArrayFile) -> None:
        """Raise the error unless a file is as it was written; it is read through once."""
        if file.start not in self._whole and not file.is_whole():
            raise self._damaged(f"{file.title} is not as it was written")
        self._whole.add(file.start)

    def stacked(self, datasets: Sequence[str], rows: Sequence[int]) -> dict[str, Array]:
        """Return some rows of some datasets, in the order given; maps as float32."""
        wanted = np.asarray(rows, np.int64)
        found: dict[str, Array] = {}
        for file in dict.fromkeys(self._file_of(row) for row in rows):
            here = np.flatnonzero((wanted >= file.start) & (wanted < file.stop))
            with self.opened(file) as opened:
                for name in datasets:
                    places = wanted[here] - file.start + file.entry.place
                    values, scales = _rows_of(opened[name], places), scales_name(name)
                    if name.startswith(MAPS) and scales in opened:
                        values = from_half(values, _rows_of(opened[scales], places))
                    if len(here) == len(wanted):
                        found[name] = values
                        continue
                    if name not in found:
                        found[name] = np.empty((len(wanted), *values.shape[1:]), values.dtype)
                    found[name][here] = values
        return found

    @contextmanager
    def at(self, row: int) -> Iterator[tuple[Any, int]]:
        """Give the open file that holds a row, and the row's place in it."""
        file = self._file_of(row)
        with self.opened(file) as opened:
            yield opened, file.span.place_of(row)

    @contextmanager
    def opened(self, file: ArrayFile) -> Iterator[Any]:
        """Give a checked file, open; raise the error where the block can't read it."""
        self.check(file)
        try:
            if self._opened is None or self._opened[0] != file.path:
                self.close()
                self._opened = file.path, h5py.File(file.path, "r")
            yield self._opened[1]
        except UNREADABLE as error:
            raise self._damaged(f"{file.path} can't be read: {first_line(error)}") from error

    def _file_of(self, row: int) -> ArrayFile:
        place = int(np.searchsorted(self._starts, row, side="right")) - 1
        if place < 0 or row >= self._files[place].stop:
            raise self._damaged(f"its manifest lists no part with row {row}")
        return self._files[place]


def _rows_of(dataset: Any, places: Array) -> Array:
    """Return some rows of a dataset: in one piece where that reads little more."""
    low, high = int(places.min()), int(places.max()) + 1
    if high - low > 2 * len(places):
        return np.stack([dataset[place] for place in places.tolist()])
    rows: Array = dataset[low:high]
    if len(rows) < high - low:
        raise IndexError(f"{dataset.name} has too few rows")
    is_all = len(places) == high - low and bool((np.diff(places) == 1).all())
    return rows if is_all else rows[places - low]
