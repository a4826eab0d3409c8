"""The predictions of an example's model: classes for its accuracy, and a photo's best classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.runs.planning.plan import Plan

_AT_ONCE = 256


def predictions(plan: Plan, raw: Array) -> Array:
    """Return the best class (n,) of inputs (n, …): pixels, or numbers as the model eats them."""
    space = plan.source.space
    best = []
    for start in range(0, len(raw), _AT_ONCE):
        some = [space.to_model(row.astype(np.float32)) for row in raw[start : start + _AT_ONCE]]
        best.append(plan.model.scores(np.stack(some)).argmax(axis=1))
    classes: Array = np.concatenate(best)
    return classes


def best_classes(plan: Plan, index: int, count: int = 3) -> list[tuple[int, float]]:
    """Return the most probable classes of the run's input `index`, with their scores."""
    x = plan.source.read(plan.names[index]).x
    scores = plan.model.scores(x[None])[0]
    order = np.argsort(-scores, kind="stable")[:count]
    return [(int(i), float(scores[i])) for i in order]


def best_rows(plan: Plan, rows: Sequence[Explanation], called: str) -> list[dict[str, Any]]:
    """Return a table of each photo's best classes; `called` is what a score is."""
    return [
        {
            "photo": "" if place else row.id,
            "class": target,
            called: score,
            "name": plan.preflight.labels.name(target),
        }
        for row in rows
        for place, (target, score) in enumerate(best_classes(plan, row.row))
    ]
