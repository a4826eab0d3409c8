"""Findings of names: classes that are nearly always called something else, one for one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from igcli.common.explanation import Explanation
from igcli.common.text import on_one_line
from igcli.findings.gathered.finding import ACCURACY, Finding

# The class that most images of a class are predicted as, and the share of them.
Taken: TypeAlias = dict[int | None, tuple[int | None, float]]
_SHOWN = 4
# Classes of fewer inputs, or whose commonest prediction is rarer, do not count.
_LEAST, _MOST, _NEARLY_ALL = 5, 0.5, 0.8


def names_found(inputs: Sequence[Explanation]) -> Iterator[Finding]:
    """Yield that names are in another order than the model's outputs, where it looks like that.

    Two classes or more are mostly predicted as another one, and no two of all classes as the same:
    a model that is bad confuses classes, and does not exchange them.

    Parameters
    ----------
    inputs : sequence of Explanation
        One row of each input whose true class and prediction are known.
    """
    taken = _commonest(inputs)
    moved = {truth: to for truth, (to, _) in taken.items() if to != truth}
    if len(moved) < 2 or len({to for to, _ in taken.values()}) < len(taken):
        return
    right = sum(moved.get(row.truth, row.truth) == row.prediction for row in inputs)
    wrong = tuple(row.id for row in inputs if row.truth in moved and not row.correct)
    text = (
        f"{_listed(inputs, taken)}: are the labels in the order of the model's outputs? With these "
        f"names exchanged, {right / len(inputs):.1%} would be right"
    )
    numbers = {"classes": float(len(moved)), "share_if_exchanged": right / len(inputs)}
    yield Finding(ACCURACY, text, wrong, numbers, True)


def _commonest(inputs: Sequence[Explanation]) -> Taken:
    """Return what the images of each class are mostly predicted as, and the share of them."""
    classes: dict[int | None, list[int | None]] = {}
    for row in inputs:
        classes.setdefault(row.truth, []).append(row.prediction)
    found = {}
    for truth, predictions in sorted(classes.items(), key=str):
        to, count = Counter(predictions).most_common(1)[0]
        if len(predictions) >= _LEAST and count >= _MOST * len(predictions):
            found[truth] = to, count / len(predictions)
    return found


def _listed(inputs: Sequence[Explanation], taken: Taken) -> str:
    names = {row.prediction: row.prediction_name for row in inputs if row.prediction_name}
    names |= {row.truth: row.truth_name for row in inputs if row.truth_name}
    parts = [
        f"images of {_named(truth, names)} are {_how_often(share)} called {_named(to, names)}"
        for truth, (to, share) in taken.items()
        if to != truth
    ]
    more = f", and so on for {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return ", ".join(parts[:_SHOWN]) + more


def _how_often(share: float) -> str:
    return "nearly always" if share >= _NEARLY_ALL else "mostly"


def _named(number: int | None, names: Mapping[int | None, str]) -> str:
    return f"{on_one_line(names.get(number) or str(number))!r}"
