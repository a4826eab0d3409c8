"""subsets: what taking some pixels away changes, against what a map says of them.

MuFidelity: U. Bhatt, A. Weller, J. Moura, Evaluating and Aggregating Feature-based Model
Explanations, 2020, with the subsets of a coarse grid of T. Fel and others, Look at the Variance,
2021. Infidelity: C.-K. Yeh and others, On the (In)fidelity and Sensitivity of Explanations, 2019,
with perturbations that take pixels to the baseline, and Captum's normalisation. Sensitivity-n:
M. Ancona and others, Towards better understanding of gradient-based attribution methods, 2018.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import CONTROLS, INFIDELITY, MUFIDELITY, SENSITIVITY_N
from igcli.comparison.similarity import cosine, spearman
from igcli.evaluation.faithfulness.case import Ask, Case, Measured
from igcli.evaluation.faithfulness.curves import units_of

# MuFidelity's subsets: so many, each of that part of the cells of a grid of so many a side.
SUBSETS, PART, GRID = 200, 0.2, 9
# Sensitivity-n's: so many of each of these shares of the pixels.
SHARES = tuple(float(share) for share in np.geomspace(0.01, 0.8, 8))
OF_EACH = 40
# What is in no unit of the score is always scaled to it; a map blurred is in the map's.
_UNSCALED = frozenset(CONTROLS) - {"blurred"}


@dataclass(frozen=True, slots=True)
class Removed:
    """What was asked of one image.

    Attributes
    ----------
    masks : Array
        bool (subsets, pixels): what was taken away.
    drops : Array
        float64 (subsets,): by how much the score fell.
    """

    masks: Array
    drops: Array

    def sums(self, plane: Array) -> Array:
        """Return what a map says of each subset: its sum there."""
        found: Array = self.masks @ plane.ravel()
        return found


def infidelity(sums: Array, drops: Array, normalize: bool) -> float:
    """Return the mean square of what a map says of subsets less what the score fell by.

    Parameters
    ----------
    sums, drops : Array
        float64 (subsets,).
    normalize : bool
        Whether the map is first scaled by the factor that makes this least.
    """
    square = float(sums @ sums)
    scale = float(sums @ drops) / square if normalize and square else 1.0
    return float(np.mean((scale * sums - drops) ** 2))


def measure_grid(
    case: Case, planes: Mapping[str, Array], metrics: Sequence[str], normalize: bool, ask: Ask
) -> dict[str, dict[str, Measured]]:
    """Return MuFidelity and infidelity, as far as asked for, of each plane; one set of subsets."""
    height, width = next(iter(planes.values())).shape
    rows, columns = (np.arange(n) * min(GRID, n) // n for n in (height, width))
    found = _remove(case, units_of(rows, columns), [PART] * SUBSETS, "subsets", ask)
    sums = {name: found.sums(plane) for name, plane in planes.items()}
    values: dict[str, dict[str, Measured]] = {}
    if MUFIDELITY in metrics:
        values[MUFIDELITY] = {
            name: Measured(spearman(own, found.drops)) for name, own in sums.items()
        }
    if INFIDELITY in metrics:
        values[INFIDELITY] = {
            name: Measured(infidelity(own, found.drops, normalize or name in _UNSCALED))
            for name, own in sums.items()
        }
    return values


def measure_sensitivity(
    case: Case, planes: Mapping[str, Array], units: Array, ask: Ask
) -> dict[str, dict[str, Measured]]:
    """Return sensitivity-n of each plane: Pearson's correlation, its mean over shares of pixels."""
    shares = [share for share in SHARES for _ in range(OF_EACH)]
    found = _remove(case, units, shares, "sensitivity-n", ask)
    drops = _centred(found.drops)
    values = {}
    for name, plane in planes.items():
        sums = _centred(found.sums(plane))
        each = [cosine(*pair) for pair in zip(sums, drops, strict=True)]
        values[name] = Measured(float(np.mean(each)), tuple(zip(SHARES, each, strict=True)))
    return {SENSITIVITY_N: values}


def _centred(values: Array) -> Array:
    by_share = values.reshape(len(SHARES), OF_EACH)
    found: Array = by_share - by_share.mean(axis=1, keepdims=True)
    return found


def _remove(case: Case, units: Array, shares: Sequence[float], what: str, ask: Ask) -> Removed:
    """Ask for the image without random subsets of its units, which are of these shares of them."""
    random = case.random(what)
    count = int(units.max()) + 1
    masks = np.zeros((len(shares), len(units)), bool)
    for mask, share in zip(masks, shares, strict=True):
        chosen = np.zeros(count, bool)
        chosen[random.permutation(count)[: max(1, round(share * count))]] = True
        mask[:] = chosen[units]
    scores = np.array(ask(_without(case, masks)))
    return Removed(masks, scores[0] - scores[1:])


def _without(case: Case, masks: Array) -> Iterator[Array]:
    """Yield the image, and it without each subset."""
    yield case.x
    flat = case.x.reshape(masks.shape[1], -1)
    baseline = case.baseline.reshape(flat.shape)
    for mask in masks:
        yield np.where(mask[:, None], baseline, flat).reshape(case.x.shape)
