"""The outdir: whether a run may be written to a folder, and the folder made ready for it."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from igcli.common.errors import OutputError
from igcli.common.png import is_ours
from igcli.store.files import is_temporary, remove_files, remove_temporary
from igcli.store.layout import (
    AGREEMENT,
    AGREEMENT_CSV,
    AGREEMENT_JSON,
    AREAS,
    AREAS_CSV,
    AREAS_H5,
    ATTRIBUTIONS,
    ATTRIBUTIONS_NPY,
    CAUSAL,
    CAUSAL_CSV,
    CLUSTERS,
    CLUSTERS_CSV,
    FIGURES,
    FINDINGS,
    FINDINGS_JSON,
    LOCATE,
    LOCK,
    OVERLAYS,
    OWN_NAMES,
    PARTS,
    REPORT,
    RESULTS,
    RUN,
    manifest_path,
)
from igcli.store.lock import check_unlocked, unwritable
from igcli.store.manifest import PartEntry
from igcli.store.packed import is_packed
from igcli.store.run_json import read_about

# What lies among the parts: those of one block, files of several, and what attributions.h5 needs.
_PARTS = ("part-*.h5", "packed-*.h5")
_VIEWS = "view-*.h5"
# What was found in the maps, by folder: files beside pictures.
_FOUND = {
    CLUSTERS: (CLUSTERS_CSV, CAUSAL, CAUSAL_CSV),
    FINDINGS: (FINDINGS_JSON, LOCATE, CLUSTERS_CSV),
    AGREEMENT: (AGREEMENT_CSV, AGREEMENT_JSON),
    AREAS: (AREAS_CSV, AREAS_H5),
}


def check_out(out: Path, overwrite: bool, resume: bool = False) -> None:
    """Raise OutputError unless a run may be written to `out`; change nothing.

    A folder that is not empty is refused; with `overwrite` or `resume` it may hold an earlier run,
    but none that is being written now.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"OUT {out} is a file", fix="name a folder as OUT")
    if (out / LOCK).exists():
        _check_writable(out)
        check_unlocked(out)
    if out.is_dir() and not all(_is_debris(path) for path in out.iterdir()):
        _check_run(out, overwrite, resume)
    _check_writable(out)


def _check_run(out: Path, overwrite: bool, resume: bool) -> None:
    about = read_about(out)
    if not about and not manifest_path(out).is_file() and not is_packed(out / ATTRIBUTIONS):
        raise OutputError(
            f"OUT {out} is not empty, and no igcli run",
            "igcli replaces nothing but its own runs",
            "name another folder as OUT",
        )
    if not about and not overwrite:
        raise OutputError(
            f"OUT {out} holds an igcli run whose {RUN} is gone or damaged",
            "what was computed can't be told apart from another run's",
            "put it back, add --overwrite to replace the run, or name another folder as OUT",
        )
    if not (overwrite or resume):
        raise _holds_a_run(out, str(about["status"]) if "status" in about else "")


def _check_writable(out: Path) -> None:
    existing = out
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise OutputError(
            f"OUT {out} can't be written", f"{existing} is a file", "name another folder as OUT"
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(
            f"OUT {out} can't be written", f"{existing} is read-only", "name another folder as OUT"
        )


def _is_debris(path: Path) -> bool:
    """Tell what a run that was killed at once may leave: it is no reason to refuse a folder."""
    return path.name == LOCK or is_temporary(path) or (path.name == PARTS and _is_empty(path))


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _holds_a_run(out: Path, status: str) -> OutputError:
    if status not in {"running", "partial"}:
        return OutputError(
            f"OUT {out} holds a run already",
            fix="add --overwrite to replace it, or name another folder as OUT",
        )
    return OutputError(
        f"OUT {out} holds an unfinished run",
        fix="add --resume to finish it, --overwrite to replace it, or name another folder as OUT",
    )


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
                "name another folder as OUT, or copy it elsewhere first",
            )


def make_out(out: Path) -> None:
    """Make the run directory."""
    try:
        (out / PARTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(out, error) from error


def unlisted_parts(out: Path, entries: Sequence[PartEntry]) -> set[Path]:
    """Return the files among the parts that hold none of some manifest entries."""
    return _parts(out) - {entry.path(out) for entry in entries}


def _parts(out: Path) -> set[Path]:
    return {path for pattern in _PARTS for path in (out / PARTS).glob(pattern)}


def remove_parts(out: Path) -> None:
    """Remove the parts, all of which attributions.h5 holds, and their folder."""
    manifest_path(out).unlink(missing_ok=True)
    for path in (*_parts(out), *(out / PARTS).glob(_VIEWS)):
        path.unlink(missing_ok=True)
    remove_temporary(out / PARTS)
    # Where a file of somebody else's is in it, it stays.
    with suppress(OSError):
        (out / PARTS).rmdir()


def remove_joined(out: Path) -> None:
    """Remove the files that were made of all parts; the parts stay."""
    for name in (RESULTS, ATTRIBUTIONS, ATTRIBUTIONS_NPY, REPORT, LOCATE):
        (out / name).unlink(missing_ok=True)
    for folder, names in _FOUND.items():
        if not (out / folder).is_symlink():
            for name in names:
                (out / folder / name).unlink(missing_ok=True)
            remove_files(out / folder, "*.png", is_ours)
    for path in (out / PARTS).glob(_VIEWS):
        path.unlink()


def remove_debris(out: Path) -> None:
    """Remove what a crash left half-written."""
    for path in out.glob(".*.tmp"):
        if is_temporary(path):
            path.unlink()
    for name in (OVERLAYS, PARTS):
        remove_temporary(out / name)


def remove_run(out: Path) -> None:
    """Remove an earlier run's files but for its run.json; others are left alone."""
    for name in (OVERLAYS, FIGURES, PARTS):
        if (out / name).is_symlink():
            (out / name).unlink()
    remove_joined(out)
    remove_debris(out)
    manifest_path(out).unlink(missing_ok=True)
    for name in (OVERLAYS, FIGURES):
        remove_files(out / name, "*.png", is_ours)
    for pattern in _PARTS:
        remove_files(out / PARTS, pattern, lambda path: True)
    (out / PARTS).mkdir(exist_ok=True)
