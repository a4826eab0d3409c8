"""Closed, full and abandoned standard streams: the work is done, and the exit code says so."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.forking import Server, server, until

IGCLI = f"{sys.executable} -m igcli"
FULL = "igcli: stdout can't be written: No space left on device (else the exit code would be {})\n"
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def shell(command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", command.replace("igcli", IGCLI, 1)],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("output")) as started:
        yield started


@pytest.fixture(scope="module")
def digits(root: Path) -> list[object]:
    """What explains three digits quickly."""
    data = root / "sample_data"
    settings = "--limit 3 --method riemann_middle --steps 4 --no-overlays"
    return ["run", data / "digits.h5", data / "digits.npy", *settings.split()]


@pytest.fixture(scope="module")
def reference(
    processes: Server, digits: list[object], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("reference") / "out"
    assert processes.start(*digits, "-o", out).wait() == 0
    return out


def assert_whole(out: Path, reference: Path) -> None:
    assert json.loads((out / "run.json").read_text())["status"] == "complete"
    assert (out / "results.csv").read_bytes() == (reference / "results.csv").read_bytes()
    assert (out / "attributions.h5").read_bytes()[:8] == b"\x89HDF\r\n\x1a\n"
    assert not (out / "parts").exists()


@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        ("igcli --version", 0, ""),
        ("igcli --version >&-", 0, ""),
        ("igcli --version <&- >&- 2>&-", 0, ""),
        pytest.param("igcli --version >/dev/full", 3, FULL.format(0), marks=needs_full),
        pytest.param("igcli --version >/dev/full 2>&1", 3, "", marks=needs_full),
        pytest.param("igcli --version >/dev/full 2>&-", 3, "", marks=needs_full),
        ("igcli nonsense 2>&-", 2, ""),
        pytest.param("igcli nonsense 2>/dev/full", 2, "", marks=needs_full),
        ("igcli run absent.h5 absent -o out <&- >&- 2>&-", 2, ""),
    ],
)
def test_streams_that_can_not_be_written(
    tmp_path: Path, redirected: str, code: int, said: str
) -> None:
    run = shell(redirected, tmp_path)
    assert (run.returncode, run.stderr) == (code, said)
    assert run.stdout.startswith("igcli, version") == (redirected == "igcli --version")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", ["--help", pytest.param("run --help", marks=pytest.mark.slow)]
)
def test_a_reader_that_has_gone_changes_nothing(tmp_path: Path, arguments: str) -> None:
    # The reader ends before anything is written.
    run = shell(f"(sleep 1; igcli {arguments}; echo $? >code) | true; sleep 1.5", tmp_path)
    until((tmp_path / "code").exists)
    until(lambda: (tmp_path / "code").read_text())
    assert (tmp_path / "code").read_text() == "0\n" and run.stderr == ""


def test_a_debugged_mistake_is_no_failed_gate(tmp_path: Path) -> None:
    run = shell("igcli compare absent other --debug", tmp_path)
    assert "Traceback" in run.stderr and run.returncode in {2, 3}


@pytest.mark.slow
@pytest.mark.parametrize("stderr", [None, pytest.param("/dev/full", marks=needs_full)])
def test_a_run_needs_no_stderr(
    processes: Server, digits: list[object], reference: Path, tmp_path: Path, stderr: str | None
) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert processes.start(*digits, "-o", out, "--overwrite", stderr=stderr).wait() == 0
        assert_whole(out, reference)


@pytest.mark.slow
def test_a_process_that_starts_without_streams_runs(
    root: Path, reference: Path, digits: list[object], tmp_path: Path
) -> None:
    command = " ".join(map(str, digits))
    run = shell(f"igcli {command} -o out <&- >&- 2>&-", tmp_path)
    assert run.returncode == 0
    assert_whole(tmp_path / "out", reference)


@pytest.mark.slow
@needs_full
@pytest.mark.parametrize(("gate", "own"), [([], 0), (["--fail-on", "delta:0"], 1)])
def test_a_full_stdout_is_told_after_the_work(
    processes: Server,
    digits: list[object],
    reference: Path,
    tmp_path: Path,
    gate: list[str],
    own: int,
) -> None:
    run = processes.start(*digits, *gate, "-o", tmp_path / "out", stdout="/dev/full")
    assert run.wait() == 3
    assert run.stderr.endswith(FULL.format(own))
    assert_whole(tmp_path / "out", reference)


@pytest.mark.slow
@pytest.mark.parametrize(("gate", "own"), [([], 0), (["--fail-on", "delta:0"], 1)])
def test_a_run_whose_reader_has_gone_keeps_its_exit_code(
    processes: Server,
    digits: list[object],
    reference: Path,
    tmp_path: Path,
    gate: list[str],
    own: int,
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    run = processes.start(*digits, *gate, "-o", tmp_path / "out", stdout=str(pipe))
    until((tmp_path / "out" / "run.json").exists)
    os.close(reader)
    assert run.wait() == own
    assert "stdout" not in run.stderr and "Pipe" not in run.stderr
    assert_whole(tmp_path / "out", reference)


@pytest.mark.slow
@needs_full
@pytest.mark.parametrize("command", ["inspect {model}", "compare {run} {run}", "merge {out} {run}"])
def test_every_command_says_what_was_lost(
    processes: Server, digits: list[object], reference: Path, tmp_path: Path, command: str
) -> None:
    words = command.format(model=digits[1], run=reference, out=tmp_path / "out").split()
    assert processes.start(*words, stdout=None, stderr=None).wait() == 0
    again = ["--overwrite"] if words[0] == "merge" else []
    run = processes.start(*words, *again, stdout="/dev/full")
    assert run.wait() == 3
    assert run.stderr.endswith(FULL.format(0))


def bar(rows: int, columns: int) -> bytes:
    """What a progress bar shows on a terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    code = "from igcli.cli.console import track; list(track(range(3), 3, unit='parts'))"
    subprocess.run([sys.executable, "-c", code], stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    return shown


@pytest.mark.parametrize(
    ("rows", "columns", "wide"), [(0, 0, 79), (0, 60, 79), (24, 0, 79), (24, 60, 59)]
)
def test_a_terminal_that_does_not_tell_its_size_shows_a_bar(
    rows: int, columns: int, wide: int
) -> None:
    shown = bar(rows, columns).decode().strip().split("\r")
    assert "3/3" in shown[-1] and "parts/s" in shown[-1]
    assert max(map(len, shown)) == wide
