"""The path that a model's gradients are integrated along, from a baseline to an input."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from igcli.common.arrays import Array


class Path(Protocol):
    """A path: the baseline at alpha = 0, the input at 1.

    Asked from several threads. Its integral is that of the gradient times the tangent: over all
    numbers of the input, it sums to the score's change from end to end.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """That of every point."""
        ...

    def point(self, alpha: float) -> Array:
        """Return where the path is at alpha."""
        ...

    def tangent(self, alpha: float) -> Array:
        """Return the point's derivative by alpha; at a corner, the mean of both sides'."""
        ...


@dataclass(frozen=True, slots=True)
class StraightLine:
    """The straight path between its two ends, along which the tangent is the same everywhere.

    Models lay out its points themselves, and sum gradients before the tangent is multiplied.
    """

    x: Array
    baseline: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """That of every point."""
        return self.x.shape

    @property
    def difference(self) -> Array:
        """Input − baseline, float64."""
        difference: Array = self.x.astype(np.float64) - self.baseline
        return difference

    def point(self, alpha: float) -> Array:
        """Return where the path is at alpha, float64."""
        point: Array = self.baseline + alpha * self.difference
        return point

    def tangent(self, alpha: float) -> Array:
        """Return input − baseline."""
        return self.difference
