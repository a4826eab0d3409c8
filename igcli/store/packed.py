"""The packed file: a finished run's attributions.h5, which needs nothing beside it.

It holds what the parts held, copied a piece at a time, and their manifest.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli import __version__
from igcli.common.arrays import Array
from igcli.common.errors import NotWhole, first_line
from igcli.store.array_file import ArrayFile
from igcli.store.columns import copy_columns
from igcli.store.content import Digest, content
from igcli.store.datasets import array_names
from igcli.store.files import whole_file
from igcli.store.frame import Frame
from igcli.store.hdf5 import UNREADABLE
from igcli.store.layout import ATTRIBUTIONS
from igcli.store.manifest import PartEntry, entries_in, manifest_line
from igcli.store.profiles import FIELDS, GROUP, OFFSETS, joined_offsets
from igcli.store.seal import is_as_sealed, write_seal

_MANIFEST = "manifest"
# As long as the checksum of a block, which is known once the block is copied.
_NOT_YET = "0" * 64
# Beside the arrays: what HDF5 needs, the columns of a row, texts and all, and what is stored of a
# node.
_FRAME_BYTES = 1 << 15
_ROW_BYTES = 1024
_NODE_BYTES = 8 * len(FIELDS)


class Packing:
    """Blocks to be packed into one file.

    Parameters
    ----------
    files : sequence of ArrayFile
        The blocks, in row order; one at least.
    run : str
        The key of the run that they make up.

    Attributes
    ----------
    bytes : int
        About how large the file will be.
    """

    def __init__(self, files: Sequence[ArrayFile], run: str) -> None:
        self._files, self._run = files, run
        with h5py.File(files[0].path, "r") as first:
            self._arrays = {n: (first[n].shape[1:], first[n].dtype) for n in array_names(first)}
        self._spans = [file.span for file in files]
        self._offsets = joined_offsets(self._spans)
        self._rows = sum(file.rows for file in files)
        self._nodes = 0 if self._offsets is None else int(self._offsets[-1])
        self._row_bytes = sum(
            prod(shape) * dtype.itemsize for shape, dtype in self._arrays.values()
        )
        beside = _FRAME_BYTES + self._rows * _ROW_BYTES + self._nodes * _NODE_BYTES
        self.bytes = self._rows * self._row_bytes + beside

    def write(self, path: Path, check: Callable[[], None]) -> list[PartEntry]:
        """Write the file, in the place of the one that may be there; return its manifest.

        Parameters
        ----------
        path : Path
            attributions.h5.
        check : callable
            Called before each piece; what it raises ends the packing, with nothing changed.
        """
        entries = self._entries()
        frame = self._frame(_lines(entries).dtype)
        with whole_file(path) as temporary, temporary.open("r+b") as target:
            frame.copy_to(target)
            for i, file in enumerate(self._files):
                digest = None if entries[i].sha256 != _NOT_YET else Digest()
                for name, piece in _read(file, self._arrays):
                    check()
                    if digest is not None:
                        digest.add(name, piece)
                    frame.fill(target, name, piece)
                if digest is not None:
                    entries[i] = replace(entries[i], sha256=digest.text())
            frame.fill(target, _MANIFEST, _lines(entries))
            write_seal(target, frame.arrays)
        return entries

    def _entries(self) -> list[PartEntry]:
        """Return the manifest, but for checksums of what an earlier igcli wrote as parts."""
        entries, place = [], 0
        for file in self._files:
            size = file.rows * self._row_bytes
            known = file.entry.content if file.entry.is_part else file.entry.sha256
            entry = replace(file.entry, run=self._run, size=size, sha256=known or _NOT_YET)
            entries.append(replace(entry, file=ATTRIBUTIONS, place=place, content=""))
            place += file.rows
        return entries

    def _frame(self, line: Any) -> Frame:
        frame = Frame()
        with frame.opened() as file:
            file.attrs["igcli"], file.attrs["run"] = __version__, self._run
            for name, (shape, dtype) in self._arrays.items():
                frame.reserve(file, name, (self._rows, *shape), dtype)
            copy_columns(self._spans, file)
            if self._offsets is not None:
                file.create_dataset(f"{GROUP}/{OFFSETS}", data=self._offsets)
                for name in FIELDS:
                    frame.reserve(file, f"{GROUP}/{name}", (self._nodes,), np.dtype("f8"))
            frame.reserve(file, _MANIFEST, (len(self._files),), line, is_large=False)
        return frame


def _lines(entries: Sequence[PartEntry]) -> Array:
    return np.array([manifest_line(entry).encode() for entry in entries], "S")


def _read(file: ArrayFile, arrays: Collection[str]) -> Iterator[tuple[str, Array]]:
    try:
        with h5py.File(file.path, "r") as source:
            yield from content(source, file.entry.place, file.rows, arrays)
    except UNREADABLE as error:
        raise NotWhole(
            f"{file.title} can't be read", first_line(error), "run again with --resume"
        ) from error


def read_packed(path: Path, run: str) -> list[PartEntry]:
    """Return the manifest of a packed file.

    It is empty where the file is none or another run's, or is not as it was written, whatever the
    blocks: then nothing in it can be found.
    """
    return [replace(entry, file=ATTRIBUTIONS) for entry in entries_in(_stored_lines(path), run)]


def is_packed(path: Path) -> bool:
    """Tell whether a file is a packed one, of whatever run, damaged or not."""
    return is_as_sealed(path) is False or bool(_stored_lines(path))


def _stored_lines(path: Path) -> list[bytes]:
    """Return the lines of a file's manifest.

    One without a seal has lost it to a program that opened it to write: its blocks have their
    checksums.
    """
    if is_as_sealed(path) is False:
        return []
    try:
        with h5py.File(path, "r") as file:
            lines: list[bytes] = file[_MANIFEST][()].tolist()
    except UNREADABLE:
        return []
    return lines
