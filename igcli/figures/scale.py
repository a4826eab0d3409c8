"""The scale: the number at which colours are full, of one map or of many to compare."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array

CLIP_PERCENT = 2.0
Planes: TypeAlias = Callable[[], Iterable[Array]]
# A float64 in two steps: its sign bit is 0, then 20 bits, then 20 more; the rest is dropped.
_BITS = 20
_FIRST, _SECOND = 63 - _BITS, 63 - 2 * _BITS


def scale_signed(values: Array, clip_percent: float) -> Array:
    """Scale a map to [−1, 1] so that the largest `clip_percent` of its absolute mass saturates.

    The scale is the smallest |value| at which the values up to it hold the rest of the mass, as in
    alibi's and Captum's ``visualize_image_attr``. A map of zeros stays zeros.
    """
    return shares_of(values, signed_scale(values, clip_percent))


def shares_of(values: Array, scale: float) -> Array:
    """Divide by a scale and cut at −1 and 1; zeros where the scale is 0."""
    if scale == 0.0:
        return np.zeros_like(values)
    # A number far beyond a tiny scale may become infinite on its way to 1.
    with np.errstate(over="ignore"):
        scaled: Array = np.clip(values / scale, -1.0, 1.0)
    return scaled


def signed_scale(values: Array, clip_percent: float) -> float:
    """Return the number at which a map's colours saturate; 0 for a map of zeros."""
    magnitudes = np.sort(np.abs(values), axis=None)
    mass = np.cumsum(magnitudes)
    if mass[-1] == 0:
        return 0.0
    place = np.searchsorted(mass, mass[-1] * (1.0 - clip_percent / 100.0))
    return float(magnitudes[min(place, len(magnitudes) - 1)])


def common_scale(planes: Planes, clip_percent: float) -> float:
    """Return the one scale of many maps: what `signed_scale` would say of all their numbers.

    Memory is flat in their number: magnitudes are counted by their leading bits, then, in a second
    pass, those that share the bits in question by the next ones. The result is right to 1e-8.

    Parameters
    ----------
    planes : callable
        Returns the maps, float64, each time it is called.
    clip_percent : float
        Percent of the absolute mass of all that saturates.
    """
    if clip_percent == 0.0:
        return max((float(np.abs(plane).max()) for plane in planes()), default=0.0)
    mass = np.zeros(1 << _BITS)
    for plane in planes():
        magnitudes, bits = _bits(plane)
        _add(mass, bits >> _FIRST, magnitudes)
    total = np.cumsum(mass)
    if total[-1] == 0.0:
        return 0.0
    wanted = total[-1] * (1.0 - clip_percent / 100.0)
    place = int(np.searchsorted(total, wanted))
    return _within(planes, place, wanted - (total[place] - mass[place]))


def _within(planes: Planes, place: int, wanted: float) -> float:
    """Return the magnitude at which those with the leading bits `place` reach a mass."""
    mass, count = np.zeros(1 << _BITS), np.zeros(1 << _BITS)
    for plane in planes():
        magnitudes, bits = _bits(plane)
        chosen = (bits >> _FIRST) == place
        finer = (bits[chosen] >> _SECOND) & ((1 << _BITS) - 1)
        _add(mass, finer, magnitudes[chosen])
        _add(count, finer, np.ones(len(finer)))
    total = np.cumsum(mass)
    found = min(int(np.searchsorted(total, wanted)), int(np.flatnonzero(count)[-1]))
    return float(mass[found] / count[found])


def _bits(plane: Array) -> tuple[Array, Array]:
    magnitudes = np.abs(plane, dtype=np.float64).ravel()
    return magnitudes, magnitudes.view(np.int64)


def _add(bins: Array, places: Array, weights: Array) -> None:
    np.add.at(bins, places, weights)
