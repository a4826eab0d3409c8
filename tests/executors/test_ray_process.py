"""`igcli run --executor ray` as a process, on a real model: what it prints and leaves behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.executors.conftest import until

pytestmark = pytest.mark.slow

FLAGS = ["--executor", "ray", "--workers", "2", "--cpus-per-worker", "1", "--batch-size", "32"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for Ray's own files, whose name all its processes carry."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")
    folder = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def processes_of(folder: Path) -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in line:
            found.append(line)
    return found


def start(root: Path, folder: Path, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "igcli", "run", *map(str, arguments)],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(folder)}, start_new_session=True,
    )  # fmt: skip


def assert_nothing_left(folder: Path) -> None:
    until(lambda: not processes_of(folder), 30)
    assert not list(folder.glob("ray-*"))


def test_maps_equal_a_local_runs_and_nothing_is_left(
    root: Path, folder: Path, tmp_path: Path
) -> None:
    given = ["sample_data/digits.h5", "sample_data/digits"]
    code = (
        "import sys\nfrom igcli.cli.main import cli\n"
        "cli(sys.argv[1:], standalone_mode=False)\n"
        "assert not {'tensorflow', 'keras'} & sys.modules.keys()\n"
    )
    out, local = tmp_path / "out", tmp_path / "local"
    run = subprocess.run(
        [sys.executable, "-c", code, "run", *given, "-o", str(out), *FLAGS],
        cwd=root, capture_output=True, text=True, check=False,
        env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert [line.split()[0] for line in run.stdout.splitlines()] == [
        "explained", "failed", "error", "|delta|", "files", "workers",
    ]  # fmt: skip
    assert_nothing_left(folder)
    assert len(list((out / "overlays").iterdir())) == 10
    process = start(root, folder, *given, "-o", local, "--batch-size", "32")
    process.communicate()
    maps = []
    for path in (out, local):
        with h5py.File(path / "attributions.h5") as file:
            maps.append(file["attributions"][()])
    largest = np.abs(maps[1]).max(axis=(1, 2, 3), keepdims=True)
    assert (np.abs(maps[0] - maps[1]) <= 1e-4 * largest).all()
    about = json.loads((out / "run.json").read_text())
    assert about["config"]["executor"] == "ray" and len(about["workers"]) == 2
    assert about["batching"]["streams"] == 1


@pytest.mark.parametrize("at_once", [False, True])
def test_ctrl_c_leaves_a_resumable_run_and_nothing_else(
    root: Path, folder: Path, tmp_path: Path, at_once: bool
) -> None:
    """SIGINT goes to the whole group, as from a terminal: to Ray's processes too."""
    random = np.random.default_rng(0)
    np.save(tmp_path / "many.npy", random.integers(0, 256, (20_000, 28, 28), np.uint8))
    out = tmp_path / "out"
    given = ["sample_data/digits.h5", tmp_path / "many.npy", "-o", out, "--no-overlays"]
    run = start(root, folder, *given, *FLAGS)
    until(lambda: list(out.glob("parts/part-*.h5")) or run.poll() is not None)
    os.killpg(run.pid, signal.SIGINT)
    if at_once:
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        until(lambda: not processes_of(folder), 30)
        return
    stdout, stderr = run.communicate(timeout=90)
    assert run.returncode == 3, stderr
    assert "not reached" in stdout and "Traceback" not in stderr and "(raylet)" not in stdout
    assert "--executor ray" in stderr and "--resume" in stderr
    about = json.loads((out / "run.json").read_text())
    assert about["status"] == "partial" and about["counts"]["ok"] > 0
    assert not list(out.rglob("*.tmp"))
    assert_nothing_left(folder)
