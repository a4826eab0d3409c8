"""The group table: every metric by class, what calibrating runs have there, and the flips."""

from collections.abc import Sequence
from math import isnan

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.drift.gained import GAINED, gained, gained_interval
from igcli.comparison.drift.grouped import Flip, Found, Group
from igcli.comparison.drift.intervals import interval
from igcli.comparison.drift.judge import Case
from igcli.comparison.drift.numbers import CLASS, Numbers, known
from igcli.comparison.drift.thresholds import BY_IMAGE, Threshold
from igcli.comparison.similarity import METRICS

# What the usual thresholds take the mean of.
_GATED = "moved"


def by_group(case: Case) -> list[Group]:
    """Return every group that is large enough, the largest first; none where nothing groups."""
    if not case.numbers.pairs:
        return []
    names = (*METRICS, *BY_IMAGE)
    groups = []
    for name, places in case.groups(CLASS).items():
        found = {m: _found(case, m, places) for m in names}
        measures = {measure: value for measure, value in found.items() if value is not None}
        groups.append(Group(name, len(places), measures))
    return groups


def members_of(case: Case, thresholds: Sequence[Threshold]) -> dict[str, frozenset[str]]:
    """Return the ids of the images of every group that thresholds judge."""
    columns = dict.fromkeys(threshold.by for threshold in thresholds if threshold.by)
    found: dict[str, frozenset[str]] = {}
    for column in columns:
        for name, places in case.groups(column).items():
            ids = frozenset(case.numbers.pairs[place][0].id for place in places)
            found[name] = found.get(name, frozenset()) | ids
    return found


def _found(case: Case, measure: str, places: Array) -> Found | None:
    is_median = measure in METRICS and measure != _GATED
    statistic = "median" if is_median else "mean"
    kept = known(case.values(measure)[places])
    runs = [known(values[places]) for values in case.values_of_runs(measure)]
    if measure == GAINED:
        return _found_gained(kept, runs) if len(kept) > 1 else None
    if not len(kept):
        return None
    reduce = np.median if is_median else np.mean
    normal = [float(reduce(some)) for some in runs if len(some)]
    return Found(len(kept), float(reduce(kept)), interval(kept, statistic), normal)


def _found_gained(kept: Array, runs: Sequence[Array]) -> Found:
    normal = [gained(some) for some in runs if len(some) > 1]
    return Found(len(kept), gained(kept), gained_interval(kept), normal)


def flips(case: Case) -> list[Flip]:
    """Return the changes of predictions by pair of classes, the most frequent first."""
    counted = [_counted(numbers) for numbers in (case.numbers, *case.runs)]
    found = [
        Flip(*pair, count, [of_run.get(pair, 0) for of_run in counted[1:]])
        for pair, count in counted[0].items()
    ]
    return sorted(found, key=lambda flip: (-flip.count, flip.before, flip.after))


def _counted(numbers: Numbers) -> dict[tuple[str, str], int]:
    counted: dict[tuple[str, str], int] = {}
    names = {
        row.prediction: row.prediction_name
        for pair in numbers.pairs
        for row in pair
        if row.prediction_name
    }
    for (a, b), changed in zip(numbers.pairs, numbers.values["prediction_changed"], strict=True):
        if changed and not isnan(changed):
            pair = tuple(str(names.get(row.prediction, row.prediction)) for row in (a, b))
            counted[pair[0], pair[1]] = counted.get((pair[0], pair[1]), 0) + 1
    return counted
