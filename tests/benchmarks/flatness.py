"""Does memory stay flat, and time in proportion, as the work grows?

Run: ``python -m tests.benchmarks.flatness`` (needs the data folder that `tests/conftest.py` names).

MNIST's test digits and its example's CNN. Every run is a fresh ``python -m igcli run``; the peak is
the largest resident set that the system saw of that process, and the wall time has Python's start,
TensorFlow's import and the model's loading in it. The pass is what igcli itself calls seconds.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.accuracy import DATA
from tests.conftest import ROOT

# Linux counts what a process was before exec as its own peak, so a small one starts igcli.
LAUNCHER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
peak /= 2**20 if sys.platform == "darwin" else 2**10
print(json.dumps([done.returncode, seconds, peak, done.stdout.decode()]))
"""


@dataclass(frozen=True)
class Cost:
    """What one run took: MB at its peak, seconds in all, seconds of the pass over the inputs."""

    peak: float
    wall: float
    passing: float


def measure(digits: Path, rule: str, steps: int) -> Cost:
    """Explain an array in a fresh process."""
    with tempfile.TemporaryDirectory() as out:
        igcli = [sys.executable, "-m", "igcli", "run", str(DATA / "mnist.h5"), str(digits)]
        flags = ["--method", rule, "--steps", str(steps), "--no-overlays", "--json"]
        command = [sys.executable, "-S", "-c", LAUNCHER, *igcli, "-o", f"{out}/run", *flags]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    code, wall, peak, summary = json.loads(done.stdout)
    if code != 0:
        raise SystemExit(f"igcli ended with exit code {code}")
    return Cost(peak, wall, json.loads(summary)["seconds"])


def table(title: str, what: str, sizes: Sequence[int], costs: Sequence[Cost]) -> str:
    """Return the costs, and how many times the first line's each is."""
    lines = [
        f"{title}\n",
        f"| {what} | times | peak memory | times | wall, s | times | pass, s | times |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    first = costs[0]
    for size, cost in zip(sizes, costs, strict=True):
        lines.append(
            f"| {size:,} | {size / sizes[0]:.4g} "
            f"| {cost.peak:,.0f} MB | {cost.peak / first.peak:.2f} "
            f"| {cost.wall:.1f} | {cost.wall / first.wall:.2f} "
            f"| {cost.passing:.2f} | {cost.passing / first.passing:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=_numbers, default=[100, 1000, 10000], help="with commas")
    parser.add_argument("--steps", type=_numbers, default=[50, 500, 5000], help="with commas")
    parser.add_argument("--images-steps", type=int, default=10, help="steps of the first table")
    parser.add_argument("--digits", type=int, default=20, help="digits of the second table")
    parser.add_argument("--write", type=Path, help="write the tables into this file too")
    return parser.parse_args()


def main() -> None:
    """Print both tables."""
    options = _options()
    with np.load(DATA / "mnist_t10k.npz") as file:
        digits = file["x"]
    with tempfile.TemporaryDirectory() as folder:

        def first(count: int) -> Path:
            path = Path(folder) / f"digits-{count}.npy"
            np.save(path, digits[:count])
            return path

        rule, steps = "gausslegendre", options.images_steps
        costs = [measure(first(count), rule, steps) for count in options.images]
        title = f"Against images: MNIST CNN, {rule}, {steps} steps"
        tables = [table(title, "images", options.images, costs)]
        print(tables[0], flush=True)
        rule, few = "riemann_trapezoid", first(options.digits)
        costs = [measure(few, rule, steps) for steps in options.steps]
        title = f"Against steps: MNIST CNN, {rule}, {options.digits} digits"
        tables.append(table(title, "steps", options.steps, costs))
        print(tables[1], flush=True)
    if options.write:
        options.write.write_text("\n".join(tables))


if __name__ == "__main__":
    main()
