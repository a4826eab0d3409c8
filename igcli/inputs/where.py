"""where: the conditions that `--where` puts on inputs, by their scores and classes."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import WHERE
from igcli.common.errors import ConfigError, InputError
from igcli.common.explanation import Explanation
from igcli.common.sample import InputName
from igcli.common.text import finite
from igcli.inputs.class_files.classes import Classes
from igcli.inputs.targets import Targets
from igcli.inputs.truth import Truths

Holds: TypeAlias = Callable[[InputName, Array], bool]
_SCORE = re.compile(r"score\s*(<=|<|>=|>)\s*(\S+)")
_CLASS = "class="
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Judge:
    """What an input is judged by: its classes, and what is explained of it.

    Attributes
    ----------
    classes : Classes
        Of the model.
    targets : Targets
        What is explained; the first target's class and score count.
    truths : Truths or None
        The inputs' true classes, where they are known.
    """

    classes: Classes
    targets: Targets
    truths: Truths | None


def check_where(texts: Sequence[str]) -> None:
    """Raise ConfigError for a condition that there is none of, before the model is loaded."""
    for text in texts:
        if text in ("wrong", "right") or text.removeprefix(_CLASS) not in ("", text):
            continue
        found = _SCORE.fullmatch(text)
        if found is None or _number(found[2]) is None:
            raise ConfigError(f"--where {text} can't be used", fix=f"write {WHERE}")


def plan_where(texts: Sequence[str], judge: Judge) -> Holds:
    """Return what tells whether all conditions hold for an input, from its class scores.

    Raises
    ------
    ConfigError
        When there is no such class, or true classes are asked for and none are known.
    """
    conditions = [_condition(text, judge) for text in texts]
    return lambda name, scores: all(holds(name, scores) for holds in conditions)


def where_stored(texts: Sequence[str]) -> Callable[[Explanation], bool]:
    """Return what tells whether all conditions hold for an explanation that is stored.

    ``class=`` takes a class by its name or number: that which is explained, as its score is.

    Raises
    ------
    ConfigError
        When there is no such condition.
    """
    check_where(texts)
    conditions = [_stored_condition(text) for text in texts]
    return lambda row: all(holds(row) for holds in conditions)


def _stored_condition(text: str) -> Callable[[Explanation], bool]:
    if text in ("wrong", "right"):
        return lambda row: row.correct is (text == "right")
    if text.startswith(_CLASS):
        name = text.removeprefix(_CLASS)
        return lambda row: name in (row.target_name, str(row.target))
    found = _SCORE.fullmatch(text)
    assert found is not None
    compare, limit = _COMPARE[found[1]], _number(found[2])
    assert limit is not None
    return lambda row: row.score is not None and compare(row.score, limit)


def is_right(truths: Truths, name: InputName, scores: Array) -> bool | None:
    """Tell whether the class of the highest score is the true one; None where that is unknown."""
    truth = truths.of(name)
    return None if truth is None else int(np.argmax(scores)) == truth


def _condition(text: str, judge: Judge) -> Holds:
    if text in ("wrong", "right"):
        truths = judge.truths
        if truths is None:
            raise ConfigError(
                f"--where {text}: no true classes are known",
                fix="say where they are with --truth folder, FILE or COLUMN",
            )
        wanted = text == "right"
        return lambda name, scores: is_right(truths, name, scores) is wanted
    choose = judge.targets.choose
    if text.startswith(_CLASS):
        number = judge.classes.of_cell(text.removeprefix(_CLASS), f"--where {text}")
        return lambda name, scores: choose(name, scores)[0] == number
    found = _SCORE.fullmatch(text)
    assert found is not None
    compare, limit = _COMPARE[found[1]], _number(found[2])
    assert limit is not None

    def holds(name: InputName, scores: Array) -> bool:
        target = choose(name, scores)[0]
        if target is None:
            return False
        try:
            zone = judge.targets.zone(name, scores, target)
        except InputError:
            # A class that is nowhere has no score.
            return False
        return compare(judge.targets.score(scores, target, zone), limit)

    return holds


def _number(text: str) -> float | None:
    try:
        return finite(float(text))
    except ValueError:
        return None
