"""The standard streams: open before anything else, and never what stops the work.

A command's own exit code holds, unless its stdout could not be written for a reader who is still
there.
"""

import errno
import io
import os
import select
import sys
from typing import Any, TextIO

from igcli.common import exit_codes
from igcli.common.errors import reason

# The reader wanted no more of it.
_GONE = frozenset({errno.EPIPE, errno.ECONNRESET})


class Streams:
    """Takes over descriptors 0, 1 and 2, closed ones included, when it is made."""

    def __init__(self) -> None:
        for number in range(3):
            _open_closed(number)
        if sys.stdin is None:
            sys.stdin = open(0, closefd=False)
        self._out = _Unfailing(1)
        sys.stdout = _text(self._out, sys.stdout, line_by_line=self._out.isatty())
        sys.stderr = _text(_Unfailing(2), sys.stderr, line_by_line=True)

    def exit_code(self, own: str | int | None) -> str | int | None:
        """Write what is left to write, and return the exit code of a command that gave `own`.

        It is 3, with a line on stderr, where stdout can't be written; a reader that has gone
        changes nothing.
        """
        sys.stdout.flush()
        failure = self._out.failure
        if failure is None or failure.errno in _GONE:
            return own
        cause = reason(failure)
        print(
            f"igcli: stdout can't be written: {cause} (else the exit code would be {own or 0})",
            file=sys.stderr,
        )
        return exit_codes.INCOMPLETE


class _Unfailing(io.FileIO):
    """An open descriptor to write to.

    Attributes
    ----------
    failure : OSError or None
        The first thing that went wrong; what could not be written then is dropped.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number, "w", closefd=False)
        self.failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write some of the bytes; return how many were written or, after a failure, dropped."""
        try:
            while (written := super().write(data)) is None:
                # Somebody who shares the descriptor made it non-blocking, and it is full.
                select.select([], [self], [])
            return written
        except OSError as error:
            self.failure = self.failure or error
            return memoryview(data).nbytes


def _open_closed(number: int) -> None:
    """Open a closed descriptor on nothing, lest the next file get its number."""
    try:
        os.fstat(number)
    except OSError:
        handle = os.open(os.devnull, os.O_RDWR)
        if handle != number:
            os.dup2(handle, number)
            os.close(handle)
        os.set_inheritable(number, True)


def _text(raw: _Unfailing, before: TextIO | None, line_by_line: bool) -> TextIO:
    """Return a text stream like the one before, which writes what it can't encode as escapes."""
    errors = before.errors if before is not None else None
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=before.encoding if before is not None else "utf-8",
        errors=errors if errors not in {None, "strict"} else "backslashreplace",
        line_buffering=line_by_line,
    )
