"""`igcli run --executor ray` as a process, on a real model: what it prints and leaves behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.runs.executors.conftest import until

pytestmark = pytest.mark.slow

TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
FLAGS = ["--executor", "ray", "--workers", "2", "--cpus-per-worker", "1", "--batch-size", "32"]


@pytest.fixture
def folder(short: Path) -> Iterator[Path]:
    """A folder for Ray's own files, which tells its processes; none outlives it."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")
    yield short
    for pid in pids_of(short):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not pids_of(short), 60)


def pids_of(folder: Path, program: str = "") -> list[int]:
    """Return the processes that name a folder or have a file of it open, or a program's of them."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (path / "cmdline").read_text(errors="replace")
            opened = [os.readlink(file) for file in (path / "fd").iterdir()]
            ours = any(str(folder) in text for text in (line, *opened))
            if ours and line.split("\0")[0].endswith(program):
                found.append(int(path.name))
    return found


def start(
    root: Path, folder: Path, *arguments: object, **environment: str
) -> "subprocess.Popen[str]":
    # A Ray that other tests start in this process sets its token's mode here.
    usual = {name: value for name, value in os.environ.items() if name not in TOKEN}
    return subprocess.Popen(
        [sys.executable, "-m", "igcli", "run", *map(str, arguments)],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**usual, "TMPDIR": str(folder), **environment}, start_new_session=True,
    )  # fmt: skip


@pytest.fixture
def many(tmp_path: Path) -> list[object]:
    """More digits than are explained before something happens."""
    random = np.random.default_rng(0)
    np.save(tmp_path / "many.npy", random.integers(0, 256, (20_000, 28, 28), np.uint8))
    return ["sample_data/digits.h5", tmp_path / "many.npy", "-o", tmp_path / "out", "--no-overlays"]


def assert_ends(folder: Path) -> None:
    """Without its driver Ray ends; two agents of its own that do nothing take a minute."""
    names = "/gcs_server", "/raylet", "ray::_Actor", "ray::IDLE"
    until(lambda: not any(pids_of(folder, name) for name in names), 30)


def assert_nothing_left(folder: Path) -> None:
    until(lambda: not pids_of(folder), 30)
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
        "explained", "failed", "error", "|delta|", "pixels", "files", "workers",
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
    root: Path, folder: Path, tmp_path: Path, many: list[object], at_once: bool
) -> None:
    """SIGINT goes to the whole group, as from a terminal: to Ray's processes too."""
    out = tmp_path / "out"
    run = start(root, folder, *many, *FLAGS)
    until(lambda: list(out.glob("parts/part-*.h5")) or run.poll() is not None)
    os.killpg(run.pid, signal.SIGINT)
    if at_once:
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        assert_ends(folder)
        return
    stdout, stderr = run.communicate(timeout=90)
    assert run.returncode == 3, stderr
    assert "not reached" in stdout and "Traceback" not in stderr and "(raylet)" not in stdout
    assert "--executor ray" in stderr and "--resume" in stderr
    about = json.loads((out / "run.json").read_text())
    assert about["status"] == "partial" and about["counts"]["ok"] > 0
    assert not list(out.rglob("*.tmp"))
    assert_nothing_left(folder)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def head(folder: Path) -> str:
    """A head that asks for a token, with two cores; its address."""
    port = free_port()
    subprocess.run(
        [
            Path(sys.executable).with_name("ray"), "start", "--head", "--num-cpus=2",
            "--node-ip-address=127.0.0.1", f"--port={port}", "--include-dashboard=false",
            f"--object-store-memory={80 * 2**20}", f"--ray-client-server-port={free_port()}",
            f"--temp-dir={folder}/head",
        ],
        capture_output=True, check=True, env={**os.environ, **TOKEN},
    )  # fmt: skip
    return f"127.0.0.1:{port}"


@pytest.mark.parametrize("lost", ["/gcs_server", "/raylet"])
def test_a_lost_head_ends_the_run_in_order(
    root: Path, folder: Path, head: str, tmp_path: Path, many: list[object], lost: str
) -> None:
    out = tmp_path / "out"
    given = [*many, *FLAGS, "--ray-address", head]
    patience = {"RAY_gcs_rpc_server_reconnect_timeout_s": "4"}
    run = start(root, folder, *given, **TOKEN, **patience)
    until(lambda: list(out.glob("parts/part-*.h5")) or run.poll() is not None)
    (pid,) = pids_of(folder, lost)
    os.kill(pid, signal.SIGKILL)
    stdout, stderr = run.communicate(timeout=90)
    assert run.returncode == 3, stderr
    assert "not reached" in stdout and "Traceback" not in stderr
    what = "the head" if lost == "/gcs_server" else "this machine's part"
    assert f"{what} of the Ray cluster" in stderr and " is lost: not reached for " in stderr
    assert "igcli: to go on: igcli run " in stderr and stderr.rstrip().endswith("--resume")
    about = json.loads((out / "run.json").read_text())
    assert about["status"] == "partial" and about["counts"]["ok"] > 0


def test_another_igclis_ray_is_left_alone(
    root: Path, folder: Path, tmp_path: Path, many: list[object]
) -> None:
    run = start(root, folder, *many, *FLAGS, "--workers", 999)
    until(lambda: list(tmp_path.glob("out/parts/part-*.h5")) or run.poll() is not None)
    (raylet,) = pids_of(folder, "/raylet")
    line = Path(f"/proc/{raylet}/cmdline").read_text()
    (address,) = re.findall(r"--gcs-address=(\S+?)\0", line)
    given = ["sample_data/digits.h5", "sample_data/digits", "-o", tmp_path / "second", *FLAGS]
    second = start(root, folder, *given, "--ray-address", address)
    stderr = second.communicate(timeout=90)[1]
    assert second.returncode == 2
    assert "to fix this: set RAY_AUTH_MODE=token if that Ray asks for a token" in stderr
    second = start(root, folder, *given, "--ray-address", address, RAY_AUTH_MODE="token")
    stderr = second.communicate(timeout=90)[1]
    assert second.returncode == 2
    assert "another igcli has started the Ray that is found there" in stderr
    os.kill(run.pid, signal.SIGKILL)
    assert "igcli: note: --workers 999: only " in run.communicate()[1]
    assert_ends(folder)
    # Its folder is removed by the next.
    assert len(list(folder.glob("ray-igcli-*"))) == 1
    third = start(root, folder, *given)
    assert third.communicate(timeout=90) and third.returncode == 0
    assert not list(folder.glob("ray-*"))
