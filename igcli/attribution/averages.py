"""The averages of several paths' maps: the paths of one input, and the sums that stay of them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.attribution.path import StraightLine
from igcli.common.arrays import Array
from igcli.common.distance import relative

# The mean of |z| of a standard normal z.
_MEAN_SIZE = float(np.sqrt(2.0 / np.pi))
# How unevenly paths are run along: the speed is 1 ± this at their ends.
_WARP = 0.75


@dataclass(frozen=True, slots=True)
class Leg:
    """One path of an average.

    Attributes
    ----------
    start, end : Hashable
        Which points it joins: those of the same name are the same point, and asked for once.
    slot : int
        Which baseline's map it belongs to.
    drawn : int or None
        Which of the average's `draws` it is of; None for one that is no matter of chance.
    bend : float
        How it is run along: at α = t + bend · t (1 − t). The integral is the same, but the nodes of
        like paths lie at different places, as those of a finer rule would.
    """

    start: Hashable
    end: Hashable
    slot: int
    drawn: int | None = None
    bend: float = 0.0

    def alpha(self, t: float) -> float:
        """Return where the path is at t."""
        return t + self.bend * t * (1.0 - t)

    def speed(self, t: float) -> float:
        """Return the derivative of `alpha`."""
        return 1.0 + self.bend * (1.0 - 2.0 * t)


@dataclass(frozen=True, slots=True)
class Draws:
    """Some equally likely draws, of which an average has `count`.

    Attributes
    ----------
    count : int
        How many.
    population : int or None
        How many there are to be drawn from, each once; None for endlessly many.
    """

    count: int
    population: int | None = None

    @property
    def unseen(self) -> float:
        """The share of them that was not drawn: 1 of endlessly many."""
        return 1.0 if self.population is None else 1.0 - self.count / self.population


def bend_of(number: int) -> float:
    """Return the bend of the path of a draw: spread evenly, whatever their count.

    The van der Corput sequence in base 2.
    """
    place, step = 0.0, 0.5
    number += 1
    while number:
        number, digit = divmod(number, 2)
        place += step * digit
        step /= 2.0
    return _WARP * (2.0 * place - 1.0)


@dataclass(frozen=True, slots=True)
class AveragedPaths:
    """The paths of one input whose maps are averaged, each of the same weight.

    Attributes
    ----------
    shape : tuple of int
        That of every point.
    legs : sequence of Leg
        The paths.
    line : callable
        Makes one, by its number. Asked again for the same one, it makes the same again.
    draws : sequence of Draws
        What is a matter of chance.
    keeps : int
        How many slots' maps are to be kept; 0 for none.
    """

    shape: tuple[int, ...]
    legs: Sequence[Leg]
    line: Callable[[int], StraightLine]
    draws: Sequence[Draws] = ()
    keeps: int = 0

    @property
    def weight(self) -> float:
        """Of each path."""
        return 1.0 / len(self.legs)

    def point(self, alpha: float) -> Array:
        """Return where a path is: `alpha` counts from twice the path's number on."""
        number, t = decoded(alpha)
        return self.line(number).point(self.legs[number].alpha(t))

    def tangent(self, alpha: float) -> Array:
        """Return the derivative of `point`."""
        number, t = decoded(alpha)
        return self.legs[number].speed(t) * self.line(number).difference


def decoded(alpha: float) -> tuple[int, float]:
    """Return which path a node of several paths is on, and where: that of path k is 2 k + t."""
    number, t = divmod(alpha, 2.0)
    return int(number), t


@dataclass(frozen=True, slots=True)
class Averaged:
    """What an integral of several paths has beside its map.

    Attributes
    ----------
    start : float or None
        The mean score at the paths' starts; None where it was not seen.
    sampling_error : float or None
        How far the map is from that of infinitely many draws, in L1, relative to it; None where
        nothing was drawn, or once only.
    norm_ratio : float
        The map's L1 norm over the mean of those of the paths' own maps.
    maps : Array or None
        float32 (slots, …shape): each baseline's own map, where they are kept.
    """

    start: float | None
    sampling_error: float | None
    norm_ratio: float
    maps: Array | None = None


class Fold:
    """The sums that stay of paths whose maps are finished, taken in their order.

    Parameters
    ----------
    paths : AveragedPaths
        The paths.

    Attributes
    ----------
    total : Array
        float64 (size,): the mean of all maps so far, if the others were zero.
    """

    def __init__(self, paths: AveragedPaths) -> None:
        self._paths = paths
        size = int(np.prod(paths.shape))
        self.total = np.zeros(size)
        self._mass = 0.0
        self._spreads = [_Spread(size) for _ in paths.draws]
        self._kept = np.zeros((paths.keeps, size)) if paths.keeps else None
        slots = [leg.slot for leg in paths.legs]
        self._shares = np.bincount(slots, minlength=paths.keeps)

    @property
    def nbytes(self) -> int:
        """How many bytes the sums take."""
        kept = 0 if self._kept is None else self._kept.nbytes
        return self.total.nbytes * (1 + 2 * len(self._spreads)) + kept

    def add(self, number: int, attribution: Array) -> None:
        """Take the map of one path, float64 (size,)."""
        leg = self._paths.legs[number]
        self.total += self._paths.weight * attribution
        self._mass += self._paths.weight * float(np.abs(attribution).sum())
        if self._kept is not None:
            self._kept[leg.slot] += attribution / self._shares[leg.slot]
        if leg.drawn is not None:
            self._spreads[leg.drawn].add(attribution)

    def averaged(self, start: float | None) -> Averaged:
        """Return what there is beside the map, once all paths are in; their starts' mean score."""
        return Averaged(start, self.sampling_error, self.norm_ratio, self.maps)

    @property
    def norm_ratio(self) -> float:
        """The L1 norm of the average over the mean of those of the paths' own maps."""
        return float(np.abs(self.total).sum()) / self._mass if self._mass > 0.0 else 1.0

    @property
    def sampling_error(self) -> float | None:
        """The expected L1 distance to the mean of infinitely many draws, relative to the map.

        Each number's mean is taken as normal, with the standard error that its draws show; the
        mean size of a normal error is sqrt(2/π) of that.
        """
        drawn = [leg.drawn for leg in self._paths.legs if leg.drawn is not None]
        if not drawn or any(draws.count < 2 for draws in self._paths.draws):
            return None
        variance = np.zeros(self.total.size)
        for index, (draws, spread) in enumerate(zip(self._paths.draws, self._spreads, strict=True)):
            share = drawn.count(index) * self._paths.weight
            of_mean = spread.squares / (spread.count - 1) / spread.count
            variance += share**2 * draws.unseen * of_mean
        error = _MEAN_SIZE * float(np.sqrt(variance).sum())
        return relative(error, float(np.abs(self.total).sum()))

    @property
    def maps(self) -> Array | None:
        """Each slot's map, float32 (slots, …shape); NaN for a slot without a path."""
        if self._kept is None:
            return None
        with np.errstate(over="ignore"):
            kept = self._kept.astype(np.float32)
        kept[self._shares == 0] = np.nan
        return kept.reshape(-1, *self._paths.shape)


class _Spread:
    """The mean and the squared deviations of some maps, one after the other (Welford 1962)."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self.mean = np.zeros(size)
        self.squares = np.zeros(size)

    def add(self, values: Array) -> None:
        self.count += 1
        change = values - self.mean
        self.mean += change / self.count
        self.squares += change * (values - self.mean)
