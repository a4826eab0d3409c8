"""dense: an output of one score per place of a picture, and the means of a class over its zones.

A zone is where a class is explained: one weight for each place, which add up to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from igcli.common.arrays import Array

# Of outputs that are no probabilities: coarser grids are feature maps and detection heads.
_COARSEST = 8
_LEAST_SIDE = 2


@dataclass(frozen=True, slots=True)
class Dense:
    """An output that has the scores of every class at each place of a picture.

    Attributes
    ----------
    grid : tuple of int
        How many rows and columns of places there are.
    channels : int
        How many numbers each place has.
    two : str
        What one number a place that stands for two classes is: the second one's probability, or its
        logit; empty where each class has its own, or the number is of no class.
    """

    grid: tuple[int, int]
    channels: int
    two: Literal["", "probability", "logit"] = ""

    @property
    def classes(self) -> int:
        """How many classes there are at each place; 1 for a number that is of no class."""
        return 2 if self.two else self.channels

    @property
    def places(self) -> int:
        """How many places there are."""
        return self.grid[0] * self.grid[1]

    def edges(self, size: tuple[int, int]) -> tuple[Array, Array]:
        """Return where rows and columns of places begin, and the last ends, in pixels.

        Places divide the picture, of that height and width, evenly; where as many pixels are cut
        off at each side, as by convolutions without padding, a place is a pixel of what is left.
        """
        cut = [side - places for side, places in zip(size, self.grid, strict=True)]
        if is_cut(size, self.grid):
            return (
                0.5 * cut[0] + np.arange(self.grid[0] + 1.0),
                0.5 * cut[1] + np.arange(self.grid[1] + 1.0),
            )
        return (
            np.linspace(0.0, size[0], self.grid[0] + 1),
            np.linspace(0.0, size[1], self.grid[1] + 1),
        )

    def by_class(self, scores: Array) -> Array:
        """Return an input's flat scores by place and class, (places, classes)."""
        own = scores.reshape(self.places, self.channels)
        if not self.two:
            return own
        other = -own if self.two == "logit" else 1.0 - own
        return np.concatenate([other, own], axis=1)

    def predicted(self, scores: Array) -> Array:
        """Return the class of the highest score at each place, the first of equal ones."""
        classes: Array = self.by_class(scores).argmax(axis=1)
        return classes

    def by_area(self, scores: Array) -> list[int]:
        """Return the classes by how many places they are predicted at, most first."""
        areas = np.bincount(self.predicted(scores), minlength=self.classes)
        return [int(i) for i in np.argsort(-areas, kind="stable")]

    def mean(self, scores: Array, target: int, zone: Array) -> float:
        """Return a class's mean score over a zone."""
        return float(zone.astype(np.float64) @ self.by_class(scores)[:, target].astype(np.float64))

    def everywhere(self) -> Array:
        """Return the zone of all places."""
        return zone_of(np.ones(self.places))

    def largest_zones(self, scores: Array) -> tuple[Array, Array]:
        """Return the class of each input that is predicted at most places, and its zone there.

        Parameters
        ----------
        scores : Array
            (inputs, places × channels).

        Returns
        -------
        tuple of Array
            int32 (inputs,), float32 (inputs, places).
        """
        targets = np.array([self.by_area(own)[0] for own in scores], np.int32)
        zones = [
            zone_of(self.predicted(own) == target)
            for own, target in zip(scores, targets, strict=True)
        ]
        return targets, np.stack(zones)


def zone_of(shares: Array) -> Array:
    """Return the zone that covers these shares of each place, one above 0: float32, flat."""
    flat = shares.ravel().astype(np.float64)
    zone: Array = (flat / flat.sum()).astype(np.float32)
    return zone


def dense_of(
    picture: tuple[int | None, ...], output: tuple[int, ...], is_probability: bool, two: str
) -> Dense | None:
    """Return what an output is that has one score per place; None for any other.

    It has three axes, the last one for classes; the others divide the picture's by one whole
    number, or are shorter by the same number of pixels. Where it is no probability, the divisor is
    at most 8.

    Parameters
    ----------
    picture : tuple of int or None
        Height and width of the input picture, and what else its shape has; empty for none.
    output : tuple of int
        The output's shape.
    is_probability : bool
        Whether a softmax or sigmoid comes last.
    two : str
        What one number a place would be: see `Dense.two`.
    """
    if len(output) != 3 or len(picture) < 2 or None in picture[:2]:
        return None
    grid, sides = output[:2], [side for side in picture[:2] if side is not None]
    if min(grid) < _LEAST_SIDE or not divides(sides, grid, None if is_probability else _COARSEST):
        return None
    kind: Literal["", "probability", "logit"] = ""
    if output[2] == 1 and two in ("probability", "logit"):
        kind = "probability" if two == "probability" else "logit"
    return Dense((grid[0], grid[1]), output[2], kind)


def is_cut(sides: Sequence[int], grid: Sequence[int]) -> bool:
    """Tell whether a grid is as large as the picture, but for as many pixels on each axis."""
    cut = {side - places for side, places in zip(sides, grid, strict=True)}
    return len(cut) == 1 and 0 <= min(cut) < min(sides) // 2


def divides(sides: Sequence[int], grid: Sequence[int], most: int | None = None) -> bool:
    """Tell whether a grid is a picture divided by one whole number, or cut.

    `most` is the largest divisor; by default that which leaves two places.
    """
    if is_cut(sides, grid):
        return True
    most = min(sides) // _LEAST_SIDE if most is None else most
    return any(
        all(n in (side // by, -(-side // by)) for side, n in zip(sides, grid, strict=True))
        for by in range(1, most + 1)
    )
