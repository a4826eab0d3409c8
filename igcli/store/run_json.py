"""run.json: what was asked and what ran."""

import json
from pathlib import Path
from typing import Any, Literal

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


def why_no_run(path: Path) -> str:
    """Say what a path is that holds no run."""
    if path.is_dir():
        return "it has no run.json of one"
    if not path.exists():
        return "there is no such folder"
    if path.suffix == REFERENCE:
        return "it is a reference file, which igcli baseline made of one"
    return "it is a file"
