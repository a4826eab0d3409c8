"""Names inside a run directory, and how a file gets there whole."""

import hashlib
import os
import shutil
from collections.abc import Iterator
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

    A name too long for a file system is cut, and a hash of the whole keeps it unique.
    """
    *folders, name = explanation_id.split("/")
    if len(name.encode()) + len(".png") > _MAX_NAME_BYTES:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = name.encode()[:200].decode("utf-8", "ignore") + "-" + digest
    return out.joinpath(OVERLAYS, *folders, name + ".png")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there, synced, when the block succeeds."""
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    temporary.touch(exist_ok=False)
    try:
        yield temporary
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
        if not (out / RUN).is_file():
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


def prepare_out(out: Path) -> None:
    """Make `out` and its folders, and remove an earlier run's own files; others are left alone."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in OWN_NAMES:
            path = out / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        (out / PARTS).mkdir()
    except OSError as error:
        raise OutputError(
            f"OUT {out} can't be written", str(error), "name another folder with -o"
        ) from error
