"""The seal: a checksum of all of an HDF5 file but its large arrays, as a line behind its end.

HDF5 reads past it, and cuts it off where it opens the file to write. Where the file's tables or its
own bookkeeping are damaged, HDF5 may not end, or give other texts: so a sealed file is held against
its seal before HDF5 sees it. Of the arrays each block has its checksum in the manifest.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

_NAME = "igcli"
# The line is no longer than this: it has two numbers for each array.
_MOST_BYTES = 1 << 16
_AT_ONCE = 1 << 22


def write_seal(file: BinaryIO, arrays: Sequence[tuple[int, int]]) -> None:
    """Add the seal to a file that is whole but for it.

    Parameters
    ----------
    file : binary file
        Open to be read and written.
    arrays : sequence of (int, int)
        Where the bytes of each array begin and end.
    """
    size = file.seek(0, 2)
    told = {_NAME: "seal", "size": size, "arrays": _merged(arrays)}
    line = json.dumps({**told, "sha256": _sha256(file, told)})
    file.seek(size)
    file.write(f"\n{line}\n".encode())


def is_as_sealed(path: Path) -> bool | None:
    """Tell whether a file is as its seal says; None where it has none."""
    try:
        with path.open("rb") as file:
            told = _read(file)
            return None if told is None else bool(told.pop("sha256") == _sha256(file, told))
    except (OSError, ValueError, TypeError, KeyError):
        return False if path.exists() else None


def _read(file: BinaryIO) -> Any:
    size = file.seek(0, 2)
    file.seek(max(0, size - _MOST_BYTES))
    line = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_seal = isinstance(told, dict) and told.get(_NAME) == "seal"
    return told if is_seal else None


def _merged(ranges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return ranges in order, those that touch each other as one."""
    merged: list[list[int]] = []
    for begin, end in sorted(ranges):
        if merged and begin <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([begin, end])
    return merged


def _sha256(file: BinaryIO, told: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    begin = 0
    for first, last in (*told["arrays"], (told["size"], told["size"])):
        for piece in _pieces(file, begin, first):
            digest.update(piece)
        begin = last
    return digest.hexdigest()


def _pieces(file: BinaryIO, begin: int, end: int) -> Iterator[bytes]:
    file.seek(begin)
    while begin < end:
        piece = file.read(min(_AT_ONCE, end - begin))
        if not piece:
            return
        begin += len(piece)
        yield piece
