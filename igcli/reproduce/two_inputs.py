"""The two-inputs example: hiranumn's network of two branches, on data of known attributions.

The answer is left[0] + 2 · left[1] · right[0]; the other numbers are noise. From zeros, its exact
attributions are left[0], and left[1] · right[0] for each of the two factors.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.reproduce.example_run import ExampleRun
from igcli.reproduce.networks import Lesson, train, two_branches_network
from igcli.reproduce.result import epochs_in_words
from igcli.reproduce.table import table
from igcli.store.reader import read_joined, read_maps

_SIZES = {"left": 3, "right": 3}
_NAMES = [f"{name}[{i}]" for name, size in _SIZES.items() for i in range(size)]
_ROWS, _EXPLAINED = 4096, 100
_EPOCHS, _BATCH = 40, 128


def reproduce(example: ExampleRun) -> None:
    """Make data, train, explain a hundred rows, hold the attributions against the known ones."""
    request = example.request
    inputs = _make(request.seed, _ROWS + _EXPLAINED)
    model = request.model or _train(example, {name: x[:_ROWS] for name, x in inputs.items()})
    explained_inputs = {name: x[_ROWS:] for name, x in inputs.items()}
    file = example.early("inputs.npz")
    np.savez(file, allow_pickle=False, **explained_inputs)
    example.explain(example.config(model, file), "run")
    example.depart(
        "data made here, of which the right attributions are known; published: halved digits"
    )
    _say(example, explained_inputs)


def _make(seed: int, count: int) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    shapes = {name: (count, size) for name, size in _SIZES.items()}
    return {n: random.uniform(-1.0, 1.0, s).astype(np.float32) for n, s in shapes.items()}


def answers(left: Array, right: Array) -> Array:
    """Return what the network is to learn: (n, 3) and (n, 3) → (n,)."""
    sums: Array = left[:, 0] + 2.0 * left[:, 1] * right[:, 0]
    return sums


def exact_attributions(left: Array, right: Array) -> Array:
    """Return that function's attributions from zeros: (n, 6), left's before right's."""
    product = left[:, 1] * right[:, 0]
    none = np.zeros_like(product)
    return np.stack([left[:, 0], product, none, product, none, none], axis=1)


def _train(example: ExampleRun, inputs: dict[str, Array]) -> Path:
    example.begin()
    epochs = example.request.epochs or _EPOCHS
    lesson = Lesson("adam", "mean_squared_error", epochs, _BATCH, example.request.seed)
    example.say(
        "trained", f"on {_ROWS} rows, {epochs_in_words(epochs)}: left[0] + 2 left[1] right[0]"
    )
    example.facts |= {"trained_on": _ROWS, "epochs": epochs}
    path = example.out / "model.keras"
    network = partial(two_branches_network, sizes=_SIZES)
    answer = answers(**inputs)[:, None]
    train(network, list(inputs.values()), answer, lesson, path, example.tools.track("batches"))
    return path


def _say(example: ExampleRun, inputs: dict[str, Array]) -> None:
    """Add one row's attributions beside the exact ones, and the errors over all rows."""
    run = example.out / "run"
    maps = np.stack(list(read_maps(run, range(_EXPLAINED))))
    exact = exact_attributions(**inputs)
    values = np.concatenate(list(inputs.values()), axis=1)
    errors = np.abs(maps - exact).mean(axis=0)
    # Where the two factors matter most.
    shown = int(np.abs(exact[:, 1]).argmax())
    example.rows = [
        _row(name, values[shown, i], maps[shown, i], exact[shown, i], errors[i])
        for i, name in enumerate(_NAMES)
    ]
    example.show(table(example.rows))
    explanations = read_joined(run)
    row = explanations[shown]
    assert row.score is not None and row.baseline_score is not None
    deltas = [abs(row.delta) for row in explanations if row.delta is not None]
    example.facts |= {"mean_error": float(errors.mean()), "worst_delta": max(deltas)}
    example.say(
        f"row {shown}",
        f"sum {row.attribution_sum:.4f}, difference {row.score - row.baseline_score:.4f}, "
        f"delta {row.delta:.1e}",
    )
    example.say(
        "all rows",
        f"{len(explanations)}: |error| {errors.mean():.4f} in the mean (the exact attributions are "
        f"{np.abs(exact).mean():.3f}), |delta| {max(deltas):.1e} at most",
    )


def _row(name: str, value: Any, attribution: Any, exact: Any, error: Any) -> dict[str, Any]:
    return {
        "input": name,
        "value": float(value),
        "attribution": float(attribution),
        "exact": float(exact),
        "mean |error|, all rows": float(error),
    }
