"""The similarity of two maps of one input: METRICS, one number each.

Maps of zeros or of one value have no direction and no order: two of them count as equal, one of
them and another map as unlike.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import inf

import numpy as np

from igcli.common.arrays import Array
from igcli.common.distance import relative_distance
from igcli.comparison.grid import mean_magnitudes, reduce_map

# Both are told in METRICS.
_COARSE, _ROUGH = 14, 5
# Of values whose means over cells differ by rounding alone.
_EVEN = 1e-12


@dataclass(frozen=True, slots=True)
class Metric:
    """One way to compare.

    Attributes
    ----------
    measure : callable
        (reference, new) → number, for float64 maps (height, width, channels) or of other shape.
    same : float
        What equal maps give.
    more_is_alike : bool
        Whether larger numbers mean more alike maps.
    least, most : float
        What it lies between.
    meaning : str
        In words, for reports.
    needs_pixels : str
        Why densities over regions do not tell it; "" where they do.
    """

    measure: Callable[[Array, Array], float]
    same: float
    more_is_alike: bool
    least: float
    most: float
    meaning: str
    needs_pixels: str = ""


def cosine(reference: Array, new: Array) -> float:
    """Return the cosine of the angle between two maps."""
    lengths = float(np.linalg.norm(reference)) * float(np.linalg.norm(new))
    if lengths == 0.0:
        return float(not reference.any() and not new.any())
    # In this order, so that NaN stays.
    return max(min(float(np.vdot(reference, new)) / lengths, 1.0), -1.0)


def spearman(reference: Array, new: Array) -> float:
    """Return Spearman's rank correlation, ties sharing their mean rank."""
    return _correlation(_ranks(reference.ravel()), _ranks(new.ravel()))


def coarse(reference: Array, new: Array) -> float:
    """Return the correlation of |map| averaged over the cells of a grid: where it looks, roughly.

    A deep network's pixels are noisy in sign and place; how much of the map lies in which part of a
    picture is not.
    """
    return _correlation(*(mean_magnitudes(values, _COARSE) for values in (reference, new)))


def moved(reference: Array, new: Array) -> float:
    """Return which share of what speaks for the class lies in other cells of a rough grid.

    It is the total variation of the densities of the maps' positive parts. For models that differ
    in their seed alone it is much the same in all classes, while correlations depend on how spread
    out a map is; and what a model has newly learned speaks for a class.
    """
    masses = [reduce_map(np.maximum(values, 0.0), _ROUGH) for values in (reference, new)]
    totals = [float(mass.sum()) for mass in masses]
    if not all(totals):
        return float(any(totals))
    one, other = (mass / total for mass, total in zip(masses, totals, strict=True))
    return min(1.0, 0.5 * float(np.abs(one - other).sum()))


def _correlation(one: Array, other: Array) -> float:
    constant = [bool(np.ptp(v) <= _EVEN * np.abs(v).max()) for v in (one, other)]
    if any(constant):
        return float(all(constant))
    return cosine(one - one.mean(), other - other.mean())


