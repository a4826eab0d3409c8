"""The iris example: hiranumn's network for one species, and its four attributions in numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.explanation import Explanation
from igcli.reproduce.example_run import ExampleRun
from igcli.reproduce.iris_data import FEATURES, SPECIES, Flowers, read_flowers
from igcli.reproduce.networks import Lesson, flowers_network, train
from igcli.reproduce.predictions import predictions
from igcli.reproduce.remotes import FLOWERS
from igcli.reproduce.result import epochs_in_words
from igcli.reproduce.table import table
from igcli.runs.planning.plan import Plan
from igcli.store.reader import read_joined, read_maps

_EPOCHS, _BATCH = 300, 10
_ONE_IN = 5
_VIRGINICA = SPECIES.index("virginica")
_PUBLISHED = "−0.258, −0.240, 0.127, 0.010"


def reproduce(example: ExampleRun) -> None:
    """Train (or take --model), explain every flower, show the first of each species."""
    request = example.request
    flowers = read_flowers(request.data or example.tools.cache.get(FLOWERS))
    held_out = _held_out(len(flowers.x), request.as_published)
    if request.model is None:
        model = _train(example, flowers, held_out)
    else:
        model = request.model
        example.say("model", f"{model}, not trained here")
    inputs = example.early("flowers.npy")
    np.save(inputs, flowers.x)
    config = _with_rule(example, example.config(model, inputs))
    plan, _ = example.explain(config, "run")
    _say_accuracy(example, plan, flowers, held_out)
    _say_flowers(example, flowers)


def _held_out(count: int, as_published: bool) -> Array:
    """Return which flowers are not learned from: every fifth, or the last fifth as published."""
    places = np.arange(count)
    return places >= count - count // _ONE_IN if as_published else places % _ONE_IN == 0


def _train(example: ExampleRun, flowers: Flowers, held_out: Array) -> Path:
    example.begin()
    request = example.request
    epochs = request.epochs or _EPOCHS
    lesson = Lesson("sgd", "binary_crossentropy", epochs, _BATCH, request.seed)
    count = int((~held_out).sum())
    example.say("trained", f"on {count} flowers, {epochs_in_words(epochs)}: virginica, or not?")
    example.facts |= {"trained_on": count, "epochs": epochs}
    if not request.as_published:
        example.depart(
            "every fifth flower is held out; the example holds out the last fifth, all of them "
            "virginica (--as-published does so too)"
        )
    path = example.out / "model.keras"
    answers = (flowers.species == _VIRGINICA).astype(np.float32)[:, None]
    x, y = flowers.x[~held_out], answers[~held_out]
    train(flowers_network, [x], y, lesson, path, example.tools.track("batches"))
    return path


def _with_rule(example: ExampleRun, config: RunConfig) -> RunConfig:
    """Return the config with the rule to take; say which, and why."""
    if example.request.as_published:
        example.say("rule", "50 left Riemann steps, as published: they miss part of the difference")
        return replace(config, method="riemann_left", steps=50)
    example.depart(
        "50 Gauss-Legendre steps, whose sum is exact here; the example has 50 left Riemann steps "
        "(--as-published has them too)"
    )
    return config


def _say_accuracy(example: ExampleRun, plan: Plan, flowers: Flowers, held_out: Array) -> None:
    right = predictions(plan, flowers.x) == (flowers.species == _VIRGINICA)
    if example.request.model is None:
        accuracy, count = float(right[held_out].mean()), int(held_out.sum())
        example.facts |= {"accuracy": accuracy, "held_out": count}
        example.say("accuracy", f"{accuracy:.4f} on {count} flowers held out")
    else:
        accuracy, count = float(right.mean()), len(right)
        example.facts |= {"accuracy": accuracy, "accuracy_of": count}
        how = "which the model may have learned from"
        example.say("accuracy", f"{accuracy:.4f} on all {count} flowers, {how}")


def _say_flowers(example: ExampleRun, flowers: Flowers) -> None:
    """Add the table: the first flower, which the example explains, and one of each other kind."""
    firsts = sorted({0, *(int(np.argmax(flowers.species == i)) for i in range(len(SPECIES)))})
    explanations = read_joined(example.out / "run")
    maps = list(read_maps(example.out / "run", firsts))
    example.rows = [
        _row(SPECIES[flowers.species[place]], explanations[place], map_)
        for place, map_ in zip(firsts, maps, strict=True)
    ]
    example.show(table(example.rows))
    if flowers.species[0] == 0:
        example.say("published", f"{_PUBLISHED} for the first flower; yours depend on the training")


def _row(species: str, row: Explanation, attributions: Array) -> dict[str, Any]:
    values = {name: float(v) for name, v in zip(FEATURES, attributions, strict=True)}
    assert row.score is not None and row.baseline_score is not None
    return {
        "flower": row.row,
        "species": species,
        **values,
        "sum": row.attribution_sum,
        "difference": row.score - row.baseline_score,
        "delta": row.delta,
    }
