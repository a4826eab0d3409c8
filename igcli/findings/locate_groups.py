"""The groups of locate: its measures by class, and by right and wrong predictions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.comparison.drift.thresholds import statistic
from igcli.findings.locate_measures import MEASURES
from igcli.findings.locate_results import Findings, Located

STATISTICS = ("p05", "median", "mean")


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the explanations that were measured.

    Attributes
    ----------
    kind : str
        "all", "class" or "prediction".
    name : str
        Which.
    count : int
        How many there are.
    statistics : dict of str to dict of str to float
        By measure, then by the names of STATISTICS; empty where a measure has no number.
    error : dict of str to float
        The median of what each measure may be off; NaN where that is not known.
    """

    kind: str
    name: str
    count: int
    statistics: dict[str, dict[str, float]]
    error: dict[str, float]


def whole(found: Findings) -> Group:
    """Return all that were measured."""
    return _group("all", "", found.measured)


def groups(found: Findings) -> list[Group]:
    """Return the classes, the one with the least median lift first, then right and wrong."""
    classes = _grouped("class", found.measured, _class)
    predictions = _grouped("prediction", found.measured, _prediction)
    return [*classes, *predictions]


def _grouped(
    kind: str, images: Sequence[Located], name_of: Callable[[Located], str]
) -> list[Group]:
    members: dict[str, list[Located]] = {}
    for image in images:
        name = name_of(image)
        if name:
            members.setdefault(name, []).append(image)
    found = [_group(kind, name, several) for name, several in members.items()]
    return sorted(found, key=lambda group: group.statistics["lift"]["median"])


def _class(image: Located) -> str:
    row = image.row
    return f"{row.target} {row.target_name}".strip()


def _prediction(image: Located) -> str:
    return {True: "right", False: "wrong", None: ""}[image.correct]


def _group(kind: str, name: str, images: Sequence[Located]) -> Group:
    statistics, error = {}, {}
    for measure in MEASURES:
        values = np.array([image.values[measure] for image in images])
        values = values[~np.isnan(values)]
        errors = np.array([image.errors[measure] for image in images])
        errors = errors[~np.isnan(errors)]
        statistics[measure] = {s: statistic(values, s) for s in STATISTICS} if len(values) else {}
        error[measure] = float(np.median(errors)) if len(errors) else np.nan
    return Group(kind, name, len(images), statistics, error)
