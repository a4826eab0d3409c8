"""How long `igcli compare` takes, and how much memory: both must not grow out of hand.

Run: ``python -m tests.benchmarks.compare_speed [--images 10000] [--side 28] [--channels 1]``. Run
directories of random maps of ten classes are written with the library's own writer, then compared
by a process of its own; against a reference file too, and against one that is calibrated.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.progress import untracked
from igcli.comparison.drift.reference_file import write_igref
from igcli.store.maps import Maps
from igcli.store.writer import RunWriter
from tests.comparison.runs import IDENTITY, moved, row
from tests.conftest import ROOT

_PART = 334
CLASSES = 10
# What the system says of a child's peak is its parent's where that is more.
_PROGRAM = """
import os, sys
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from igcli.cli.main import cli
code = cli(sys.argv[1:], standalone_mode=False)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(code or 0, peak, file=sys.stderr)
"""


def write(out: Path, rows: Iterator[Explanation], shape: tuple[int, ...]) -> None:
    """Write a run directory, part by part."""
    out.mkdir()
    about = {"run": "r", "per_input": 1, "igcli": "0", "identity": IDENTITY}
    about["settled"] = {"accuracy": None}
    writer = RunWriter(out, Maps(shape), {**about, "model": {}, "versions": {}})
    for i, explanation in enumerate(rows):
        writer.add(replace(explanation, row=i))
        if i % _PART == _PART - 1:
            writer.flush()
    writer.flush()
    writer.join(())
    writer.finish("complete", {})


def explanations(count: int, shape: tuple[int, ...], share: float) -> Iterator[Explanation]:
    """Yield maps as digits have them: large in the middle, zero outside; moved by `share`."""
    for i in range(count):
        values: Array = np.random.default_rng(i).standard_normal(shape).astype(np.float32)
        values *= np.abs(values) > 0.5
        number = {"target": i % CLASSES, "prediction": i % CLASSES}
        yield row(f"digit-{i:05d}", moved(values, share, i) if share else values, **number)


def timed(arguments: Sequence[object]) -> str:
    """Run igcli; say its seconds, those of processor time, the MB at its peak, its exit code."""
    begun, used = time.monotonic(), _processor_seconds()
    command = [sys.executable, "-c", _PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds, busy = time.monotonic() - begun, _processor_seconds() - used
    code, peak = map(int, done.stderr.split()[-2:])
    return f"{seconds:6.1f} s  {busy:6.1f} s CPU  {peak / 1024:6.0f} MB  exit code {code}"


def _processor_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Print a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=28)
    parser.add_argument("--channels", type=int, default=1)
    options = parser.parse_args()
    shape = (options.side, options.side, options.channels)
    print(f"{options.images} maps of {shape}")
    with tempfile.TemporaryDirectory() as folder:
        old, new, small = Path(folder) / "old", Path(folder) / "new", Path(folder) / "old.igref"
        third = Path(folder) / "third"
        write(third, explanations(options.images, shape, 0.2), shape)
        write(old, explanations(options.images, shape, 0.0), shape)
        write(new, explanations(options.images, shape, 0.3), shape)
        size = write_igref(old, small, 56, untracked)
        print(f"reference file: {size / 1e6:.1f} MB")
        files = ("--json", "--junit", f"{folder}/j.xml", "--markdown", f"{folder}/m.md",
                 "--html", f"{folder}/p.html")  # fmt: skip
        for title, arguments in {
            "itself": ("compare", old, old),
            "another run": ("compare", old, new, *files),
            "reference file": ("compare", small, new),
            "baseline": ("baseline", old, "-o", small),
            "calibration": ("baseline", old, new, third, "-o", small),
            "calibrated": ("compare", small, new, *files),
        }.items():
            print(f"{title:<15} {timed(arguments)}", flush=True)


if __name__ == "__main__":
    main()
