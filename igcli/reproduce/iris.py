"""hiranumn's iris example: is it virginica? Four attributions, in numbers."""

from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.reproduce.example_run import Work
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


def reproduce(work: Work) -> None:
    """Train (or take --model), explain every flower, show the first of each species."""
    asked = work.asked
    flowers = read_flowers(asked.data or work.tools.cache.get(FLOWERS))
    held_out = _held_out(len(flowers.x), asked.as_published)
    if asked.model is None:
        model = _train(work, flowers, held_out)
    else:
        model = asked.model
        work.say("model", f"{model}, not trained here")
    inputs = work.early("flowers.npy")
    np.save(inputs, flowers.x)
    plan, _ = work.explain(model, inputs, "run", _rule(work))
    _say_accuracy(work, plan, flowers, held_out)
    _say_flowers(work, flowers)


def _held_out(count: int, as_published: bool) -> Array:
    """Return which flowers are not learned from: every fifth, or the last fifth as published."""
    places = np.arange(count)
    return places >= count - count // _ONE_IN if as_published else places % _ONE_IN == 0


def _train(work: Work, flowers: Flowers, held_out: Array) -> Path:
    work.begin()
    asked = work.asked
    epochs = asked.epochs or _EPOCHS
    lesson = Lesson("sgd", "binary_crossentropy", epochs, _BATCH, asked.seed)
    count = int((~held_out).sum())
    work.say("trained", f"on {count} flowers, {epochs_in_words(epochs)}: virginica, or not?")
    work.facts |= {"trained_on": count, "epochs": epochs}
    if not asked.as_published:
        work.depart(
            "every fifth flower is held out; the example holds out the last fifth, all of them "
            "virginica (--as-published does so too)"
        )
    path = work.out / "model.keras"
    answers = (flowers.species == _VIRGINICA).astype(np.float32)[:, None]
    x, y = flowers.x[~held_out], answers[~held_out]
    train(flowers_network, [x], y, lesson, path, work.tools.track("batches"))
    return path


def _rule(work: Work) -> list[str]:
    if work.asked.as_published:
        work.say("rule", "50 left Riemann steps, as published: they miss part of the difference")
        return ["--method", "riemann_left", "--steps", "50"]
    work.depart(
        "50 Gauss-Legendre steps, whose sum is exact here; the example has 50 left Riemann steps "
        "(--as-published has them too)"
    )
    return []


def _say_accuracy(work: Work, plan: Plan, flowers: Flowers, held_out: Array) -> None:
    right = predictions(plan, flowers.x) == (flowers.species == _VIRGINICA)
    if work.asked.model is None:
        accuracy, count = float(right[held_out].mean()), int(held_out.sum())
        work.facts |= {"accuracy": accuracy, "held_out": count}
        work.say("accuracy", f"{accuracy:.4f} on {count} flowers held out")
    else:
        accuracy, count = float(right.mean()), len(right)
        work.facts |= {"accuracy": accuracy, "accuracy_of": count}
        how = "which the model may have learned from"
        work.say("accuracy", f"{accuracy:.4f} on all {count} flowers, {how}")


def _say_flowers(work: Work, flowers: Flowers) -> None:
    """Add the table: the first flower, which the example explains, and one of each other kind."""
    firsts = sorted({0, *(int(np.argmax(flowers.species == i)) for i in range(len(SPECIES)))})
    explanations = read_joined(work.out / "run")
    maps = list(read_maps(work.out / "run", firsts))
    work.rows = [
        _row(SPECIES[flowers.species[place]], explanations[place], map_)
        for place, map_ in zip(firsts, maps, strict=True)
    ]
    work.show(table(work.rows))
    if flowers.species[0] == 0:
        work.say("published", f"{_PUBLISHED} for the first flower; yours depend on the training")


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
