"""The judge: thresholds held against the numbers of a comparison, of all images or by group."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from igcli.common.arrays import Array
from igcli.common.groups import members
from igcli.comparison.drift.calibration import Calibration
from igcli.comparison.drift.gained import GAINED, gained, gained_interval, part_of_each
from igcli.comparison.drift.intervals import interval
from igcli.comparison.drift.normal import Normal, by_others, by_runs
from igcli.comparison.drift.numbers import CLASS, Numbers, gains, is_known, known, numbers
from igcli.comparison.drift.pairs import Matched, Measured
from igcli.comparison.drift.scales import scale_of
from igcli.comparison.drift.thresholds import (
    BY_IMAGE,
    NORMAL,
    OTHERS,
    SHARES,
    Threshold,
    is_usual,
    statistic,
)
from igcli.comparison.drift.verdict import Judged, JudgedGroup

# A median of fewer says nothing of a group.
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Case:
    """All that is judged.

    Attributes
    ----------
    matched : Matched
        Which images could be compared.
    numbers : Numbers
        Of the new run.
    runs : list of Numbers
        Of the runs that the reference is calibrated with, of the same images; empty without any.
    by : str
        What "class" stands for: itself, or a column that was asked for.
    min_group : int
        How many images a group must have to be judged.
    gains : list of Array
        (images, cells): what the new run gained; then, if there are calibrating runs, the reference
        and each of them, see `gains_of_all`.
    """

    matched: Matched
    numbers: Numbers
    runs: list[Numbers]
    by: str
    min_group: int
    gains: list[Array]

    def values(self, measure: str) -> Array:
        """Return the new run's numbers, (images,), or (images, cells) of what is gained."""
        return self.gains[0] if measure == GAINED else self.numbers.values[measure]

    def values_of_runs(self, measure: str) -> list[Array]:
        """Return the same of the runs that tell what is normal."""
        if measure == GAINED:
            return self.gains[1:]
        return [run.values[measure] for run in self.runs]

    def groups(self, column: str) -> dict[str, Array]:
        """Return the places of the images of every group that is large enough.

        What has no classes, as a regression, has no groups by class.
        """
        pairs = self.numbers.pairs
        rows = [row for pair in pairs for row in pair]
        by = self.by if column == CLASS else column
        asked = "--by" if column == CLASS else "--fail-on … by"
        has_classes = any(row.truth is not None or row.prediction is not None for row in rows)
        if not pairs or (by == CLASS and not has_classes):
            return {}
        found = members(self.numbers.groups(by, asked))
        return {name: places for name, places in found.items() if len(places) >= self.min_group}


def case_of(
    matched: Matched,
    found: Measured,
    calibration: Calibration | None,
    by: str,
    min_group: int,
) -> Case:
    """Return what is to be judged; calibrating runs are looked at in the compared images."""
    own = numbers(matched, found)
    runs = calibration.numbers(own.pairs) if calibration else []
    places = calibration.places(own.pairs) if calibration else []
    return Case(matched, own, runs, by, min_group, gains(matched, found, places))


def judge(thresholds: Sequence[Threshold], case: Case) -> list[Judged]:
    """Judge every threshold, in their order."""
    return [_judge(threshold, case) for threshold in thresholds]


def _judge(threshold: Threshold, case: Case) -> Judged:
    if threshold.measure in SHARES and threshold.measure not in BY_IMAGE:
        return _judge_share(threshold, case.matched)
    if not threshold.by:
        places = {"": np.arange(len(case.numbers.pairs))}
    else:
        places = case.groups(threshold.by)
    groups = _judged_groups(threshold, case, places)
    if not groups:
        return _nothing(threshold, case, bool(places))
    # What is beyond its limit comes first, then by how far.
    groups.sort(key=lambda group: (not group.crossed, -group.excess))
    first = groups[0]
    ids = _worst(threshold, case, [(g, places[g.name]) for g in groups])
    return Judged(
        threshold=threshold,
        value=first.value,
        crossed=first.crossed,
        beyond=len(ids) / max(1, sum(group.count for group in groups)),
        worst=ids,
        unclear=first.crossed and all(g.unclear for g in groups if g.crossed),
        groups=groups,
    )


def _nothing(threshold: Threshold, case: Case, is_grouped: bool) -> Judged:
    """Judge a threshold that has nothing to look at: one that was asked for has not passed."""
    why = "no image to judge"
    if threshold.relative == NORMAL and not case.runs:
        why = "the reference has no runs to calibrate by: igcli baseline RUN RUN2 …"
    elif threshold.by and not is_grouped:
        why = f"no group has {case.min_group} images"
    elif threshold.relative == OTHERS:
        why = "there are no other groups to hold it against"
    elif threshold.measure in {"accuracy_lost", "calibration_shift"}:
        why = "no true classes are known"
    if not threshold.by and threshold.measure in {"prediction_changed", "looks_elsewhere"}:
        # None of no images: what is missing has a threshold of its own.
        return Judged(threshold, 0.0, False, 0.0, [])
    usual = is_usual(threshold, bool(case.runs))
    return Judged(threshold, None, not usual, 0.0, [], left_out=why)


