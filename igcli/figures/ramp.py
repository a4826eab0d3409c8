"""The ramp: which number gets which colour."""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.figures.colormaps import DIVERGING, colours
from igcli.figures.scale import shares_of


@dataclass(frozen=True, slots=True)
class Ramp:
    """A colour map laid over numbers.

    A map with a neutral middle has zero there, also where one sign alone is shown: nothing is
    neutral but zero. Other maps run from 0 to `top` (from −`top` to `top` where both signs are
    shown; from 0 to −`top` for the negative one).

    Attributes
    ----------
    cmap : str
        One of COLORMAPS.
    sign : str
        One of SIGNS: what the numbers are.
    top : float
        The magnitude at which the colour is full; 0 where all numbers are.
    reverse : bool
        From the map's last colour to its first.
    """

    cmap: str
    sign: str
    top: float
    reverse: bool = False

    @property
    def low(self) -> float:
        """The least number that has a colour of its own."""
        return -self.top if self.sign in {"all", "negative"} else 0.0

    @property
    def high(self) -> float:
        """The greatest number that has a colour of its own."""
        return 0.0 if self.sign == "negative" else self.top

    def colours(self, values: Array) -> Array:
        """Return the colours of numbers (…,) as float RGB 0–255 (…, 3)."""
        shares = shares_of(values, self.top)
        if self.cmap in DIVERGING or self.sign == "all":
            positions = (shares + 1.0) / 2.0
        else:
            positions = np.abs(shares)
        return colours(self.cmap, 1.0 - positions if self.reverse else positions)

    def gradient(self, count: int) -> Array:
        """Return the colours from `low` to `high`, (count, 3), uint8."""
        between = np.linspace(self.low, self.high, count)
        rounded: Array = np.rint(self.colours(between)).astype(np.uint8)
        return rounded
