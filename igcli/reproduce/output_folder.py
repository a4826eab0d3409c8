"""The output folder of an example: who may write there, and what is left of a refused one."""

import json
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from igcli.common.errors import OutputError, reason
from igcli.store.files import is_temporary, write_whole
from igcli.store.lock import RunLock, check_unlocked

ABOUT = "reproduce.json"


class OutputFolder:
    """The folder that an example is written to, and who may write there.

    Parameters
    ----------
    out : Path
        The folder.
    example : str
        The example's name.
    overwrite : bool
        Whether the same example in it may be replaced though it was finished.

    Attributes
    ----------
    replacing : bool
        Whether the same example is in it, and is to be replaced.

    Raises
    ------
    OutputError
        When it holds something that may not be replaced, or another process writes to it.
    """

    def __init__(self, out: Path, example: str, overwrite: bool) -> None:
        self.out = out
        self.replacing = _check(out, example, overwrite)
        self._made: list[Path] = []
        # What is written before the example begins, and what was there until then.
        self._before: dict[Path, bytes | None] = {}
        self._held = ExitStack()
        self._open = False

    def open(self) -> None:
        """Make the folder, and keep other processes from it.

        Raises
        ------
        OutputError
            When it can't be made, or another process has it.
        """
        if self._open:
            return
        missing = [path for path in (self.out, *self.out.parents) if not path.exists()]
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"OUT {self.out} can't be written",
                reason(error),
                "name another with -o",
            ) from error
        self._made = missing
        self._held.enter_context(RunLock(self.out))
        self._open = True

    def early(self, name: str) -> Path:
        """Return the path of a file to be written though the example may still be refused."""
        self.open()
        path = self.out / name
        self._before.setdefault(path, path.read_bytes() if path.is_file() else None)
        return path

    def write_about(self, about: dict[str, Any]) -> None:
        """Write reproduce.json."""
        text = json.dumps(about, indent=2, allow_nan=False) + "\n"
        write_whole(self.out / ABOUT, text.encode())

    def withdraw(self) -> None:
        """Put the folder back as it was: nothing was begun."""
        with suppress(OSError):
            for path, content in self._before.items():
                if content is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_bytes(content)
        self.close()
        with suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def close(self) -> None:
        """Let others write to the folder."""
        self._held.close()
        self._open = False

    def contents(self) -> list[str]:
        """Return the names of what is there, reproduce.json and hidden files aside."""
        if not self.out.is_dir():
            return []
        names = (path.name for path in self.out.iterdir())
        return sorted(name for name in names if name != ABOUT and not name.startswith("."))


def _check(out: Path, example: str, overwrite: bool) -> bool:
    """Tell whether the same example is in OUT, and may be replaced: when it was not finished, too.

    Raises OutputError where OUT is neither free nor that.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"OUT {out} is a file", fix="name a folder with -o")
    check_unlocked(out)
    if not out.is_dir() or all(is_temporary(path) for path in out.iterdir()):
        return False
    try:
        about = json.loads((out / ABOUT).read_text(encoding="utf-8"))
        there, status = about["asked"]["example"], about["status"]
    except (OSError, ValueError, LookupError, TypeError):
        raise OutputError(
            f"OUT {out} is not empty, and no example of igcli",
            "igcli replaces nothing but its own files",
            "name another folder with -o",
        ) from None
    if there != example:
        raise OutputError(f"OUT {out} holds the example {there}", fix="name another folder with -o")
    if status == "complete" and not overwrite:
        raise OutputError(
            f"OUT {out} holds the example already",
            fix="add --overwrite to replace it, or name another folder with -o",
        )
    return True
