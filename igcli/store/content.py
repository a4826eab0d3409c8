"""The content of stored rows: everything an HDF5 file holds of some rows, a piece at a time.

What is packed into one file with other rows has its checksum over this, whatever bytes HDF5 makes
of it: the columns, the maps, the images, the masses of regions and the path profiles, in this
order, each dataset by name.
"""

import hashlib
from collections.abc import Collection, Iterator
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.store.columns import columns_in
from igcli.store.datasets import array_names
from igcli.store.hdf5 import UNREADABLE
from igcli.store.profiles import FIELDS, GROUP, OFFSETS

# What is read at once.
_MOST_BYTES = 1 << 24


def content(
    file: Any, place: int, rows: int, arrays: Collection[str] | None = None
) -> Iterator[tuple[str, Array]]:
    """Yield what an open HDF5 file holds of some rows: names of datasets, and pieces of them.

    Parameters
    ----------
    file : h5py.File
        Of the layout of a part.
    place, rows : int
        Where the rows begin in it, and how many there are.
    arrays : collection of str or None
        The names of the arrays that must be there; None for those that are.
    """
    stop = place + rows
    for column in columns_in(file):
        yield column.dataset, file[column.dataset][place:stop]
    for name in array_names(file) if arrays is None else arrays:
        for begin, end in _pieces(file[name], place, stop):
            yield name, file[name][begin:end]
    yield from _profiles(file, place, stop)


def _pieces(dataset: Any, start: int, stop: int) -> Iterator[tuple[int, int]]:
    of_one = dataset.dtype.itemsize * prod(dataset.shape[1:])
    count = max(1, _MOST_BYTES // max(1, of_one))
    for begin in range(start, stop, count):
        yield begin, min(begin + count, stop)


def _profiles(file: Any, place: int, stop: int) -> Iterator[tuple[str, Array]]:
    """Yield the rows' counts of nodes and their nodes; nothing where no row has any.

    So rows without profiles are the same in a file of others that have some.
    """
    if GROUP not in file:
        return
    group = file[GROUP]
    offsets = group[OFFSETS][place : stop + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    if first == last:
        return
    yield f"{GROUP}/{OFFSETS}", np.diff(offsets)
    for name in FIELDS:
        for begin, end in _pieces(group[name], first, last):
            yield f"{GROUP}/{name}", group[name][begin:end]


class Digest:
    """A SHA-256 of content, the same however it was cut into pieces."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._name = ""

    def add(self, name: str, piece: Array) -> None:
        """Take the next piece of a dataset."""
        if name != self._name:
            self._name = name
            self._sha256.update(f"\n{name}\n".encode())
        self._sha256.update(_texts(piece) if piece.dtype == object else _numbers(piece))

    def text(self) -> str:
        """Return it in hexadecimal."""
        return self._sha256.hexdigest()


def _texts(piece: Array) -> bytes:
    """Return texts end to end, each with its length before it."""
    return b"".join(len(text).to_bytes(8, "little") + text for text in piece.tolist())


def _numbers(piece: Array) -> memoryview:
    """Return numbers as they are in memory, little-endian."""
    return np.ascontiguousarray(piece, piece.dtype.newbyteorder("<")).data


def content_sha256(file: Any, place: int, rows: int) -> str:
    """Return the checksum of what an open HDF5 file holds of some rows."""
    digest = Digest()
    for name, piece in content(file, place, rows):
        digest.add(name, piece)
    return digest.text()


def stored_sha256(path: Path, place: int, rows: int) -> str:
    """Return the checksum of what a file holds of some rows; "" where that can't be read."""
    try:
        with h5py.File(path, "r") as file:
            return content_sha256(file, place, rows)
    except UNREADABLE:
        return ""
