"""Files that get into a run directory whole, and the debris of a crash removed."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from igcli.common.errors import OutputError
from igcli.common.files import has_header

_TEMPORARY = re.compile(r"\.[0-9a-f]{32}\.tmp")


@contextmanager
def whole_file(path: Path, synced: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there when the block succeeds.

    Before that, unless not `synced`, it is made safe against a power cut, and after it the name is:
    slow, and not needed for what can be drawn again.
    """
    temporary = temporary_in(path.parent)
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        if synced:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
        if synced:
            sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Put a whole file in the place of the one that may be there."""
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def check_ours(folder: Path, names: Sequence[str], fields: Iterable[str], fix: str) -> None:
    """Raise OutputError where a file is there already that igcli did not write.

    The first name is a table with these fields: by that, all of them are igcli's.
    """
    for name in names:
        if (folder / name).exists() and not has_header(folder / names[0], fields):
            raise OutputError(f"{folder / name} is there already, and not igcli's", fix=fix)


def link_or_copy(source: Path, path: Path) -> None:
    """Give a file that is never changed a second name, or a whole copy where that can't be."""
    try:
        os.link(source, path)
    except OSError:
        with whole_file(path) as temporary:
            shutil.copyfile(source, temporary)


def append_line(path: Path, line: str) -> None:
    """Add a line to a file, safe against a power cut once this returns."""
    with path.open("ab") as file:
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe against a power cut, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        # Some network file systems sync no folders; their names are safe or can't be made so.
        pass
    finally:
        os.close(handle)


def temporary_in(folder: Path) -> Path:
    """Return a name for what is not whole yet, or not part of the run yet."""
    return folder / f".{uuid4().hex}.tmp"


def give_name(temporary: Path, path: Path) -> None:
    """Move a whole file to its name, in the place of the one that may be there."""
    temporary.replace(path)
    sync_folder(path.parent)


def is_temporary(path: Path) -> bool:
    """Tell whether a file is what `whole_file` writes before it is whole."""
    return _TEMPORARY.fullmatch(path.name) is not None


def remove_temporary(folder: Path) -> None:
    """Remove what a crash left half-written below a folder."""
    for path in folder.rglob(".*.tmp"):
        if is_temporary(path):
            path.unlink(missing_ok=True)


def remove_files(folder: Path, pattern: str, is_ours: Callable[[Path], bool]) -> None:
    """Remove the matching files of ours below a folder, and folders that this leaves empty."""
    if not folder.is_dir():
        return
    for path in folder.rglob(pattern):
        if not path.is_dir() and is_ours(path):
            path.unlink()
    for top in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
        if not any(top.iterdir()):
            top.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
