"""The frame of an HDF5 file: all of it but its large arrays, which are written around it.

HDF5 makes the frame in memory, and says where each array is to lie; their bytes are written as to
any file. So memory does not grow with them, and a full disk is an error as any other: where HDF5
itself meets one, it ends the process now and then.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import NotWhole

# Every HDF5 since 1.8 reads it, and what it writes beside the arrays has checksums.
_LIBVER = ("v108", "v108")


class Frame:
    """An HDF5 file with room for arrays.

    Attributes
    ----------
    arrays : list of (int, int)
        Where the bytes of each large array begin and end.
    """

    def __init__(self) -> None:
        self._memory = _SparseFile()
        # Where the next bytes of each array belong, and what a piece of it is like.
        self._next: dict[str, int] = {}
        self._like: dict[str, tuple[tuple[int, ...], Any]] = {}
        self.arrays: list[tuple[int, int]] = []

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Give the file, to write to it all but the large arrays."""
        with h5py.File(self._memory, "w", libver=_LIBVER) as file:
            yield file

    def reserve(
        self, file: Any, name: str, shape: tuple[int, ...], dtype: Any, is_large: bool = True
    ) -> None:
        """Make a dataset in the open file, and leave room for what is in it."""
        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        how.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        dataset = file.create_dataset(name, shape, dtype, dcpl=how)
        # One of no bytes lies nowhere.
        begin = dataset.id.get_offset() or 0
        self._next[name] = begin
        self._like[name] = shape[1:], dataset.dtype
        if is_large:
            self.arrays.append((begin, begin + dataset.id.get_storage_size()))

    def copy_to(self, target: BinaryIO) -> None:
        """Write the frame to an empty file."""
        self._memory.copy_to(target)

    def fill(self, target: BinaryIO, name: str, piece: Array) -> None:
        """Write the next piece of an array; what has no room is left out.

        Raises
        ------
        NotWhole
            When it is not like the others.
        """
        if name not in self._next:
            return
        like = piece.shape[1:], piece.dtype
        if like != self._like[name]:
            raise NotWhole(f"/{name} is not alike in all parts", f"{like}, not {self._like[name]}")
        target.seek(self._next[name])
        target.write(np.ascontiguousarray(piece).data)
        self._next[name] += piece.nbytes


class _SparseFile(io.RawIOBase):
    """A file in memory of which only what was written is kept, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        # In the order that they were written in: a later one may lie over an earlier one.
        self._pieces: list[tuple[int, bytes]] = []
        self._position = self._size = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = begin + offset
        return self._position

    def truncate(self, size: int | None = None) -> int:
        self._size = self._position if size is None else size
        return self._size

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append((self._position, piece))
        self._position += len(piece)
        self._size = max(self._size, self._position)
        return len(piece)

    def readinto(self, buffer: Any) -> int:
        first, count = self._position, len(buffer)
        found = bytearray(count)
        for begin, piece in self._pieces:
            low, high = max(begin, first), min(begin + len(piece), first + count)
            if low < high:
                found[low - first : high - first] = piece[low - begin : high - begin]
        buffer[:] = found
        self._position += count
        return count

    def seekable(self) -> bool:
        return True

    readable = writable = seekable

    def copy_to(self, target: BinaryIO) -> None:
        target.truncate(self._size)
        for begin, piece in self._pieces:
            target.seek(begin)
            target.write(piece)
