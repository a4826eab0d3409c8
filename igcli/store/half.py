"""Half precision: maps as float16 in units of a scale of their own, which float32 holds exactly.

The scale is a power of two that brings a map's largest number near the top of what float16 holds.
So what is 2^29 times smaller keeps all its digits, and reading back rounds nothing.
"""

from math import frexp

import numpy as np

from igcli.common.arrays import Array

# What a map's L1 norm loses by rounding at most: half a unit in the last of 11 digits, and some
# room for what is next to zero.
MOST_LOST = 5e-4
_TOP, _LEAST = 15, -126


def to_half(values: Array) -> tuple[Array, np.float32]:
    """Return a map, float16 of its shape, and the scale that it is in units of."""
    _, exponent = frexp(float(np.abs(values).max(initial=0.0)))
    scale = np.float32(2.0 ** max(exponent - _TOP, _LEAST))
    return (values / scale).astype(np.float16), scale


def from_half(halves: Array, scales: Array) -> Array:
    """Return some maps, float32 (maps, …), out of halves and the scale of each."""
    units = scales.astype(np.float32).reshape(-1, *(1,) * (halves.ndim - 1))
    values: Array = halves.astype(np.float32) * units
    return values


def half_rounded(values: Array) -> Array:
    """Return a map, float32, as it is read back."""
    halves, scale = to_half(values)
    rounded: Array = halves.astype(np.float32) * scale
    return rounded
