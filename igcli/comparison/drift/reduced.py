"""Reduced maps: what a comparison looks at, and what a reference file keeps.

A map is reduced to a grid and to half precision for a comparison, whether it comes from a run
directory or from a reference file made of one: so the verdict is the same.
"""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.grid import reduce_map


@dataclass(frozen=True, slots=True)
class Reduced:
    """A map as it is compared.

    Attributes
    ----------
    values : Array
        As it is compared: reduced, or whole.
    error : float
        How far it may be off, as an absolute L1 norm; NaN where nothing is known of it.
    """

    values: Array
    error: float


@dataclass(frozen=True, slots=True)
class Halved:
    """A reduced map as a reference file keeps it.

    Attributes
    ----------
    values : Array
        float16, over the map's largest number.
    scale : float
        That number.
    error : float
        How far the map may be off: that of the whole map, and the L1 norm lost by rounding.
    """

    values: Array
    scale: float
    error: float

    @property
    def reduced(self) -> Reduced:
        """The map as it is compared."""
        return Reduced(self.values.astype(np.float64) * self.scale, self.error)


def halved(values: Array, error: float, grid: int) -> Halved:
    """Reduce a whole map, which may be off by an L1 norm of `error`, to a grid."""
    return rounded(reduce_map(values, grid), error)


def rounded(values: Array, error: float) -> Halved:
    """Round what may be off by an L1 norm of `error` to half precision."""
    scale = float(np.abs(values).max(initial=0.0))
    halves = (values / (scale or 1.0)).astype(np.float16)
    lost = float(np.abs(values - halves.astype(np.float64) * scale).sum())
    return Halved(halves, scale, error + lost)
