"""register: where the cells of a layer's map lie on its input picture, and the map drawn there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from igcli.common.arrays import Array


@dataclass(frozen=True, slots=True)
class Register:
    """Where the centres of a grid's cells lie, in pixels from a picture's upper left corner.

    The centre of pixel i is i + 0.5. Cell (r, c) is centred at `starts` + (r, c) · `steps`.

    Attributes
    ----------
    starts, steps : tuple of float
        Down, and to the right.
    followed : bool
        Whether strides and paddings were followed through the layers; else cells are spread evenly.
    """

    starts: tuple[float, float]
    steps: tuple[float, float]
    followed: bool = True

    @classmethod
    def even(cls, grid: Sequence[int], size: Sequence[int]) -> Self:
        """Return that of cells which divide a picture evenly."""
        down, right = (side / cells for side, cells in zip(size, grid, strict=True))
        return cls((down / 2, right / 2), (down, right), followed=False)

    def spread(self, plane: Array, size: Sequence[int]) -> Array:
        """Return a map as large as the picture: linear between the centres, constant beyond.

        Parameters
        ----------
        plane : Array
            (rows, columns).
        size : sequence of int
            Height and width of the picture.

        Returns
        -------
        Array
            float64: a cell's value at its centre, never one beyond those around it.
        """
        down, right = (
            _weights(cells, side, start, step)
            for cells, side, start, step in zip(
                plane.shape, size, self.starts, self.steps, strict=True
            )
        )
        spread: Array = down @ plane.astype(np.float64) @ right.T
        return spread

    def over(self, attribution: Array, size: Sequence[int]) -> Array:
        """Return a layer's map (rows, columns, channels), its channels summed, as `spread` does."""
        return self.spread(attribution.sum(axis=2, dtype=np.float64), size)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {"starts": self.starts, "steps": self.steps, "followed": self.followed}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return what `to_dict` gave, also once it was JSON.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it is none.
        """
        (top, left), (down, right) = stored["starts"], stored["steps"]
        return cls((float(top), float(left)), (float(down), float(right)), bool(stored["followed"]))


def _weights(cells: int, side: int, start: float, step: float) -> Array:
    """Return how much of each cell each pixel of an axis has, (pixels, cells)."""
    at = np.clip((np.arange(side) + 0.5 - start) / step, 0.0, cells - 1.0)
    below = np.minimum(at.astype(int), max(cells - 2, 0))
    share = at - below
    weights = np.zeros((side, cells))
    weights[np.arange(side), below] = 1.0 - share
    weights[np.arange(side), np.minimum(below + 1, cells - 1)] += share
    return weights
