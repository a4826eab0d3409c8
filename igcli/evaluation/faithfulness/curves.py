"""curves: deletion and insertion, scores while a map's pixels are taken away or put back.

V. Petsiuk, A. Das, K. Saenko, RISE, 2018: pixels change in the map's order, all channels at once,
and the area under the score's curve is measured by trapezoids. With as many pixels in every step
that is (Σ − first/2 − last/2) / steps, as RISE has it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.evaluation.faithfulness.case import Ask, Case, Measured


@dataclass(frozen=True, slots=True)
class Steps:
    """How pixels are taken.

    Attributes
    ----------
    units : Array
        int (height · width,): which unit each pixel is of, 0 and on; a unit changes at once.
    step : int
        How many pixels change in a step, in whole units.
    """

    units: Array
    step: int

    def cuts(self, importance: Array, ties: Array) -> list[Array]:
        """Return the pixels of each step, the most important units first.

        Parameters
        ----------
        importance : Array
            (height, width); a unit's is the sum of its pixels'.
        ties : Array
            (units,): which of equally important units comes first, the smaller.
        """
        values = np.bincount(self.units, importance.ravel())
        order = np.lexsort((ties, -values))
        place = np.empty(len(order), int)
        place[order] = np.arange(len(order))
        pixels = np.argsort(place[self.units], kind="stable")
        ends = np.cumsum(np.bincount(self.units)[order])
        # A step ends with the unit in which it has all its pixels.
        last = np.unique(np.searchsorted(ends, np.arange(self.step, ends[-1], self.step)))
        return np.split(pixels, ends[last][ends[last] < ends[-1]])


def squares(size: tuple[int, int], side: int) -> Array:
    """Return which square of a side each pixel is in, flat."""
    rows, columns = (np.arange(length) // side for length in size)
    return units_of(rows, columns)


def units_of(rows: Array, columns: Array) -> Array:
    """Return which unit each pixel is in, flat, from the unit's row and column of each."""
    found: Array = (rows[:, None] * (columns[-1] + 1) + columns[None, :]).ravel()
    return found


def area(scores: Array, shares: Array) -> float:
    """Return the area under a curve of scores over shares of the pixels, by trapezoids."""
    return float(0.5 * (scores[1:] + scores[:-1]) @ np.diff(shares))


def measure_curves(
    case: Case, orders: Mapping[str, Array], steps: Steps, ends: tuple[Array, Array], ask: Ask
) -> dict[str, Measured]:
    """Return the area and the curve of each order, from one image to another.

    Parameters
    ----------
    case : Case
        The image.
    orders : dict of str to Array
        Planes, (height, width), by name.
    steps : Steps
        How.
    ends : (Array, Array)
        In model space: the image that is begun with, and that which it becomes.
    ask : callable
        The model; the curves of all orders are asked for in one go.
    """
    ties = case.random("ties").permutation(int(steps.units.max()) + 1)
    cuts = {name: steps.cuts(plane, ties) for name, plane in orders.items()}
    asked = iter(ask(_edited(list(cuts.values()), *ends)))
    first, last = next(asked), next(asked)
    found = {}
    for name, pixels in cuts.items():
        between = [next(asked) for _ in pixels[:-1]]
        scores = np.array([first, *between, last])
        shares = np.cumsum([0, *map(len, pixels)]) / len(steps.units)
        found[name] = Measured(area(scores, shares), tuple(zip(shares, scores, strict=True)))
    return found


def _edited(cuts: Sequence[Sequence[Array]], begin: Array, end: Array) -> Iterator[Array]:
    """Yield both ends, which all curves share, and what lies between them, curve by curve."""
    yield begin
    yield end
    for pixels in cuts:
        image = begin.copy()
        flat = image.reshape(sum(map(len, pixels)), -1)
        whole = end.reshape(flat.shape)
        for some in pixels[:-1]:
            flat[some] = whole[some]
            yield image.copy()
