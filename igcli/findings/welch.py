"""Welch's test: which columns of numbers have a larger mean in some rows than in all others."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from igcli.common.arrays import Array

# Of a whole command: the chance that any cell of any group stands out where none does.
LEVEL = 0.01
_FAR = 1e9
# Of the sums that moments are made of.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Moments:
    """The count, means and variances of some rows, by column."""

    count: int
    mean: Array
    variance: Array


def moments(values: Array) -> Moments:
    """Return the moments of the rows of (rows, columns), in float64."""
    mean = values.mean(axis=0, dtype=np.float64)
    variance = values.var(axis=0, dtype=np.float64, ddof=1)
    return Moments(len(values), mean, variance)


def moments_of_rest(whole: Moments, part: Moments) -> Moments:
    """Return the moments of the rows of a whole that are not a part's, two at least.

    Chan, Golub and LeVeque's update of sums of squares (1979), backwards; what is within its
    rounding is taken for no difference and no variance.
    """
    count = whole.count - part.count
    mean = (whole.count * whole.mean - part.count * part.mean) / count
    apart = mean - part.mean
    is_same = np.abs(apart) <= _ROUNDING * np.abs(whole.mean)
    squares = (whole.count - 1) * whole.variance
    left = squares - (part.count - 1) * part.variance
    left = left - apart**2 * (part.count * count / whole.count)
    left = np.where(left <= _ROUNDING * squares, 0.0, left)
    return Moments(count, np.where(is_same, part.mean, mean), left / (count - 1))


def against_rest(
    values: Array, groups: Iterable[Array], everyone: Array
) -> list[tuple[Moments, Moments]]:
    """Return the moments of each group's rows, and of all others of `everyone`."""
    whole = moments(values[everyone])
    own = [moments(values[rows]) for rows in groups]
    return [(some, moments_of_rest(whole, some)) for some in own]


def z_scores(some: Moments, others: Moments) -> Array:
    """Return how far the first means are above the second, in standard errors, as a normal z.

    Welch's t has few degrees of freedom where rows are few or vary much in one of the two.
    Wallace's formula turns it into the z of the same chance.
    """
    parts = some.variance / some.count, others.variance / others.count
    error = np.sqrt(parts[0] + parts[1])
    difference = some.mean - others.mean
    # What varies in neither has no error: any difference is certain.
    t = np.where(error > 0.0, difference / np.where(error > 0.0, error, 1.0), 0.0)
    t = np.where((error == 0.0) & (difference != 0.0), np.sign(difference) * _FAR, t)
    squares = parts[0] ** 2 / (some.count - 1) + parts[1] ** 2 / (others.count - 1)
    freedom = np.where(squares > 0.0, error**4 / np.where(squares > 0.0, squares, 1.0), _FAR)
    size = np.sqrt(freedom * np.log1p(t**2 / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    z: Array = np.sign(t) * size
    return z


def standing_out(z: Array, level: float = LEVEL) -> Array:
    """Return which of many z stand out above, by Holm's correction for how many there are."""
    chances = np.array([0.5 * erfc(value / sqrt(2.0)) for value in z.ravel()])
    order = np.argsort(chances, kind="stable")
    allowed = level / np.arange(len(chances), 0, -1)
    fails = np.flatnonzero(chances[order] > allowed)
    count = int(fails[0]) if len(fails) else len(chances)
    found = np.zeros(len(chances), bool)
    found[order[:count]] = True
    return found.reshape(z.shape)
