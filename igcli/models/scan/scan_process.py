"""The scan process: HDF5 files are read apart, since a broken one may crash the C library.

What the scan reads there, Keras can read here.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from igcli.common.errors import ModelError
from igcli.models.scan.hdf5 import scan_hdf5

_CPU_SECONDS = 4
_SECONDS = 60
_MEMORY = 4 * 2**30
_FIX = "save the model again with model.save"


def scan_apart(path: Path, file: Path, attribute: str = "") -> tuple[Any, int]:
    """Do what `igcli.models.scan.hdf5.scan_hdf5` does, in a process of its own."""
    root = str(Path(__file__).resolve().parents[3])
    others = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{others}" if others else root}
    # -P: not what lies in the current folder, which may be the model's own, with a json.py in it.
    command = [sys.executable, "-P", "-m", __name__, str(path), str(file), attribute]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _unreadable(path, "reading it does not end") from None
    if done.returncode == -getattr(signal, "SIGXCPU", 0):
        raise _unreadable(path, "reading it does not end")
    if done.returncode != 0:
        raise _unreadable(path, f"reading it ends with {done.returncode}")
    found = json.loads(done.stdout)
    if "refused" in found:
        raise ModelError(*found["refused"])
    return found["value"], found["weight_bytes"]


def _unreadable(path: Path, cause: str) -> ModelError:
    return ModelError(f"{path} is not a readable HDF5 file", cause, _FIX)


def _bound_this_process() -> None:
    try:
        import resource
    except ImportError:
        # Windows: the time limit is all there is.
        return
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main(path: str, file: str, attribute: str) -> None:
    _bound_this_process()
    try:
        value, weight_bytes = scan_hdf5(Path(path), Path(file), attribute)
        found: dict[str, Any] = {"value": value, "weight_bytes": weight_bytes}
    except ModelError as error:
        found = {"refused": [error.problem, error.cause, error.fix]}
    print(json.dumps(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
