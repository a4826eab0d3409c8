"""Names inside a run directory, and how a file gets there whole."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from igcli.errors import OutputError

RUN = "run.json"
RESULTS = "results.csv"
ATTRIBUTIONS = "attributions.h5"
ATTRIBUTIONS_NPY = "attributions.npy"
OVERLAYS = "overlays"
PARTS = "parts"
OWN_NAMES = (RUN, RESULTS, ATTRIBUTIONS, ATTRIBUTIONS_NPY, OVERLAYS, PARTS)
_MAX_NAME_BYTES = 255


def part_path(out: Path, start: int) -> Path:
    """Return the part that begins with row `start`."""
    return out / PARTS / f"part-{start:09d}.h5"


def overlay_path(out: Path, explanation_id: str) -> Path:
    """Return the picture of an explanation: overlays/ID.png, its folders kept.

    A name too long for a file system is cut, and a hash of the whole keeps it unique. A folder
    whose own name ends in .png gets ".d", lest it be some picture's name.
    """
    *folders, name = explanation_id.split("/")
    parts = [_cut(f + ".d" if f.lower().endswith(".png") else f, "") for f in folders]
    return out.joinpath(OVERLAYS, *parts, _cut(name, ".png"))


def _cut(name: str, suffix: str) -> str:
    if len(name.encode()) + len(suffix) > _MAX_NAME_BYTES:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = name.encode()[:200].decode("utf-8", "ignore") + "-" + digest
    return name + suffix


@contextmanager
def whole_file(path: Path, synced: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there when the block succeeds.

    Before that, unless not `synced`, it is made safe against a power cut: slow, and not needed for
    what can be drawn again.
    """
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        if synced:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def check_out(out: Path, overwrite: bool) -> None:
    """Raise OutputError unless a run may be written to `out`; change nothing.

    A folder that is not empty is refused; with `overwrite` it may hold an earlier run.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"OUT {out} is a file", fix="name a folder with -o")
    if out.is_dir() and any(out.iterdir()):
        if not is_run(out):
            raise OutputError(
                f"OUT {out} is not empty, and no igcli run",
                "igcli replaces nothing but its own runs",
                "name another folder with -o",
            )
        if not overwrite:
            raise OutputError(
                f"OUT {out} holds a run already",
                fix="add --overwrite to replace it, or name another folder with -o",
            )
    existing = out
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise OutputError(
            f"OUT {out} can't be written", f"{existing} is a file", "name another with -o"
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(
            f"OUT {out} can't be written", f"{existing} is read-only", "name another with -o"
        )


def is_run(out: Path) -> bool:
    """Tell whether a folder holds an igcli run, finished or not."""
    try:
        about = json.loads((out / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and "igcli" in about


def check_sources(out: Path, sources: Iterable[Path]) -> None:
    """Raise OutputError if a run into `out` would replace what it reads."""
    root = out.resolve()
    for source in (source for source in sources if source.exists()):
        inside = source.resolve()
        if inside == root or not inside.is_relative_to(root):
            continue
        if inside.relative_to(root).parts[0] in OWN_NAMES:
            raise OutputError(
                f"{source} lies in the run directory {out}",
                "the new run would replace it",
                "name another folder with -o, or copy it elsewhere first",
            )


def prepare_out(out: Path) -> None:
    """Make `out` and its folders, and remove an earlier run's own files; others are left alone."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in (RUN, RESULTS, ATTRIBUTIONS, ATTRIBUTIONS_NPY):
            (out / name).unlink(missing_ok=True)
        for name, pattern in ((OVERLAYS, "*.png"), (PARTS, "part-*.h5")):
            _remove_files(out / name, pattern)
        (out / PARTS).mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"OUT {out} can't be written", error.strerror or str(error), "name another with -o"
        ) from error


def _remove_files(folder: Path, pattern: str) -> None:
    """Remove the matching files below a folder, and every folder that this leaves empty."""
    if folder.is_symlink():
        folder.unlink()
    if not folder.is_dir():
        return
    for path in folder.rglob(pattern):
        if not path.is_dir():
            path.unlink()
    for top in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
        if not any(top.iterdir()):
            top.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
