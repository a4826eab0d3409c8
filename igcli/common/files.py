"""Files: whether one is there, and the SHA-256 of files and folders."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_REFERENCES = re.compile(r"((?:[^=]*=)?data:)(.+)(:\d+)")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files in order, names included."""
    if path.is_dir():
        digest = hashlib.sha256()
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\0{file_sha256(file)}\n".encode())
        return digest.hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_file(text: str | Path) -> bool:
    """Tell whether `text` names a file; a text that can't be a path names none."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def file_in(text: str, folder: Path = Path()) -> tuple[str, Path] | None:
    """Return the file that FILE or NAME=FILE names, after what stands before it ("" or "NAME=").

    None for a text that names none; `folder` is where relative ones are looked for.
    """
    name, equals, file = text.rpartition("=")
    for before, path in (("", text), (f"{name}{equals}", file)):
        if is_file(folder / path):
            return before, folder / path
    return None


def listed(text: str, folder: Path = Path()) -> list[str]:
    """Return the texts of a list with commas between them; NAME=A,B is NAME=A and NAME=B.

    One that names a file, as `file_in` finds it, is that file.
    """
    if "," not in text or file_in(text, folder):
        return [text]
    found: list[str] = []
    before = ""
    for piece in text.split(","):
        name, equals, _ = piece.partition("=")
        if equals:
            before = f"{name}="
        found.append(piece if equals else f"{before}{piece}")
    return found


def references_in(text: str, folder: Path = Path()) -> tuple[str, Path, str] | None:
    """Return the folder or file of ``data:FOLDER:N``, with what stands before and behind it.

    None for a text that names none; `folder` is where relative ones are looked for.
    """
    found = _REFERENCES.fullmatch(text)
    if found is None or not (folder / found[2]).exists():
        return None
    return found[1], folder / found[2], found[3]


def names_sha256(folder: Path) -> str:
    """Return the SHA-256 of the names and sizes of a folder's files; of a file, of its content."""
    if not folder.is_dir():
        return file_sha256(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listed = "\n".join(f"{p.relative_to(folder).as_posix()}\0{p.stat().st_size}" for p in files)
    return hashlib.sha256(listed.encode()).hexdigest()


def has_header(path: Path, fields: Iterable[str]) -> bool:
    """Tell whether a file is a CSV that begins with these fields; not where it can't be read."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().rstrip("\r\n") == ",".join(fields)
    except (OSError, ValueError):
        return False
