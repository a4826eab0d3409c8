"""Pairwise measures of the maps of one input: how far apart any two baselines' maps are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.agreement.choices import InputMaps
from igcli.comparison.noise import disturbed
from igcli.comparison.similarity import cosine

# The part of the mass whose signs are looked at.
_HEAVIEST = 0.5
_MEDIAN = "_median"
# Numbers of each map that are multiplied at once.
_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True)
class Measure:
    """What is told of two maps.

    Attributes
    ----------
    more_is_alike : bool
        Whether larger numbers mean more alike maps.
    least, same : float
        What it is at least, or for a distance 0; what two equal maps give.
    meaning : str
        In words, for reports.
    """

    more_is_alike: bool
    least: float
    most: float
    meaning: str

    @property
    def span(self) -> tuple[float, float]:
        """What it lies between."""
        return self.least, self.most


_OF_PAIRS = {
    "density": Measure(False, 0.0, 1.0, "share of the mass that lies in other cells"),
    "cosine": Measure(True, -1.0, 1.0, "cosine of the maps"),
    "signs": Measure(
        True, 0.0, 1.0, "share of the heaviest half of the mass whose sign is the same"
    ),
}
# Of each input: of the two maps that differ most, and the median over all pairs.
MEASURES: dict[str, Measure] = {
    name + suffix: Measure(m.more_is_alike, m.least, m.most, f"{m.meaning}: {of}")
    for suffix, of in (("", "of the two that differ most"), (_MEDIAN, "median over pairs"))
    for name, m in _OF_PAIRS.items()
}


def meaning(name: str, baselines: int) -> str:
    """Return what a measure of so many baselines' maps is, in words: two have one pair."""
    return _OF_PAIRS[name].meaning if baselines == 2 else MEASURES[name].meaning


@dataclass(frozen=True, slots=True)
class Pairwise:
    """What was found of one input.

    Attributes
    ----------
    values : dict of str to float
        By the names of MEASURES, as far as they can be told.
    explained : dict of str to float
        What the errors of the two maps that a value is of give by themselves, were the maps equal;
        NaN where no error is known.
    pair : tuple of int
        The baselines that differ most: by density, or by cosine where there is none.
    within_errors : bool
        Whether these two maps differ by no more than they may be off.
    """

    values: dict[str, float]
    explained: dict[str, float]
    pair: tuple[int, int]
    within_errors: bool


def pairwise(maps: InputMaps, key: str, with_signs: bool = True) -> Pairwise:
    """Measure every pair of maps of one input.

    Parameters
    ----------
    maps : InputMaps
        Two at least.
    key : str
        Decides, by itself, how maps are disturbed to find what their errors explain.
    with_signs : bool
        Whether signs can be told: those of pixels, not of regions.
    """
    values = maps.values
    errors = _filled(maps.errors)
    weights = _heaviest(values)
    found = {"cosine": _cosines(values)}
    if maps.masses is not None:
        found["density"] = _distances(maps.masses)
    if with_signs:
        found["signs"] = _same_signs(values, weights)
    regions_errors = _filled(maps.regions_errors)

    def alone(name: str, i: int, j: int) -> float:
        """Return what the errors of two maps make of a measure."""
        if name == "density":
            return float(np.minimum(1.0, regions_errors[i] + regions_errors[j]))
        share = float(errors[i] + errors[j])
        if not np.isfinite(share):
            return np.nan
        one = unit(values[i])
        return _BY_PAIR[name](one, disturbed(one, share, key), weights)

    told, explained, pairs = {}, {}, {}
    for name, matrix in found.items():
        worst, middle = _worst_and_middle(matrix, _OF_PAIRS[name].more_is_alike)
        told[name], pairs[name] = float(matrix[worst]), worst
        told[name + _MEDIAN] = _median(matrix)
        explained[name] = alone(name, *worst)
        explained[name + _MEDIAN] = explained[name] if middle == worst else alone(name, *middle)
    i, j = pairs.get("density", pairs["cosine"])
    apart = float(np.abs(unit(values[i]) - unit(values[j])).sum())
    within = bool(apart <= np.nan_to_num(errors[i] + errors[j]))
    order = [name for name in MEASURES if name in told]
    return Pairwise(
        {name: told[name] for name in order},
        {name: explained[name] for name in order},
        (i, j),
        within,
    )