def _ranks(values: Array) -> Array:
    """Return ranks from 0; equal values share the mean of theirs."""
    order = np.argsort(values)
    ordered = values[order]
    begins = np.append(0, 1 + np.flatnonzero(ordered[1:] != ordered[:-1]))
    sizes = np.diff(begins, append=len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(begins + 0.5 * (sizes - 1), sizes)
    return ranks


def _top(share: float) -> Callable[[Array, Array], float]:
    def overlap(reference: Array, new: Array) -> float:
        """Return which share of the pixels with the largest |values| is common to both maps."""
        ours, theirs = (_largest(_plane(values).ravel(), share) for values in (reference, new))
        most = max(np.count_nonzero(ours), np.count_nonzero(theirs))
        return np.count_nonzero(ours & theirs) / most if most else 1.0

    return overlap


def _largest(values: Array, share: float) -> Array:
    """Tell which values are the largest, a share of all; of ties, the first.

    Zeros are never among them: two maps with a few spots each would have their corners in common.
    """
    count = max(1, round(share * len(values)))
    limit = np.partition(values, len(values) - count)[len(values) - count]
    largest: Array = values > limit
    if limit > 0.0:
        ties = np.flatnonzero(values == limit)
        largest[ties[: count - np.count_nonzero(largest)]] = True
    return largest


def _plane(values: Array) -> Array:
    """Return |values|, the channels of a picture summed."""
    magnitudes = np.abs(values)
    summed: Array = magnitudes.sum(axis=2) if values.ndim == 3 else magnitudes
    return summed


def _relative(order: int) -> Callable[[Array, Array], float]:
    def difference(reference: Array, new: Array) -> float:
        """Return ‖new − reference‖ / ‖reference‖; infinite where only the reference is zero."""
        return relative_distance(new, reference, order)

    return difference


def shift(reference: Array, new: Array) -> float:
    """Return how far the centre of mass of |map| moves, in diagonals of the picture.

    A map that is no picture has its numbers in a line; its length counts as the diagonal.
    """
    centres = [_centre(_plane(values)) for values in (reference, new)]
    sizes = np.array([max(1, side - 1) for side in _plane(reference).shape])
    return float(np.linalg.norm(centres[0] - centres[1]) / np.linalg.norm(sizes))


def _centre(mass: Array) -> Array:
    """Return the centre of mass, in indices; of no mass, the middle."""
    total = mass.sum()
    middle = [(side - 1) / 2 for side in mass.shape]
    if total == 0.0:
        return np.array(middle)
    axes = range(mass.ndim)
    sums = [mass.sum(axis=tuple(a for a in axes if a != axis)) for axis in axes]
    return np.array([np.arange(len(s)) @ s / total for s in sums])


def signs(reference: Array, new: Array) -> float:
    """Return which share of the reference's |mass| has the same sign in the new map."""
    mass = np.abs(reference)
    total = float(mass.sum())
    if total == 0.0:
        return float(not new.any())
    return float(mass[np.sign(reference) == np.sign(new)].sum()) / total


_OF_PIXELS = "it is a share of the pixels, and regions are far larger"
_OF_SIGNS = "pixels of both signs lie in one region"
METRICS: dict[str, Metric] = {
    "cosine": Metric(cosine, 1.0, True, -1.0, 1.0, "cosine of the maps"),
    "spearman": Metric(spearman, 1.0, True, -1.0, 1.0, "rank correlation of the maps"),
    "coarse": Metric(coarse, 1.0, True, -1.0, 1.0, "correlation of |map| on a grid of 14×14 cells"),
    "top1": Metric(_top(0.01), 1.0, True, 0.0, 1.0, "overlap of the top 1 % of pixels", _OF_PIXELS),
    "top5": Metric(_top(0.05), 1.0, True, 0.0, 1.0, "overlap of the top 5 % of pixels", _OF_PIXELS),
    "top10": Metric(
        _top(0.10), 1.0, True, 0.0, 1.0, "overlap of the top 10 % of pixels", _OF_PIXELS
    ),
    "l1": Metric(_relative(1), 0.0, False, 0.0, inf, "L1 difference over the reference's L1 norm"),
    "l2": Metric(_relative(2), 0.0, False, 0.0, inf, "L2 difference over the reference's L2 norm"),
    "shift": Metric(shift, 0.0, False, 0.0, 1.0, "shift of the centre of mass, in diagonals"),
    "signs": Metric(
        signs, 1.0, True, 0.0, 1.0, "share of the mass whose sign is the same", _OF_SIGNS
    ),
    "moved": Metric(
        moved,
        0.0,
        False,
        0.0,
        1.0,
        "share of the positive attribution that lies in other cells of a 5×5 grid",
    ),
}


def measured(reference: Array, new: Array, names: Collection[str] = METRICS) -> Array:
    """Return the metrics of two maps, in the order of METRICS, float64; NaN for those not named."""
    pair = reference.astype(np.float64), new.astype(np.float64)
    return np.array([m.measure(*pair) if name in names else np.nan for name, m in METRICS.items()])
