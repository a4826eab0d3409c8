"""Areas of a picture, ranked by their values, each with its error; areas that are tied."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import REDUCED
from igcli.common.shapes import with_channels

SUM, MAX = REDUCED
# (left, top, right, bottom), the last two the first beyond it.
Corners = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Area:
    """Pixels of one picture that have one value.

    Attributes
    ----------
    rank : int
        1 for the highest value; those that are tied have the rank of the first of them.
    count : int
        How many pixels it has.
    value : float
        The mean of the map in it.
    error : float
        How far `value` is off at most if the map's error lies where its magnitude lies; NaN where
        no one estimated that error.
    bound : float
        How far `value` is off at most wherever the map's error lies; NaN as before.
    box : tuple of int
        The least box that holds it, in the map's pixels.
    """

    rank: int
    count: int
    value: float
    error: float
    bound: float
    box: Corners


@dataclass(frozen=True, slots=True)
class Ranking:
    """The areas of one picture, by their values, the highest first.

    Attributes
    ----------
    areas : tuple of Area
        The areas.
    numbers : Array
        int32 (height, width): which of them each pixel is in, 0 for the first.
    """

    areas: tuple[Area, ...]
    numbers: Array

    @property
    def plane(self) -> Array:
        """Each pixel's area's value, float32 (height, width). It has the map's sum."""
        values = np.array([area.value for area in self.areas], np.float32)
        plane: Array = values[self.numbers]
        return plane

    @property
    def standing(self) -> Array:
        """The share of the area that is below each pixel's, its own rank by half, float64."""
        ranks = np.array([area.rank for area in self.areas])
        held = np.bincount(ranks, [area.count for area in self.areas])
        below = held[::-1].cumsum()[::-1] - held / 2.0
        plane: Array = below[ranks][self.numbers] / self.numbers.size
        return plane

    @property
    def rank_plane(self) -> Array:
        """The rank of each pixel's area."""
        ranks: Array = np.array([area.rank for area in self.areas])[self.numbers]
        return ranks

    def top(self, share: float) -> Array:
        """Return where the best areas are: as few as hold `share` of the pixels or more."""
        held = np.cumsum([area.count for area in self.areas])
        # A share as the nearest double may lie a little above what it stands for.
        last = int(np.searchsorted(held, share * self.numbers.size * (1.0 - 1e-12)))
        best: Array = self.numbers <= last
        return best


def reduced(attribution: Array, how: str) -> Array:
    """Return a map with one number a pixel, float64 (height, width).

    Parameters
    ----------
    attribution : Array
        (height, width) or (height, width, channels), signed.
    how : str
        SUM of the channels, which keeps completeness; MAX is the greatest, which PAIR takes.
    """
    values = attribution.reshape(with_channels(attribution.shape)).astype(np.float64)
    plane: Array = values.max(axis=2) if how == MAX else values.sum(axis=2)
    return plane


def magnitudes(attribution: Array) -> Array:
    """Return the magnitudes of a map, summed over channels, float64 (height, width)."""
    values = attribution.reshape(with_channels(attribution.shape))
    sizes: Array = np.abs(values).sum(axis=2, dtype=np.float64)
    return sizes


@dataclass(frozen=True, slots=True)
class Estimates:
    """What was estimated of a map's error; NaN where no one did.

    Attributes
    ----------
    pixels : float
        ε, of ‖A − A*‖₁ / ‖A*‖₁.
    density : float
        δ, of the total variation between densities on cells; see `igcli.common.regions`.
    """

    pixels: float
    density: float

    @property
    def share(self) -> float:
        """The share of its magnitude that an area is taken to be off by; 2 δ is an L1 norm, too."""
        return float(np.fmin(self.pixels, 2.0 * self.density))


def ranking(plane: Array, sizes: Array, areas: Sequence[Array], estimates: Estimates) -> Ranking:
    """Return areas with values and errors, and which are tied.

    One pixel's number is off by no more than its channels together, whether they are summed or the
    greatest is taken. So the sum over an area is off by ε ‖A‖₁ at most, as far as ε holds: that
    over its pixels is the bound, which no area but a single one can reach when another does. The
    error takes that what is off lies where the map is large, and cancels in an area as it does in a
    cell: the lesser of ε and 2 δ, times the mean magnitude in the area.

    Two areas are tied when their values differ by no more than their errors together; of areas in
    the order of values, each is held against the first of those that it may be tied with.

    Parameters
    ----------
    plane, sizes : Array
        float64 (height, width): what `reduced` and `magnitudes` return of one map.
    areas : sequence of Array
        The pixels of each, ascending; each pixel is in one.
    estimates : Estimates
        Of the map's error.
    """
    values, flat_sizes = plane.ravel(), sizes.ravel()
    total = float(flat_sizes.sum())
    means = np.array([values[pixels].mean() for pixels in areas])
    order = np.argsort(-means, kind="stable")
    numbers = np.empty(plane.size, np.int32)
    found: list[Area] = []
    first = 0
    for place, number in enumerate(order):
        pixels = areas[number]
        numbers[pixels] = place
        value, error = float(means[number]), estimates.share * float(flat_sizes[pixels].mean())
        if found and not _is_tied(found[first], value, error):
            first = place
        bound = estimates.pixels * total / len(pixels)
        box = _box(pixels, plane.shape[1])
        found.append(Area(first + 1, len(pixels), value, error, bound, box))
    return Ranking(tuple(found), numbers.reshape(plane.shape))


def _is_tied(first: Area, value: float, error: float) -> bool:
    """Tell whether an area is tied with one that is no lower; without errors, only equal ones."""
    together = first.error + error
    return first.value - value <= (0.0 if isnan(together) else together)


def _box(pixels: Array, width: int) -> Corners:
    rows, columns = np.divmod(pixels, width)
    return (
        int(columns.min()), int(rows[0]), int(columns.max()) + 1, int(rows[-1]) + 1,
    )  # fmt: skip