def unit(values: Array) -> Array:
    """Return a map over its L1 norm, float64; one of zeros stays."""
    exact = values.astype(np.float64)
    over: Array = exact / (np.abs(exact).sum() or 1.0)
    return over


def _filled(errors: Array) -> Array:
    """Return errors, those that are not known as large as the largest known one."""
    known = errors[np.isfinite(errors)]
    return np.where(np.isfinite(errors), errors, known.max()) if len(known) else errors


def _heaviest(values: Array) -> Array:
    """Return the mean size of each number over the unit maps, 0 beyond half of the mass.

    The half is the fewest numbers that make it up.
    """
    sizes = np.zeros(values.shape[1])
    for one in values:
        sizes += np.abs(unit(one)) / len(values)
    order = np.argsort(-sizes, kind="stable")
    mass = np.cumsum(sizes[order])
    count = int(np.searchsorted(mass, _HEAVIEST * mass[-1])) + 1
    sizes[order[count:]] = 0.0
    return sizes


def _cosines(values: Array) -> Array:
    """Return the cosines of all pairs; a hundred maps of a photo are not copied."""
    products = np.zeros((len(values), len(values)))
    for start in range(0, values.shape[1], _AT_ONCE):
        some = values[:, start : start + _AT_ONCE].astype(np.float64)
        products += some @ some.T
    lengths = np.sqrt(np.diag(products))
    has = lengths > 0.0
    safe = np.where(has, lengths, 1.0)
    found: Array = np.clip(products / np.outer(safe, safe), -1.0, 1.0)
    # Two maps of zeros are alike; one of them and another are not.
    found[np.outer(~has, ~has)] = 1.0
    return found


def _distances(masses: Array) -> Array:
    """Return the total variations of the densities of |map|, (baselines, baselines)."""
    cells = masses.astype(np.float64).sum(axis=1).reshape(len(masses), -1)
    totals = cells.sum(axis=1)
    shares = cells / np.where(totals > 0.0, totals, 1.0)[:, None]
    found = np.stack([0.5 * np.abs(shares - one).sum(axis=1) for one in shares])
    has = totals > 0.0
    found[np.not_equal.outer(has, has)] = 1.0
    nearest: Array = np.minimum(found, 1.0)
    return nearest


def _same_signs(values: Array, weights: Array) -> Array:
    """Return which share of the weights lies where two maps have one sign; zero is one, too."""
    chosen = weights > 0.0
    if not chosen.any():
        return np.ones((len(values), len(values)))
    signs, kept = np.sign(values[:, chosen]), weights[chosen]
    parts = [(signs == sign).astype(np.float64) for sign in (-1.0, 0.0, 1.0)]
    same = np.sum([(part * kept) @ part.T for part in parts], axis=0) / kept.sum()
    return np.asarray(np.clip(same, 0.0, 1.0))


def _of_two_signs(one: Array, other: Array, weights: Array) -> float:
    return float(_same_signs(np.stack([one, other]), weights)[0, 1])


_BY_PAIR: dict[str, Callable[[Array, Array, Array], float]] = {
    "cosine": lambda one, other, weights: cosine(one, other),
    "signs": _of_two_signs,
}


def _worst_and_middle(
    matrix: Array, more_is_alike: bool
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the pair that is least alike, and one in the middle of all pairs."""
    rows, columns = np.triu_indices(len(matrix), 1)
    order = np.argsort(matrix[rows, columns], kind="stable")
    if not more_is_alike:
        order = order[::-1]
    first, middle = order[0], order[len(order) // 2]
    return (int(rows[first]), int(columns[first])), (int(rows[middle]), int(columns[middle]))


def _median(matrix: Array) -> float:
    return float(np.median(matrix[np.triu_indices(len(matrix), 1)]))
