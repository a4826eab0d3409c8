"""The manifest: one line for each part that is whole, with its checksum, as parts are written.

A line carries a checksum of its own and the run's key: one that a crash tore, or that an earlier
run left, does not count.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from igcli.common.files import file_sha256
from igcli.store.files import append_line, write_whole
from igcli.store.layout import manifest_path, part_path

_CHECK = "check"


@dataclass(frozen=True, slots=True)
class PartEntry:
    """One part in the manifest.

    Attributes
    ----------
    run : str
        The run's key, as in run.json.
    start, rows : int
        The rows it holds.
    final : bool
        Whether it stays; else the run was stopped in it, and a resumed run computes it again.
    size : int
        Bytes.
    sha256 : str
        Of the file.
    seconds : float
        What it took.
    """

    run: str
    start: int
    rows: int
    final: bool
    size: int
    sha256: str
    seconds: float

    @property
    def stop(self) -> int:
        """The row after its last."""
        return self.start + self.rows

    def is_whole(self, out: Path) -> bool:
        """Tell whether the part is there, byte for byte."""
        return is_as_written(part_path(out, self.start), self.size, self.sha256)


def is_as_written(path: Path, size: int, sha256: str) -> bool:
    """Tell whether a file is there with the bytes that it was written with."""
    try:
        return path.stat().st_size == size and file_sha256(path) == sha256
    except OSError:
        return False


def append_entry(out: Path, entry: PartEntry) -> None:
    """List a part; it counts from now on."""
    append_line(manifest_path(out), _line(entry))


def write_manifest(out: Path, entries: list[PartEntry]) -> None:
    """Replace the manifest."""
    text = "".join(_line(entry) + "\n" for entry in entries)
    write_whole(manifest_path(out), text.encode())


def read_manifest(out: Path, run: str) -> list[PartEntry]:
    """Return a run's parts, by their first rows; lines that do not count are left out."""
    try:
        lines = manifest_path(out).read_bytes().split(b"\n")
    except OSError:
        return []
    entries = [entry for line in lines if (entry := _entry(line)) and entry.run == run]
    return sorted({entry.start: entry for entry in entries}.values(), key=lambda e: e.start)


def _line(entry: PartEntry) -> str:
    fields = asdict(entry)
    return json.dumps({**fields, _CHECK: _check(fields)})


def _entry(line: bytes) -> PartEntry | None:
    try:
        fields = json.loads(line)
        check = fields.pop(_CHECK)
        return PartEntry(**fields) if check == _check(fields) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _check(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]
