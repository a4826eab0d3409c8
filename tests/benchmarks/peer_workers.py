"""The peers' environments, and the processes that run in them."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

HERE = Path(__file__).resolve().parent
STAMP = "requirements.txt"
# What `igcli.cli.main.main` sets before numpy is imported.
AS_THE_COMMAND = {"OPENBLAS_NUM_THREADS": "1"}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "GRPC_VERBOSITY": "ERROR", "PYTHONUNBUFFERED": "1"}


class PeerError(Exception):
    """A peer can't be installed or run; the text is the reason."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment: pip's requirements, and where else than on PyPI it looks."""

    name: str
    requirements: tuple[str, ...]
    index: str | None = None

    def python(self, cache: Path) -> Path:
        """Return the environment's Python; make and fill the environment where it is not there."""
        folder = cache / self.name
        python, stamp = folder / "bin" / "python", folder / STAMP
        wanted = "\n".join(self.requirements) + "\n"
        if not (stamp.is_file() and stamp.read_text() == wanted):
            if stamp.is_file() or not python.is_file():
                shutil.rmtree(folder, ignore_errors=True)
                self._run([sys.executable, "-m", "venv", str(folder)])
            extra = ["--extra-index-url", self.index] if self.index else []
            install = [
                str(python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ]
            self._run([*install, *self.requirements, *extra])
            stamp.write_text(wanted)
        return python

    def _run(self, command: list[str]) -> None:
        print(f"{self.name}: {' '.join(command[1:])}", file=sys.stderr, flush=True)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise PeerError(f"can't be installed: {_last_line(done.stderr)}")


class Worker:
    """A process that explains with one tool."""

    def __init__(self, python: Path, tool: str, log: Path) -> None:
        self._log = log
        own = python == Path(sys.executable)
        paths = os.pathsep.join([str(HERE), str(ROOT)] if own else [str(HERE)])
        settings = QUIET | AS_THE_COMMAND if own else QUIET
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [str(python), "-m", "workers", tool],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=log.parent,
                env={**os.environ, **settings, "PYTHONPATH": paths},
            )

    def ask(self, **message: Any) -> dict[str, Any]:
        """Send one message and return its answer."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(json.dumps(message) + "\n")
            stdin.flush()
        except BrokenPipeError:
            pass
        line = stdout.readline()
        if not line:
            code = self._process.wait()
            raise PeerError(f"ended with code {code}: {_last_line(self._log.read_text())}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
