"""Intervals, of 95 %: of shares, of differences of paired shares, of means."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from igcli.common.arrays import Array
from igcli.evaluation.causal.seeded import seeded

_Z = 1.959963984540054
_RESAMPLES = 2000
_ENDS = (2.5, 97.5)
Interval = tuple[float, float]


def of_share(count: int, of: int) -> Interval:
    """Return Wilson's interval of a share (JASA 22, 1927); of nothing it is (0, 1)."""
    if not of:
        return 0.0, 1.0
    share, z2 = count / of, _Z * _Z / of
    centre = (share + z2 / 2.0) / (1.0 + z2)
    half = _Z * sqrt(share * (1.0 - share) / of + z2 / (4.0 * of)) / (1.0 + z2)
    return max(0.0, centre - half), min(1.0, centre + half)


def of_difference(first: Sequence[bool], second: Sequence[bool]) -> Interval:
    """Return the interval of the difference of two shares of the same images.

    Wald's interval with half an image more in each of the four cells (Agresti and Min, Statistics
    in Medicine 24, 2005): unlike a bootstrap's it has a width where nothing differs.
    """
    pairs = list(zip(first, second, strict=True))
    more = sum(a and not b for a, b in pairs)
    less = sum(b and not a for a, b in pairs)
    of = len(pairs) + 2.0
    centre = (more - less) / of
    half = _Z * sqrt(max(0.0, more + less + 1.0 - (more - less) ** 2 / of)) / of
    return max(-1.0, centre - half), min(1.0, centre + half)


def of_mean(values: Array, seed: int, name: str) -> Interval | None:
    """Return the percentile bootstrap's interval of a mean; None of fewer than two values.

    `name` says what is resampled, so that one draw does not serve for all.
    """
    if len(values) < 2:
        return None
    return ends_of(resampled_means(values, seed, name))


def resampled_means(values: Array, seed: int, name: str) -> Array:
    """Return the means over the first axis of a bootstrap's draws, (draws, …)."""
    random = seeded(seed, name)
    means: Array = values[random.integers(len(values), size=(_RESAMPLES, len(values)))].mean(axis=1)
    return means


def ends_of(draws: Array) -> Interval:
    """Return between what 95 of 100 draws lie."""
    low, high = np.percentile(draws, _ENDS)
    return float(low), float(high)
