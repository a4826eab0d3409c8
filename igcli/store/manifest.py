"""The manifest: one line for each block of rows that is stored whole, with its checksum.

Of a run that goes on it lies among the parts, a line is added with each part. Of a finished one it
is a dataset of attributions.h5. A line carries a checksum of its own and the run's key: one that a
crash tore, or that an earlier run left, does not count.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from igcli.common.files import file_sha256
from igcli.store.content import stored_sha256
from igcli.store.files import append_line, write_whole
from igcli.store.layout import ATTRIBUTIONS, PARTS, manifest_path, part_path

_CHECK = "check"
# What earlier igclis did not write is left out where it says nothing.
_OPTIONAL = ("file", "place", "content")
# What a file with several blocks is called.
_FILE = re.compile(rf"({ATTRIBUTIONS}|{PARTS}/packed-\d{{9,}}\.h5)?")


@dataclass(frozen=True, slots=True)
class PartEntry:
    """One block of rows in the manifest: a part of its own, or a piece of a packed file.

    Attributes
    ----------
    run : str
        The run's key, as in run.json.
    start, rows : int
        The rows it holds.
    final : bool
        Whether it stays; else the run was stopped in it, and a resumed run computes it again.
    size : int
        Bytes: of the part; of its maps and images where it lies in a packed file.
    sha256 : str
        Of the part, byte for byte; of what is stored of its rows where it lies in a packed file
        (see `igcli.store.content`).
    seconds : float
        What it took.
    file : str
        The packed file that it lies in, relative to the run directory; "" for a part.
    place : int
        Where its first row lies in the file.
    content : str
        The SHA-256 of what is stored of a part's rows; "" where an earlier igcli wrote it, and for
        what lies in a packed file.
    """

    run: str
    start: int
    rows: int
    final: bool
    size: int
    sha256: str
    seconds: float
    file: str = ""
    place: int = 0
    content: str = ""

    @property
    def stop(self) -> int:
        """The row after its last."""
        return self.start + self.rows

    @property
    def is_part(self) -> bool:
        """Whether it is a file of its own."""
        return not self.file

    def path(self, out: Path) -> Path:
        """Return the file that it lies in."""
        return out / self.file if self.file else part_path(out, self.start)

    def is_whole(self, out: Path) -> bool:
        """Tell whether it is there, as it was written."""
        return is_as_written(self.path(out), self)


def is_as_written(path: Path, entry: PartEntry) -> bool:
    """Tell whether a file holds a block as it was written."""
    if entry.is_part:
        try:
            return path.stat().st_size == entry.size and file_sha256(path) == entry.sha256
        except OSError:
            return False
    return stored_sha256(path, entry.place, entry.rows) == entry.sha256


def append_entry(out: Path, entry: PartEntry) -> None:
    """List a block; it counts from now on."""
    append_line(manifest_path(out), manifest_line(entry))


def write_manifest(out: Path, entries: Sequence[PartEntry]) -> None:
    """Replace the manifest."""
    text = "".join(manifest_line(entry) + "\n" for entry in entries)
    write_whole(manifest_path(out), text.encode())


def read_manifest(out: Path, run: str) -> list[PartEntry]:
    """Return what is listed among a run's parts, by first rows; lines that don't count left out."""
    try:
        lines = manifest_path(out).read_bytes().split(b"\n")
    except OSError:
        return []
    return entries_in(lines, run)


def entries_in(lines: Iterable[bytes], run: str) -> list[PartEntry]:
    """Return the entries of a run in a manifest's lines, by first rows; of a row the last counts.

    Lines that do not count are left out.
    """
    entries = [entry for line in lines if (entry := _entry(line)) and entry.run == run]
    return sorted({entry.start: entry for entry in entries}.values(), key=lambda e: e.start)


def manifest_line(entry: PartEntry) -> str:
    """Return an entry's line."""
    fields = {key: value for key, value in asdict(entry).items() if value or key not in _OPTIONAL}
    return json.dumps({**fields, _CHECK: _check(fields)})


def _entry(line: bytes) -> PartEntry | None:
    try:
        fields = json.loads(line)
        check = fields.pop(_CHECK)
        is_ours = check == _check(fields) and _FILE.fullmatch(fields.get("file", ""))
        return PartEntry(**fields) if is_ours else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _check(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]
