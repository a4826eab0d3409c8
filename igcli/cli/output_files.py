"""Output files, which a command writes where a flag says: checked before any work."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from igcli.common.errors import OutputError, RunStopped, reason


def check_output(flag: str, path: Path) -> None:
    """Raise OutputError where a file can't be made, before work is done for it."""
    if not path.parent.is_dir():
        cause = f"there is no folder {path.parent}"
    elif not os.access(path.parent, os.W_OK):
        cause = f"the folder {path.parent} is not yours to write to"
    else:
        return
    raise OutputError(f"{flag} {path} can't be written", cause, "make that folder, or name another")


@contextmanager
def writing(flag: str, path: Path) -> Iterator[None]:
    """Turn an OSError while a file is written into an error that names the flag and the file."""
    try:
        yield
    except OSError as error:
        raise RunStopped(
            f"{flag} {path} can't be written",
            reason(error),
            "make room or name another file, and run this again",
        ) from error


def write_output(flag: str, path: Path, data: bytes) -> None:
    """Write a file that a flag names, whole or not at all."""
    from igcli.store.files import whole_file

    with writing(flag, path), whole_file(path) as temporary:
        temporary.write_bytes(data)
