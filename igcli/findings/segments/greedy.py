"""The greedy ranking of segments by XRAI: which pixels each adds to those taken before.

A. Kapishnikov et al., XRAI: Better Attributions Through Regions, 2019 (arXiv 1906.02825).
"""

import numpy as np

from igcli.common.arrays import Array
from igcli.findings.segments.segment_set import SegmentSet

# A segment that adds fewer pixels is left out.
LEAST_NEW = 50
# Sums are kept up by subtraction: means that are as near as that are computed anew.
_SLACK = 1e-9


def areas_by_gain(values: Array, segments: SegmentSet, least: int = LEAST_NEW) -> list[Array]:
    """Return the pixels that segments add, each time those with the highest mean of new pixels.

    What no segment takes is the last area.

    Parameters
    ----------
    values : Array
        float64 (pixels,): the map, one number a pixel, row by row.
    segments : SegmentSet
        The segments.
    least : int
        How many new pixels a segment must add.

    Returns
    -------
    list of Array
        Pixels, ascending in each; every pixel of the picture is in one of them.
    """
    left = _Left(values, segments)
    areas = []
    while (best := left.best(least)) is not None:
        areas.append(left.take(best))
    return [*areas, *_rest(left.is_free)]


def areas_by_mean(values: Array, segments: SegmentSet, least: int = LEAST_NEW) -> list[Array]:
    """Return the pixels that segments add, taken by the mean of all of theirs: XRAI's fast way.

    What is given and returned is as for `areas_by_gain`.
    """
    means = np.array([values[segments[i]].mean() for i in range(len(segments))])
    is_free = np.ones(segments.pixels, bool)
    areas = []
    for number in np.argsort(-means, kind="stable"):
        own = segments[number]
        new = own[is_free[own]]
        if len(new) >= least:
            areas.append(new)
            is_free[new] = False
    return [*areas, *_rest(is_free)]


def _rest(is_free: Array) -> list[Array]:
    rest = np.flatnonzero(is_free)
    return [rest] if len(rest) else []


class _Left:
    """What is left of each segment; each entry of `segments` is looked at once in all.

    Attributes
    ----------
    is_free : Array
        bool (pixels,): which no area has yet.
    """

    def __init__(self, values: Array, segments: SegmentSet) -> None:
        self._values, self._segments = values, segments
        self._slack = _SLACK * float(np.abs(values).max(initial=0.0))
        self._counts = segments.counts.copy()
        self._sums = np.add.reduceat(values[segments.members], segments.starts[:-1])
        self._is_open = np.ones(len(segments), bool)
        owners = np.repeat(np.arange(len(segments), dtype=np.int32), segments.counts)
        # The segments of each pixel, one pixel after the other.
        self._owners = owners[np.argsort(segments.members, kind="stable")]
        per_pixel = np.bincount(segments.members, minlength=segments.pixels)
        self._ends = np.cumsum(per_pixel)
        self._begins = self._ends - per_pixel
        self.is_free = np.ones(segments.pixels, bool)

    def best(self, least: int) -> int | None:
        """Return the segment with the highest mean of its new pixels, the first of equal ones."""
        self._is_open &= self._counts >= least
        if not self._is_open.any():
            return None
        means = np.full(len(self._counts), -np.inf)
        np.divide(self._sums, self._counts, out=means, where=self._is_open)
        near = np.flatnonzero(means >= means.max() - self._slack)
        if len(near) == 1:
            return int(near[0])
        exact = [self._values[self._new(int(number))].mean() for number in near]
        return int(near[int(np.argmax(exact))])

    def take(self, number: int) -> Array:
        """Return the new pixels of a segment, and take them from all."""
        new = self._new(number)
        self._is_open[number] = False
        self.is_free[new] = False
        lengths = self._ends[new] - self._begins[new]
        before = np.cumsum(lengths) - lengths
        at = np.repeat(self._begins[new] - before, lengths) + np.arange(lengths.sum())
        owners, count = self._owners[at], len(self._counts)
        self._counts -= np.bincount(owners, minlength=count)
        weights = np.repeat(self._values[new], lengths)
        self._sums -= np.bincount(owners, weights=weights, minlength=count)
        return new

    def _new(self, number: int) -> Array:
        own = self._segments[number]
        return own[self.is_free[own]]
