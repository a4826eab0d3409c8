"""What Ray adds to a run, measured; and where time goes from 1 to 1,000 workers, simulated.

Run: ``python -m tests.benchmarks.scaling --measure`` (needs Ray), which prints what the executor
costs on this machine with a model that costs nothing; then ``python -m tests.benchmarks.scaling``,
which puts such costs, those below unless others are given, into a simulation of larger clusters.

Nothing here was run on a cluster: the tables say what follows from the costs, if they hold there.
"""

import argparse
import heapq
import json
import random
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from igcli.common.config import RunConfig
from igcli.common.explanation import Explanation
from igcli.common.progress import untracked
from igcli.common.totals import Tally
from igcli.runs.executors import local
from igcli.runs.executors.ray import executor as ray
from igcli.runs.executors.ray.ranges import Ranges
from igcli.store.files import temporary_in
from igcli.store.layout import part_path
from igcli.store.maps import Maps
from igcli.store.reader import read_rows
from igcli.store.staged import stage
from igcli.store.writer import RunWriter
from tests.runs.executors.scripted import FEATURES, load

WORKERS = (1, 2, 10, 100, 1000)
RANGES = (1, 16, 64, 256, 1024)


@dataclass(frozen=True)
class Costs:
    """Seconds, unless it says otherwise.

    Attributes
    ----------
    image : float
        One image on one worker.
    begin : float
        Ray's start of a process, TensorFlow's import and the model's loading.
    part : float
        What a worker spends on a range beside its images: filling and draining batches, writing
        and syncing the part.
    driver : float
        What the driver spends on one: hearing of it, handing out the next, giving the part its
        name, and its line in the manifest.
    join : float
        What the driver spends at the end on each image: reading its row, and packing it.
    spread : float
        Standard deviation of one range's time, relative to it.
    """

    image: float
    begin: float
    part: float
    driver: float
    join: float
    spread: float = 0.1


# Measured on two cores of a virtual machine: MobileNetV2's 44 steps at 94 rows/s on both of them,
# as notes.md has it; a run of the sample digits with two workers, less its pass; and what
# `--measure` printed, 0.85 ms for a message to a worker and back added to what the driver takes.
MEASURED = Costs(image=0.94, begin=14.0, part=0.045, driver=0.0015, join=0.0016)


@dataclass(frozen=True)
class Outcome:
    """What a simulated run took: seconds in all, and the shares of the workers' time."""

    seconds: float
    computing: float
    beginning: float
    waiting: float
    ending: float


def simulate(images: int, workers: int, size: int, costs: Costs, seed: int = 0) -> Outcome:
    """Play a run: workers begin, take ranges from one driver, and the driver packs the parts."""
    chance = random.Random(seed)
    now = 0.0
    ranges = Ranges(
        [range(i, min(i + size, images)) for i in range(0, images, size)], clock=lambda: now
    )
    # Events: (when, worker, the range it has finished, or None where it has begun).
    events: list[tuple[float, int, range | None]] = [
        (costs.begin * chance.uniform(1.0, 1.5), worker, None) for worker in range(workers)
    ]
    heapq.heapify(events)
    driver_free = busy = began = 0.0
    while ranges.left:
        when, worker, block = heapq.heappop(events)
        began += when if block is None else 0.0
        # The driver hears of one at a time.
        now = max(when, driver_free)
        driver_free = now + (costs.driver if block is not None else 0.0)
        if block is not None:
            ranges.finish(worker, block)
        given = ranges.give(worker)
        if given is not None:
            usual = len(given) * costs.image
            seconds = costs.part + usual * max(0.2, chance.gauss(1.0, costs.spread))
            busy += usual
            heapq.heappush(events, (driver_free + seconds, worker, given))
    end = driver_free
    joining = images * costs.join
    seconds = end + joining
    in_all = workers * seconds
    began += sum(when for when, _, block in events if block is None)
    return Outcome(
        seconds=seconds,
        computing=busy / in_all,
        beginning=began / in_all,
        waiting=max(0.0, 1.0 - (busy + began) / in_all - joining / seconds),
        ending=joining / seconds,
    )


