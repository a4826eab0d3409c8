"""What is gained: how much of what speaks for a class has come to the same places in all images.

A model that has learned a mark looks at the mark's place in every image that bears it; what models
of other seeds look at lies here in one image and there in another. So of each cell the mean gain
over a group's images counts, and only what it is beyond one standard error.
"""

from collections.abc import Sequence
from math import nan

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.drift.intervals import weights
from igcli.comparison.grid import reduce_map

GAINED = "gained"
_GRID = 14
# Standard errors of a cell's mean that are no gain: of those cells that gained nothing, one in six
# is beyond.
_ERRORS = 1.0


def density(values: Array) -> Array:
    """Return the shares of a map's positive part in the cells of a 14×14 grid, float32 (cells,).

    Zeros where nothing is positive.
    """
    mass = reduce_map(np.maximum(values, 0.0), _GRID).ravel()
    total = float(mass.sum())
    found: Array = (mass / total if total else mass).astype(np.float32)
    return found


def gained(gains: Array) -> float:
    """Return Σ max(0, mean − standard error) over cells, 0 to 1; NaN for fewer than two images.

    Parameters
    ----------
    gains : Array
        (images, cells): densities less those of the reference.
    """
    count = len(gains)
    if count < 2:
        return nan
    errors = gains.std(axis=0, ddof=1, dtype=np.float64) / np.sqrt(count)
    return float(np.maximum(0.0, gains.mean(axis=0, dtype=np.float64) - _ERRORS * errors).sum())


def part_of_each(gains: Array) -> Array:
    """Return how much each image has in the cells that its group gained, (images,)."""
    part: Array = gains @ (gains.mean(axis=0) > 0.0).astype(gains.dtype)
    return part


def gained_interval(gains: Array) -> tuple[float, float]:
    """Return the bootstrap interval of `gained`, as `intervals.interval` does of numbers.

    Images drawn twice make means spread more: the draws are moved so that their median is the
    number itself.
    """
    count = len(gains)
    drawn, narrower = weights(count)
    sums, squares = drawn @ gains, drawn @ gains**2
    total = drawn.sum(axis=1, keepdims=True)
    means = sums / total
    errors = np.sqrt(np.maximum(0.0, squares / total - means**2) / max(1, count - 1))
    draws = np.maximum(0.0, means - _ERRORS * errors).sum(axis=1)
    value, ends = gained(gains), np.percentile(draws, (2.5, 97.5)) - np.median(draws)
    low, high = (float(np.clip(value + narrower * end, 0.0, 1.0)) for end in ends)
    return low, high


def gains_of_all(new: Array, reference: Array, runs: Sequence[Array]) -> list[Array]:
    """Return the gains of a new run, then those of the reference and of each calibrating run.

    What the reference is made of are several runs that are held to be equal: a new run is held
    against their mean, and each of them against the mean of the others. That mean is of one run
    less, and spreads more: gains are made smaller by √(1 − 1/n²), n runs, as if it were of all.

    Parameters
    ----------
    new, reference : Array
        (images, cells): densities; NaN where they can't be compared.
    runs : sequence of Array
        The same of each calibrating run; none gives the new run's gains alone.
    """
    known = [reference, *runs]
    count = len(known)
    total = np.sum([np.nan_to_num(some) for some in known], axis=0)
    present = np.sum([~np.isnan(some) for some in known], axis=0)
    found = [new - _mean(total, present)]
    smaller = np.float32(np.sqrt(1.0 - 1.0 / count**2))
    for some in known if runs else ():
        rest = _mean(total - np.nan_to_num(some), present - ~np.isnan(some))
        found.append((some - rest) * smaller)
    return found


def _mean(total: Array, present: Array) -> Array:
    mean: Array = np.where(present > 0, total / np.maximum(present, 1), np.nan).astype(np.float32)
    return mean
