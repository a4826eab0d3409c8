"""The case: one image with its maps, as every metric takes it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.evaluation.causal.seeded import seeded

# Images in model space → the explained class's score of each.
Ask: TypeAlias = Callable[[Iterable[Array]], Sequence[float]]
Points: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One explained image.

    Attributes
    ----------
    id : str
        The explanation's.
    seed : int
        Of all that is drawn for it.
    x, baseline, blurred : Array
        The image, what deletion replaces it with, and what insertion begins from, in model space.
    """

    id: str
    seed: int
    x: Array
    baseline: Array
    blurred: Array

    def random(self, what: str) -> np.random.Generator:
        """Return the generator of what is drawn for this image."""
        return seeded(self.seed, f"{self.id}:{what}")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a metric gives for one order of pixels.

    Attributes
    ----------
    value : float
        The metric.
    curve : tuple of (float, float)
        Shares of the pixels, and scores; empty where it has none.
    """

    value: float
    curve: Points = ()
