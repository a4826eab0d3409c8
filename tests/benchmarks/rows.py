"""What does a row cost, in forward passes, and which operation takes how much of it?

Run: ``python -m tests.benchmarks.rows [--only mnist] [--turns 7]`` (needs the data folder that
`tests/conftest.py` names).

A row is one input, its forward pass and the gradient of one score with respect to the input. The
forward pass and the row run on the same frozen graph, in batches of the size that igcli chooses,
one batch at a time and as many at once as igcli sends, in turns. "As loaded" is the same row on
Keras' own graph. The profile is TensorFlow's, of one row batch at a time.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from igcli.attribution.batch_size import choose_batching, made_up_rows
from igcli.attribution.gradient_model import PathRows
from igcli.attribution.methods import choose_method
from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.model_settings import ModelSettings
from igcli.models.open import LOADERS, open_model
from igcli.models.runtime import import_tensorflow
from igcli.models.selection.select import select
from igcli.models.tensorflow_model import TensorFlowModel
from tests.benchmarks.peer_cases import random_model
from tests.conftest import SHARED

PROFILED = 7
SECONDS = 1.0
SHOWN = 6


def seconds_each(work: Callable[[], object], streams: int) -> float:
    """Return the seconds per call, `streams` calls at a time."""

    def loop(until: float) -> int:
        calls = 0
        while time.perf_counter() < until:
            work()
            calls += 1
        return calls

    with ThreadPoolExecutor(streams) as pool:
        started = time.perf_counter()
        calls = sum(pool.map(loop, [started + SECONDS] * streams))
        return (time.perf_counter() - started) / calls


def turns(
    works: dict[str, Callable[[], object]], streams: int, count: int
) -> dict[str, list[float]]:
    """Time each in turn; the first turn is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(count + 1):
        for name, work in works.items():
            seconds = seconds_each(work, streams)
            if turn:
                taken[name].append(seconds)
    return taken


def spread(values: Array) -> str:
    """Return the median, and the least and the greatest value."""
    return f"{np.median(values):.2f} ({values.min():.2f} to {values.max():.2f})"


def profile(model: TensorFlowModel, rows: PathRows) -> str:
    """Return where the time of a batch goes, by kind of operation."""
    tf = import_tensorflow()
    taken: defaultdict[str, float] = defaultdict(float)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, (None, *rows.x.shape[1:]))
        score = model._class_scores(x)[:, 0]
        (gradient,) = tf.gradients(score, x)
        feed = {x: np.repeat(rows.x, len(rows), axis=0)}
        session.run(gradient, feed)
        full = tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)
        for _ in range(PROFILED):
            found = tf.compat.v1.RunMetadata()
            session.run(gradient, feed, options=full, run_metadata=found)
            for device in found.step_stats.dev_stats:
                for node in device.node_stats:
                    kind = node.timeline_label.split("=")[-1].split("(")[0].strip()
                    kind = kind.removeprefix("_Mkl").removeprefix("Native").removeprefix("Fused")
                    taken[kind] += node.op_end_rel_micros - node.op_start_rel_micros
    total = sum(taken.values())
    largest = sorted(taken.items(), key=lambda item: -item[1])[:SHOWN]
    return ", ".join(f"{kind} {share / total:.0%}" for kind, share in largest)


def measure(name: str, path: Path, count: int) -> str:
    """Return the table's line of one model, from so many turns."""
    settings = ModelSettings()
    model = open_model(path, settings, print)
    assert isinstance(model, TensorFlowModel), "a model of a fixed batch is measured otherwise"
    network = LOADERS[path.suffix](path, settings, print)
    loaded = select(import_tensorflow(), path, network, settings)
    as_loaded = TensorFlowModel(path, loaded, settings)
    shape = tuple(side or 1 for side in model.spec.input.shape)
    method = choose_method(RunConfig(Path(), Path(), Path(), method="gausslegendre"))
    size = choose_batching(model, method, shape, 0, None).batching.size
    rows = made_up_rows(model, shape, size)
    x = np.repeat(rows.x, size, axis=0)
    weights = np.ones((1, size))
    works: dict[str, Callable[[], Any]] = {
        "forward": lambda: model.scores(x),
        "row": lambda: model.weighted_gradients(rows, weights),
        "as loaded": lambda: as_loaded.weighted_gradients(rows, weights),
    }
    cells = [name, str(size)]
    for streams in (1, model.spec.streams):
        taken = {k: np.array(v) / size * 1e3 for k, v in turns(works, streams, count).items()}
        cells += [
            f"{np.median(taken['row']):.3g}",
            spread(taken["row"] / taken["forward"]),
            spread(taken["as loaded"] / taken["row"]),
        ]
    return f"| {' | '.join(cells)} |\n\n{name}: {profile(model, rows)}\n"


def main() -> None:
    """Print the table, and the profiles below it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=("mnist", "mobilenetv2", "resnet50v2"))
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    head = [
        "model",
        "rows per batch",
        "one at a time: ms per row",
        "forward passes per row",
        "as loaded / igcli",
        "all at once: ms per row",
        "forward passes per row",
        "as loaded / igcli",
    ]
    print(f"| {' | '.join(head)} |\n| {' | '.join(['---'] * len(head))} |")
    with tempfile.TemporaryDirectory() as folder:
        if options.only in {None, "mnist"}:
            path = SHARED / "data" / "mnist.h5"
            print(measure("MNIST CNN", path, options.turns), flush=True)
        for name in ("MobileNetV2", "ResNet50V2"):
            if options.only in {None, name.lower()}:
                path = Path(folder) / f"{name}.keras"
                random_model(name, path)
                print(measure(name, path, options.turns), flush=True)


if __name__ == "__main__":
    main()
