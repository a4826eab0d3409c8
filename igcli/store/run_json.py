"""run.json: what was asked and what ran."""

import json
from pathlib import Path
from typing import Any, Literal

from igcli.common.errors import InputError, NotComparable
from igcli.store.files import write_whole
from igcli.store.layout import RUN

# What the small files end in that `igcli baseline` makes of run directories.
REFERENCE = ".igref"
Status = Literal["running", "complete", "partial"]


def read_about(out: Path) -> dict[str, Any]:
    """Return what run.json says of an igcli run; nothing where a folder holds none."""
    try:
        about = json.loads((out / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) and "igcli" in about else {}


def write_about(out: Path, status: Status, about: dict[str, Any]) -> None:
    """Replace run.json."""
    text = json.dumps({"status": status, **about}, indent=2)
    write_whole(out / RUN, f"{text}\n".encode())


def any_run(title: str, out: Path) -> dict[str, Any]:
    """Return what run.json says; `title` is what to call the folder in errors.

    Raises
    ------
    InputError
        When there is no igcli run.
    """
    about = read_about(out)
    if not about:
        raise InputError(
            f"{title} is no igcli run", why_no_run(out), "name the folder that igcli run wrote"
        )
    return about


def finished_run(title: str, out: Path) -> dict[str, Any]:
    """Return what run.json says of a finished run; see `any_run`.

    Raises
    ------
    InputError
        When there is no igcli run.
    NotComparable
        When it is not finished.
    """
    about = any_run(title, out)
    if about.get("status") != "complete" or not isinstance(about.get("identity"), dict):
        raise NotComparable(
            f"{title} is no finished run",
            f"its run.json says {about.get('status')}",
            "finish it with --resume",
        )
    return about


def why_no_run(path: Path) -> str:
    """Say what a path is that holds no run."""
    if path.is_dir():
        return "it has no run.json of one"
    if not path.exists():
        return "there is no such folder"
    if path.suffix == REFERENCE:
        return "it is a reference file, which igcli baseline made of one"
    return "it is a file"