def _judged_groups(threshold: Threshold, case: Case, places: dict[str, Array]) -> list[JudgedGroup]:
    """Judge every group that has enough to look at."""
    values = case.values(threshold.measure)
    found = np.array([_taken(values[rows], threshold) for rows in places.values()])
    counts = np.array([len(known(values[rows])) for rows in places.values()], int)
    limits = _limits(threshold, case, places, found, counts)
    groups = []
    for (name, rows), value, normal in zip(places.items(), found, limits, strict=True):
        if not isnan(value) and not isnan(normal.limit):
            kept = known(values[rows])
            groups.append(_judged_group(threshold, name, float(value), kept, normal))
    return groups


def _limits(
    threshold: Threshold, case: Case, places: dict[str, Array], found: Array, counts: Array
) -> list[Normal]:
    if not threshold.relative:
        return [Normal(nan, threshold.limit)] * len(found)
    scale = scale_of(threshold.measure)
    sign = -1 if threshold.below else 1
    counts = np.maximum(counts, 1)
    of_runs = case.values_of_runs(threshold.measure)
    taken = [_taken(values[rows], threshold) for values in of_runs for rows in places.values()]
    runs = np.array(taken).reshape(len(of_runs), len(found))
    if threshold.relative == NORMAL:
        return by_runs(runs, counts, scale, sign) if len(runs) else [Normal(nan, nan)] * len(found)
    return by_others(found, runs, counts, scale, sign)


def _taken(values: Array, threshold: Threshold) -> float:
    """Return the statistic of the images that have a number; NaN where they are too few."""
    kept = known(values)
    if len(kept) < (_FEWEST if threshold.by else 1):
        return nan
    if threshold.statistic:
        return statistic(kept, threshold.statistic)
    if threshold.measure == GAINED:
        return gained(kept)
    mean = float(kept.mean())
    return abs(mean) if threshold.measure == "calibration_shift" else mean


def _judged_group(
    threshold: Threshold, name: str, value: float, kept: Array, normal: Normal
) -> JudgedGroup:
    if threshold.measure == "calibration_shift":
        kept = kept * (-1.0 if kept.mean() < 0.0 else 1.0)
    is_gain = threshold.measure == GAINED
    low, high = gained_interval(kept) if is_gain else interval(kept, threshold.statistic)
    crossed = value < normal.limit if threshold.below else value > normal.limit
    # A limit that the groups or runs tell has room for what is drawn by chance; what must not be
    # chance is that there is a difference at all.
    against = normal.centre if threshold.relative else normal.limit
    clear = high < against if threshold.below else low > against
    return JudgedGroup(
        name=name,
        count=len(kept),
        value=value,
        interval=(low, high),
        normal=None if isnan(normal.centre) else normal.centre,
        limit=normal.limit,
        crossed=bool(crossed),
        unclear=bool(crossed and not clear),
        excess=float(normal.limit - value if threshold.below else value - normal.limit),
    )


def _worst(
    threshold: Threshold, case: Case, groups: Sequence[tuple[JudgedGroup, Array]]
) -> list[str]:
    """Return the ids of the images that are beyond their group's limit, the worst first."""
    values = case.values(threshold.measure)
    found = []
    for group, rows in groups:
        if threshold.by and not group.crossed:
            continue
        kept = rows[is_known(values[rows])]
        of_each = part_of_each(values[kept]) if threshold.measure == GAINED else values[kept]
        limit = group.limit if threshold.statistic else 0.0
        beyond = of_each < limit if threshold.below else of_each > limit
        order = np.argsort(of_each if threshold.below else -of_each, kind="stable")
        found += [case.numbers.pairs[kept[i]][0].id for i in order if beyond[i]]
    return found


def _judge_share(threshold: Threshold, matched: Matched) -> Judged:
    share, ids = shares_by_name(matched)[threshold.measure]
    return Judged(threshold, share, threshold.crossed_by(share), share, ids)


def shares_by_name(matched: Matched) -> dict[str, tuple[float, list[str]]]:
    """Return each share of images that says something of the runs, and their ids."""
    known, explained = matched.common, len(matched.explained)
    total = known + len(matched.missing)
    return {
        "retargeted": _share([a.id for a, _ in matched.retargeted_alone], explained),
        "missing": _share(matched.missing, total),
        "extra": _share(matched.extra, known + len(matched.extra)),
        "input_changed": _share(matched.input_changed, total),
        "failed": _share(matched.failed, total),
        "unconverged": _share(matched.unconverged, explained),
    }


def _share(ids: list[str], total: int) -> tuple[float, list[str]]:
    return len(ids) / max(1, total), ids
