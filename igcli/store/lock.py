"""The lock of a run directory: one run at a time.

The lock is the system's, on the file `.lock`: it ends with the process, however that ends. The file
says who holds it, and stands in for the lock on file systems that have none.
"""

import errno
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from igcli.common.errors import OutputError, reason
from igcli.store.layout import LOCK

try:
    import fcntl
except ImportError:  # pragma: no cover (Windows has no flock)
    fcntl = None  # type: ignore[assignment]

_TAKEN = {errno.EWOULDBLOCK, errno.EACCES}


class RunLock:
    """Holds a run directory while the context lasts.

    Parameters
    ----------
    out : Path
        The run directory, which exists.

    Raises
    ------
    OutputError
        On entering, when another process holds it; it is named.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._path = out / LOCK
        self._handle = -1

    def __enter__(self) -> "RunLock":
        while self._handle < 0:
            handle = self._open()
            try:
                self._take(handle)
                # Whoever held it before may have removed the file after it was opened here.
                if os.path.samestat(os.fstat(handle), self._path.stat()):
                    self._handle = handle
            except FileNotFoundError:
                pass
            finally:
                if self._handle < 0:
                    os.close(handle)
        os.ftruncate(self._handle, 0)
        os.write(self._handle, json.dumps(_me()).encode())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            # The place turned read-only: the lock itself ends all the same.
            pass
        os.close(self._handle)
        self._handle = -1

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise unwritable(self._out, error) from error

    def _take(self, handle: int) -> None:
        try:
            if fcntl is None:
                raise OSError(errno.ENOSYS, "no flock")
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _read(handle)
            if error.errno in _TAKEN:
                raise self._taken(holder, "wait for it, or name another folder as OUT") from error
            if holder and not _is_gone(holder):
                fix = f"wait for it; if it is gone, remove {self._path}"
                raise self._taken(holder, fix) from error

    def _taken(self, holder: dict[str, Any], fix: str) -> OutputError:
        who = "another process"
        if holder:
            who = f"process {holder['process']} on {holder['host']}, since {holder['since']}"
        return OutputError(f"OUT {self._out} is being written", f"by {who}", fix)


def unwritable(out: Path, error: OSError) -> OutputError:
    """Return the error for a run directory that the system lets nobody write to."""
    return OutputError(f"OUT {out} can't be written", reason(error), "name another folder as OUT")


def check_unlocked(out: Path) -> None:
    """Raise OutputError where another process holds a folder, which need not be there."""
    if (out / LOCK).exists():
        with RunLock(out):
            pass


def _me() -> dict[str, Any]:
    since = time.strftime("%Y-%m-%d %H:%M:%S %z")
    return {"process": os.getpid(), "host": socket.gethostname(), "since": since}


def _read(handle: int) -> dict[str, Any]:
    """Return who holds the lock; nothing when that was not written yet."""
    try:
        holder = json.loads(os.pread(handle, 4096, 0))
        return {key: holder[key] for key in ("process", "host", "since")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _is_gone(holder: dict[str, Any]) -> bool:
    """Tell whether a process of this machine has ended; of another's nothing is known."""
    if holder["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(holder["process"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError):
        pass
    return False
