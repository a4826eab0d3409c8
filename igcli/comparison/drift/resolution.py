"""The resolution of a comparison: thresholds finer than the maps' own errors are refused.

Noise does not fall in proportion to a tolerance: a cosine's falls with its square, a rank
correlation's in its own way. So the tolerance that would do is tried out, on maps disturbed less.
"""

from collections.abc import Callable, Sequence
from math import floor, log10

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.regions import Regions
from igcli.comparison.drift.pairs import Matched, Measured
from igcli.comparison.drift.sides import Side, Stored
from igcli.comparison.drift.thresholds import Threshold, statistic
from igcli.comparison.noise import disturbed
from igcli.comparison.similarity import METRICS

# Below that float32 is the limit.
FINEST = 1e-4
# Images that a tolerance is tried out on, and how often it is halved (as a ratio).
_TRIED = 50
_HALVINGS = 8
# What is left as room: maps of a finer tolerance are not quite the maps at hand.
_ROOM = 1.25


def check_measurable(thresholds: Sequence[Threshold], regions: Regions | None) -> None:
    """Raise ConfigError for a threshold on what densities over regions do not tell."""
    for threshold in thresholds if regions is not None else ():
        metric = METRICS.get(threshold.measure)
        if metric is not None and metric.needs_pixels:
            known = ", ".join(name for name, known in METRICS.items() if not known.needs_pixels)
            raise ConfigError(
                f"--fail-on {threshold.text} can't be told from regions",
                f"{threshold.measure}: {metric.needs_pixels}",
                f"use {known}, or run both with --store pixels",
            )


def check_resolution(
    thresholds: Sequence[Threshold],
    sides: tuple[Side, Side],
    matched: Matched,
    found: Measured,
    grid: int,
) -> None:
    """Raise ConfigError where the maps' errors alone would cross a threshold.

    Parameters
    ----------
    thresholds : sequence of Threshold
        Those of shares and of changes of numbers have no noise.
    sides : (Side, Side)
        Reference and new.
    matched, found
        Of these sides.
    grid : int
        What their maps are reduced to; 0 where they are whole.
    """
    for threshold in thresholds:
        if threshold.measure not in METRICS or threshold.relative:
            continue
        of_all = found.noise[:, list(METRICS).index(threshold.measure)]
        known = np.flatnonzero(~np.isnan(of_all))
        if not len(known):
            continue
        noises = of_all[known]
        noise = statistic(noises, threshold.statistic)
        if threshold.crossed_by(noise):
            tried = known[places_like_all(noises)]
            raise ConfigError(
                f"--fail-on {threshold.text} is finer than the runs can tell",
                "the errors of their own maps alone give "
                f"{threshold.measure}.{threshold.statistic} of {noise:.3g}",
                _what_to_do(threshold, sides, matched, found, tried, grid),
            )


def places_like_all(noises: Array) -> Array:
    """Return places of numbers whose statistics are much like those of all."""
    ranks = np.linspace(0, len(noises) - 1, min(len(noises), _TRIED)).round().astype(int)
    chosen: Array = np.argsort(noises)[ranks]
    return chosen


def _what_to_do(
    threshold: Threshold,
    sides: tuple[Side, Side],
    matched: Matched,
    found: Measured,
    tried: Array,
    grid: int,
) -> str:
    tolerances = [_tolerance(side) for side in sides]
    pairs = [matched.pairs[i] for i in tried]
    estimates = np.array([_estimates(a, b) for a, b in pairs])
    measure = METRICS[threshold.measure].measure

    def is_within(tolerance: float) -> bool:
        """Tell whether maps of that tolerance, or better ones where they are, would do."""
        kept = tolerance / np.maximum(estimates, tolerance)
        shares = (found.errors[tried] * kept).sum(axis=1)
        maps = sides[0].maps([row for row, _ in pairs], grid)
        noises = [
            measure(m.values.astype(np.float64), disturbed(m.values, share, row.id))
            for m, share, (row, _) in zip(maps, shares, pairs, strict=True)
        ]
        return not threshold.crossed_by(statistic(noises, threshold.statistic))

    known = [tolerance for tolerance in tolerances if tolerance is not None]
    coarsest = max(known) if known else float(estimates.max())
    if threshold.limit == METRICS[threshold.measure].same:
        return "set a threshold that leaves room for errors"
    if coarsest <= FINEST or not is_within(FINEST):
        return "set a wider threshold: paths that exact are out of reach"
    return _rerun(largest_tolerance(is_within, coarsest), sides, tolerances)


def largest_tolerance(is_within: Callable[[float], bool], coarsest: float) -> float:
    """Return the largest tolerance that would do, less some room: two digits of it."""
    low, high = FINEST, coarsest
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if is_within(middle) else (low, middle)
    advised = low / _ROOM
    unit = 10.0 ** (floor(log10(advised)) - 1)
    return float(f"{floor(advised / unit) * unit:.1e}")


def _rerun(tolerance: float, sides: tuple[Side, Side], tolerances: list[float | None]) -> str:
    coarser = [
        f"what {side.title} was made from" if side.grid else side.title
        for side, own in zip(sides, tolerances, strict=True)
        if own is None or own > tolerance
    ]
    which = "both" if len(coarser) == len(sides) else coarser[0]
    method = "--method adaptive " if None in tolerances else ""
    return (
        f"rerun {which} with {method}--tolerance {tolerance:g} (and --max-steps 4097 where maps do "
        "not converge), or set a wider threshold"
    )


def _tolerance(side: Side) -> float | None:
    """Return the tolerance that a side's paths were refined to; None for fixed rules."""
    accuracy = side.about["settled"].get("accuracy") or {}
    found: float | None = accuracy.get("tolerance")
    return found


def _estimates(a: Stored, b: Stored) -> list[float]:
    """Return both maps' error estimates; one that is not known is taken to be the other."""
    found = [row.error_estimate for row in (a, b)]
    known = [e for e in found if e is not None and np.isfinite(e)]
    return [e if e is not None and np.isfinite(e) else max(known) for e in found]
