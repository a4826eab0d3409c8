"""What is normal: limits from runs that are held to be equal, and from the other groups.

Runs to calibrate by were compared with the reference as the new run is. If that is one more of
their kind, what it differs by comes from the same distribution, on the measure's scale a normal
one. Its spread is known from few runs, so it is pooled over groups and with the spread that models
of other seeds have on the data sets of tests/benchmarks/drift_gate.py, which counts as PRIOR
further runs; Student's t then tells how far one more run may be out.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from igcli.common.arrays import Array
from igcli.common.student import student_quantile
from igcli.comparison.drift.scales import Scale

# Of a threshold: how often one more run of the same kind is within its limits. With groups, all.
COVERAGE = 0.999
PRIOR = 20.0
# A run that is unlike in one group is so in others too: this many count as independent.
_GROUPS = 3
# A group stands out by so many spreads of the others.
STANDS_OUT = 4.0
# Levels of fewer groups say nothing of each other.
_FEWEST_LEVELS = 4
# 1.4826 median deviations are a standard deviation, where numbers are normal.
_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Normal:
    """What a group's number is held against, in the measure's units; NaN where nothing is known.

    `centre` is what it would be, `limit` how far it may go.
    """

    centre: float
    limit: float


def by_runs(runs: Array, counts: Array, scale: Scale, sign: int) -> list[Normal]:
    """Return what calibrating runs say of each group.

    Parameters
    ----------
    runs : Array
        (runs, groups): each run's statistic in each group; NaN where it has none.
    counts : Array
        (groups,): how many images each group has.
    scale : Scale
        The measure's.
    sign : int
        1 where larger numbers are beyond the limit, −1 where smaller ones are.

    Notes
    -----
    A prediction interval: centre ± t(coverage) · s · √(1 + 1/runs).
    """
    placed = scale.forth(runs)
    is_group = runs.shape[1] > 1
    spreads = np.array([scale.spread(int(count), is_group) for count in counts])
    known = ~np.isnan(placed)
    number = known.sum(axis=0)
    centres = _means(placed, known)
    apart = np.where(known, (placed - centres) / spreads, 0.0)
    freedom = float(max(0, number.max(initial=0) - 1)) * min(_GROUPS, len(spreads))
    each = float((apart**2).sum()) / max(1.0, float(np.maximum(number - 1, 0).sum()))
    ratio = sqrt((PRIOR + freedom * each) / (PRIOR + freedom))
    t = student_quantile(1.0 - (1.0 - COVERAGE) / max(1, len(spreads)), PRIOR + freedom)
    widths = t * ratio * spreads * np.sqrt(1.0 + 1.0 / np.maximum(number, 1))
    return [
        Normal(scale.back(float(c)), scale.back(float(c + sign * w))) if n else _UNKNOWN
        for c, w, n in zip(centres, widths, number, strict=True)
    ]


def by_others(found: Array, runs: Array, counts: Array, scale: Scale, sign: int) -> list[Normal]:
    """Return what the other groups say of each: their median, and STANDS_OUT spreads of theirs.

    Where there are calibrating runs, each group's own level in them is subtracted first.

    Parameters
    ----------
    found : Array
        (groups,): the new run's statistic in each; NaN where it has none.
    runs, counts, scale, sign
        As `by_runs` takes them; no runs where nothing is calibrated.
    """
    placed = scale.forth(found)
    usual = np.array([scale.spread(int(count), True) for count in counts])
    levels, wider = np.zeros(len(found)), 1.0
    if len(runs):
        levels, wider = _levels(scale.forth(runs), float(usual.mean()))
    apart = placed - levels
    normal = []
    for place in range(len(found)):
        rest = np.delete(apart, place)
        rest = rest[~np.isnan(rest)]
        if np.isnan(placed[place]) or not len(rest):
            normal.append(_UNKNOWN)
            continue
        middle = float(np.median(rest))
        spread = _spread_of(abs(rest - middle), wider * float(usual[place]))
        centre = middle + float(placed[place] - apart[place])
        limit = scale.back(centre + sign * STANDS_OUT * spread)
        normal.append(Normal(scale.back(centre), limit))
    return normal


def _levels(runs: Array, usual: float) -> tuple[Array, float]:
    """Return each group's level in some runs, and how much wider that makes a limit.

    The mean of few runs says little: it counts as much as groups differ more than runs let expect
    (James and Stein's estimate). A group without any number is taken to be like the others.
    """
    known = ~np.isnan(runs)
    means = _means(runs - np.nanmedian(runs, axis=1, keepdims=True), known)
    present = ~np.isnan(means)
    if np.count_nonzero(present) < _FEWEST_LEVELS:
        return np.zeros(runs.shape[1]), 1.0
    residuals = (runs - np.nanmedian(runs, axis=1, keepdims=True) - means)[known]
    freedom = float(max(0, len(residuals) - int(present.sum())))
    noise = (PRIOR * usual**2 + float((residuals**2).sum())) / (PRIOR + freedom) / len(runs)
    middle = float(np.median(means[present]))
    between = float(((means[present] - middle) ** 2).mean())
    weight = max(0.0, between - noise) / between if between > 0.0 else 0.0
    levels: Array = np.where(present, weight * (np.nan_to_num(means) - middle), 0.0)
    return levels, sqrt(1.0 + weight / len(runs))


def _spread_of(apart: Array, usual: float) -> float:
    """Return the robust spread of some numbers, pooled with the usual one as `by_runs` does."""
    robust = _MAD * float(np.median(apart))
    return sqrt((PRIOR * usual**2 + len(apart) * robust**2) / (PRIOR + len(apart)))


_UNKNOWN = Normal(np.nan, np.nan)


def _means(values: Array, known: Array) -> Array:
    """Return the means over runs; NaN where no run has a number."""
    sums, count = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    means: Array = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    return means