def print_scaling(images: int, costs: Costs) -> None:
    """Print what each number of workers takes with ranges of 16."""
    print(f"\n{images:,} images, ranges of 16\n")
    print("| workers | hours | times as fast | computing | beginning | waiting | packing |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    first = simulate(images, 1, 16, costs).seconds
    for workers in WORKERS:
        found = simulate(images, workers, 16, costs)
        print(
            f"| {workers:,} | {found.seconds / 3600:.3g} | {first / found.seconds:.3g} "
            f"| {found.computing:.1%} | {found.beginning:.1%} | {found.waiting:.1%} "
            f"| {found.ending:.1%} |"
        )


def print_ranges(images: int, costs: Costs) -> None:
    """Print what each size of a range does."""
    print(f"\n{images:,} images, minutes by range size\n")
    print("| workers | " + " | ".join(f"{size:,}" for size in RANGES) + " |")
    print("| --- |" + " --- |" * len(RANGES))
    for workers in WORKERS[1:]:
        times = [simulate(images, workers, size, costs).seconds / 60 for size in RANGES]
        print(f"| {workers:,} | " + " | ".join(f"{minutes:,.3g}" for minutes in times) + " |")


def measure(count: int, rounds: int) -> None:
    """Print what Ray costs for each image and part, on a model that costs nothing."""
    for batch in (1, 8):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "model.h5").touch()
            (folder / "script.json").write_text('{"nothing": true}')
            np.save(folder / "x.npy", np.ones((count, FEATURES), np.float32))
            config = RunConfig(
                folder / "model.h5", folder / "x.npy", folder / "out", method="riemann_left",
                steps=1, batch_size=batch, overwrite=True,
            )  # fmt: skip
            on_ray = replace(config, executor="ray", workers=1)
            here, there = [], []
            for _ in range(rounds):
                here.append(_seconds(config))
                there.append(_seconds(on_ray))
            size = json.loads((folder / "out" / "run.json").read_text())["block"]
        local_seconds, ray_seconds = statistics.median(here), statistics.median(there)
        more = ray_seconds - local_seconds
        print(
            f"ranges of {size}: {1e3 * local_seconds / count:.3f} ms an image here, "
            f"{1e3 * ray_seconds / count:.3f} ms on Ray with one worker: "
            f"{1e3 * more / count:+.3f} ms an image, {1e3 * more * size / count:+.1f} ms a range"
        )


def measure_driver(parts: int, rows: int = 16) -> None:
    """Print what the driver spends on a part that is there: taking it in, and packing all."""
    shape = (224, 224, 3)
    found = [
        Explanation(
            row=row, id=str(row), path="", sha256="0", score=1.0,
            attribution=np.zeros(shape, np.float32),
        )
        for row in range(rows)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        (out / "parts").mkdir()
        writer = RunWriter(out, Maps(shape), {"run": "0", "igcli": "0", "per_input": 1})
        before = time.perf_counter()
        first = stage(out, found, Maps(shape))
        staging = time.perf_counter() - before
        taking = 0.0
        for i in range(parts):
            # The same file under many names: what is in it plays no part.
            path = first.path(out)
            if i:
                path = temporary_in(out / "parts")
                path.hardlink_to(part_path(out, 0))
            before = time.perf_counter()
            writer.take(replace(first, name=path.name, start=i * rows))
            taking += time.perf_counter() - before
        before = time.perf_counter()
        Tally().add_all(read_rows(file.span for file in writer.files))
        writer.pack()
        writer.join(())
        joining = time.perf_counter() - before
    print(
        f"a part of {rows} maps of {shape}: {1e3 * staging:.0f} ms to write in a worker; the "
        f"driver takes one in in {1e3 * taking / parts:.2f} ms, and packs it in "
        f"{1e3 * joining / parts:.2f} ms"
    )


def _seconds(config: RunConfig) -> float:
    """Return how long a run takes once all is loaded."""
    executor = {"local": local, "ray": ray}[config.executor]
    with executor.ready(config, load, _ignore) as execute:
        before = time.perf_counter()
        execute(untracked, _ignore, threading.Event())
        return time.perf_counter() - before


def _ignore(message: str) -> None:
    pass


def main() -> None:
    """Print the tables, or what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--measure", action="store_true", help="measure on this machine")
    parser.add_argument("--count", type=int, default=8192, help="inputs to measure with")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind")
    parser.add_argument("--parts", type=int, default=300, help="parts for the driver to take in")
    parser.add_argument("--images", type=int, default=1_000_000)
    for name, value in vars(MEASURED).items():
        parser.add_argument(f"--{name}", type=float, default=value, help="seconds")
    options = parser.parse_args()
    if options.measure:
        measure(options.count, options.rounds)
        measure_driver(options.parts)
        return
    costs = Costs(**{name: getattr(options, name) for name in vars(MEASURED)})
    print(costs)
    print_scaling(options.images, costs)
    print_ranges(options.images // 10, costs)


if __name__ == "__main__":
    main()
