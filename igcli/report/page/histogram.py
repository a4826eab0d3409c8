"""The histogram: bins with edges at round numbers; far tails are counted, not drawn to scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

_MOST = 30
_FEW = 100
# A tail is cut off where it is longer than what 98 % of the numbers span.
_TAIL = 1.0
# Floats that differ by less can't be told apart by edges.
_EQUAL = 1e-9
_LEAST = 1e-300
# Empty bins on both sides of a single whole number.
_MARGIN = 3


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of numbers.

    Attributes
    ----------
    edges : tuple of float
        One more than there are bins; at round numbers, all the same width apart.
    counts : tuple of int
        Of the bins; each has its lower edge, the last one its upper edge too.
    below, above : int
        How many numbers lie beyond the edges, infinite ones too.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int


def histogram(values: Sequence[float], whole: bool = False) -> Histogram:
    """Count numbers, none of them NaN; `whole` ones have bins of whole width.

    Raises
    ------
    ValueError
        When there are none.
    """
    numbers = np.asarray(values, np.float64)
    finite = numbers[np.isfinite(numbers)]
    if not len(numbers):
        raise ValueError("no numbers")
    low, high = _core(finite) if len(finite) else (0.0, 0.0)
    edges = _round_edges(low, high, whole)
    counts, _ = np.histogram(finite, bins=edges)
    return Histogram(
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        below=int((numbers < edges[0]).sum()),
        above=int((numbers > edges[-1]).sum()),
    )


def _core(finite: np.ndarray) -> tuple[float, float]:
    """Return the range that is drawn: all of it, but for the far tails of many numbers."""
    low, high = float(finite.min()), float(finite.max())
    if len(finite) >= _FEW:
        near, far = (float(q) for q in np.quantile(finite, (0.01, 0.99)))
        most = _TAIL * (far - near)
        low = near if near - low > most else low
        high = far if high - far > most else high
    return low, high


def _round_edges(low: float, high: float, whole: bool) -> np.ndarray:
    """Return edges at multiples of 1, 2 or 5 times a power of ten."""
    span = high - low
    largest = max(abs(low), abs(high))
    if span <= _EQUAL * largest:
        span = largest or 1.0
    step = _round_up(max(span / _MOST, _LEAST))
    if whole:
        step = max(1.0, ceil(step))
    first, last = floor(low / step), ceil(high / step)
    if whole or first == last:
        # The last bin has both its edges; one more keeps whole numbers apart.
        last += 1
    if whole and last - first == 1:
        first, last = first - _MARGIN, last + _MARGIN
    edges = np.arange(first, last + 1) * step
    # Rounding must not leave the ends out.
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
    return edges


def _round_up(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if value <= m * power * (1.0 + 1e-9))
