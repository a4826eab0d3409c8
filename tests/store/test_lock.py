"""One run at a time: real processes, killed and alive, and file systems without locks."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from igcli.common.errors import OutputError
from igcli.store.lock import RunLock

HOLD = """
import sys, time
from pathlib import Path
from igcli.store.lock import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(out: Path) -> Iterator[int]:
    """A process that holds the lock, and is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGKILL)


def without_flock(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "no locks here")

    monkeypatch.setattr("fcntl.flock", refuse)


def test_the_holder_is_named_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path) as pid:
        with pytest.raises(OutputError) as caught, RunLock(tmp_path):
            pass
        assert f"by process {pid} on {socket.gethostname()}, since 20" in caught.value.cause
    assert (tmp_path / ".lock").exists()
    with RunLock(tmp_path):
        assert json.loads((tmp_path / ".lock").read_text())["process"] == os.getpid()
    assert not (tmp_path / ".lock").exists()


def test_a_lock_is_not_shared_within_a_process(tmp_path: Path) -> None:
    with RunLock(tmp_path), pytest.raises(OutputError, match="is being written"), RunLock(tmp_path):
        pass
    with RunLock(tmp_path):
        pass


def test_where_there_are_no_locks_a_living_holder_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holder(tmp_path):
        without_flock(monkeypatch)
        with pytest.raises(OutputError) as caught, RunLock(tmp_path):
            pass
        assert "remove" in caught.value.fix and ".lock" in caught.value.fix
    with RunLock(tmp_path):
        pass


def test_where_there_are_no_locks_nothing_is_known_of_another_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_flock(monkeypatch)
    there = {"process": 1, "host": "elsewhere", "since": "2026-01-01"}
    (tmp_path / ".lock").write_text(json.dumps(there))
    with pytest.raises(OutputError, match="by process 1 on elsewhere, since"), RunLock(tmp_path):
        pass
    assert json.loads((tmp_path / ".lock").read_text()) == there


@pytest.mark.parametrize("text", ["", "{", "[]", '{"process": 1}', '"x"'])
def test_a_torn_lock_file_names_nobody_and_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    without_flock(monkeypatch)
    (tmp_path / ".lock").write_text(text)
    with RunLock(tmp_path):
        pass


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="can't be written"), RunLock(tmp_path / "absent"):
        pass
