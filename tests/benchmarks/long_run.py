"""Is a long run's memory flat, and does its table match its arrays?

Run: ``python -m tests.benchmarks.long_run`` (needs the data folder that `tests/conftest.py` names;
Linux). MNIST's test digits twice, 20,000 explanations with all defaults, overlays included. The
resident set is sampled while the run stores its parts.
"""

import argparse
import csv
import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.store.manifest import read_manifest
from tests.benchmarks.accuracy import DATA
from tests.conftest import ROOT

_TENTHS = 10


def sampled(command: list[str], out: Path) -> list[tuple[int, float]]:
    """Run a command; return (rows stored, MB resident) five times a second."""
    samples = []
    with subprocess.Popen(command, cwd=ROOT) as process:
        while process.poll() is None:
            samples.append((_stored(out), _resident(process.pid)))
            time.sleep(0.2)
    if process.returncode:
        raise SystemExit(f"igcli ended with exit code {process.returncode}")
    return samples


def _stored(out: Path) -> int:
    try:
        run = json.loads((out / "run.json").read_text())["run"]
    except (OSError, ValueError, KeyError):
        return 0
    return sum(entry.rows for entry in read_manifest(out, run))


def _resident(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmRSS" in line)


def check_table(out: Path, count: int) -> None:
    """Compare every row of results.csv with the arrays."""
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with h5py.File(out / "attributions.h5") as stored:
        ids = stored["ids"].asstr()[()]
        if "attributions" not in stored:
            assert len(stored["regions"]) == count and np.isfinite(stored["regions"]).all()
            assert [row["id"] for row in rows] == list(ids) and len(set(ids)) == count
            print(f"results.csv and regions: {count:,} rows")
            return
        sums: Any = np.concatenate(
            [
                stored["attributions"][i : i + 512].sum(axis=(1, 2, 3), dtype=np.float64)
                for i in range(0, count, 512)
            ]
        )
    assert len(rows) == len(ids) == len(sums) == count
    assert [row["id"] for row in rows] == list(ids) and len(set(ids)) == count
    worst = max(abs(float(row["attribution_sum"]) - s) for row, s in zip(rows, sums, strict=True))
    print(f"results.csv: {count:,} rows; sums of the maps differ by at most {worst:.1e}")


def main() -> None:
    """Print the resident set by tenths of the run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--flags", default="", help='further flags, as in "--store regions"')
    asked = parser.parse_args()
    count = asked.count
    digits = np.load(DATA / "mnist_t10k.npz")["x"]
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "digits.npy", Path(folder) / "out"
        np.save(path, np.resize(digits, (count, *digits.shape[1:])))
        model = str(DATA / "mnist.h5")
        command = [sys.executable, "-m", "igcli", "run", model, str(path), "-o", str(out)]
        command += shlex.split(asked.flags)
        samples = [(rows, mb) for rows, mb in sampled(command, out) if 0 < rows < count and mb]
        tenths = [
            np.mean([mb for rows, mb in samples if tenth <= _TENTHS * rows / count < tenth + 1])
            for tenth in range(_TENTHS)
        ]
        print("resident, MB, by tenths: " + ", ".join(f"{mb:.0f}" for mb in tenths))
        print(f"last over first: {tenths[-1] / tenths[0]:.3f}")
        check_table(out, count)


if __name__ == "__main__":
    main()
