"""Real `igcli` processes without each paying for TensorFlow's import.

One process imports it and forks a child for every command line: `python -m tests.system.forking`
reads requests from stdin, one JSON a line, and answers each with one.
"""

import ctypes
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LIMIT = 120.0


def _serve() -> None:
    from igcli.models.runtime import import_tensorflow

    import_tensorflow()
    import igcli.models.open
    import igcli.runs.executors.local  # noqa: F401

    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = _fork(request) if "arguments" in request else os.waitpid(request["wait"], 0)[1]
        print(json.dumps(answer), flush=True)


def _fork(request: Any) -> int:
    pid = os.fork()
    if pid:
        return pid
    from igcli.cli.main import main

    _drop_privileges()
    streams = {1: request["stdout"], 2: request["stderr"]}
    for number, name in streams.items():
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(name or os.devnull, flags), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number in (number for number, name in streams.items() if name is None):
        os.close(number)
    if request["killed_at"]:
        _kill_at(*request["killed_at"])
    sys.argv = ["igcli", *request["arguments"]]
    code: Any = 70
    try:
        main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _kill_at(where: str, name: str, count: int) -> None:
    """Have this process killed as it calls a function for the n-th time."""
    holder, left = pkgutil.resolve_name(where), count
    real = getattr(holder, name)

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)

    setattr(holder, name, counted)


def _drop_privileges() -> None:
    """Give up what lets root ignore mode bits; see capset(2)."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capset(header, nothing)


@dataclass
class Child:
    """One `igcli` process."""

    pid: int
    ask: Callable[[Any], Any]
    folder: Path

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Return the exit code, or minus the signal that ended it."""
        return os.waitstatus_to_exitcode(self.ask({"wait": self.pid}))

    @property
    def stdout(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()


class Server:
    """Starts `igcli` processes; what they print goes to files in `folder`."""

    def __init__(self, process: Any, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._count = 0
        self.ask({})

    def ask(self, request: Any) -> Any:
        if request:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(
        self,
        *arguments: object,
        killed_at: tuple[str, str, int] | None = None,
        **streams: str | None,
    ) -> Child:
        """Start a command; `stdout` and `stderr` may go elsewhere, or be closed: None.

        `killed_at` names what holds a function, the function, and at which call of it the process
        is killed.
        """
        folder = self._folder / str(self._count)
        folder.mkdir()
        self._count += 1
        request = {
            "arguments": [str(argument) for argument in arguments],
            "killed_at": killed_at,
            **{name: str(folder / name) for name in ("stdout", "stderr")},
            **streams,
        }
        return Child(self.ask(request), self.ask, folder)


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.system.forking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        try:
            yield Server(process, folder)
        finally:
            process.kill()


def until(happened: Callable[[], object]) -> None:
    """Wait until something has happened."""
    end = time.monotonic() + _LIMIT
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


if __name__ == "__main__":
    _serve()
