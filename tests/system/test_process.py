"""igcli as a process: what reaches stdout and stderr, and what a signal leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

COMMAND = [sys.executable, "-m", "igcli", "run"]


@pytest.mark.slow
def test_stdout_is_a_summary_and_the_h5_opens_in_another_process_from_another_folder(
    root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["sample_data/digits.h5", "sample_data/digits.npy", "-o", str(out)]
    run = subprocess.run(
        [*COMMAND, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert [line.split()[0] for line in run.stdout.splitlines()] == [
        "explained", "failed", "error", "|delta|", "pixels", "files",
    ]  # fmt: skip
    assert run.stderr == ""
    code = (
        "import h5py, sys, csv\n"
        "f = h5py.File(sys.argv[1] + '/attributions.h5')\n"
        "ids = [i.decode() for i in f['ids'][()]]\n"
        "sums = f['attributions'][()].reshape(10, -1).sum(1, dtype=float)\n"
        "rows = list(csv.DictReader(open(sys.argv[1] + '/results.csv')))\n"
        "assert ids == [r['id'] for r in rows] == [f'digits-{i:06d}' for i in range(10)]\n"
        "assert [float(r['attribution_sum']) for r in rows] == list(sums)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(out)], cwd="/", check=True)


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_done_and_exits_3(root: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "many.npy", np.zeros((20_000, 28, 28), np.uint8))
    out = tmp_path / "out"
    arguments = ["sample_data/digits.h5", str(tmp_path / "many.npy"), "-o", str(out)]
    run = subprocess.Popen(
        [*COMMAND, *arguments, "--no-overlays"],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(out.glob("parts/part-*.h5")) and time.monotonic() < deadline:
        time.sleep(0.2)
    run.send_signal(signal.SIGINT)
    stdout, stderr = run.communicate(timeout=60)
    assert run.returncode == 3, stderr
    assert "not reached" in stdout and "Traceback" not in stderr
    about = json.loads((out / "run.json").read_text())
    assert about["status"] == "partial"
    rows = (out / "results.csv").read_text().count("\n") - 1
    assert rows == about["counts"]["ok"] >= about["block"]
    assert "to go on: igcli run sample_data/digits.h5 " in stderr and "--resume" in stderr
