"""Regions: a picture cut into square cells, and how much attribution lies in each.

Where a map's mass lies is known long before each of its pixels is: pixels whose errors cancel or
lie side by side share a cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.cells import in_squares
from igcli.common.shapes import with_channels

# 16 pixels of 224: as many as the last layers of a usual network have places.
_CELLS_A_SIDE = 14
LEAST_SIDE = 2
# A part of the mass that is smaller says nothing of where the model looked.
LEAST_PART = 0.05


@dataclass(frozen=True, slots=True)
class Regions:
    """The cells of a picture; those at the right and lower edge may be smaller.

    Attributes
    ----------
    shape : tuple of int
        The map's: height, width and, if it has them, channels.
    side : int
        Of a cell, in pixels of the model's input.
    """

    shape: tuple[int, ...]
    side: int

    @property
    def grid(self) -> tuple[int, int]:
        """How many rows and columns of cells there are."""
        height, width = self.shape[:2]
        return -(-height // self.side), -(-width // self.side)

    def pixels(self, attribution: Array) -> Array:
        """Return a map summed over its channels, (height, width)."""
        height, width, channels = with_channels(self.shape)
        flat = attribution.reshape(-1, channels)
        # A product: numpy sums short axes slowly.
        summed: Array = flat[:, 0] if channels == 1 else flat @ np.ones(channels, flat.dtype)
        return summed.reshape(height, width)

    def masses(self, attribution: Array) -> Array:
        """Return the positive and the negative mass of each cell, float32 (2, rows, columns).

        Channels are summed first: what they say against each other is no mass.
        """
        pixels = self.pixels(attribution.astype(np.float64))
        parts = np.maximum(pixels, 0.0), np.maximum(-pixels, 0.0)
        return np.stack([in_squares(part, self.side) for part in parts]).astype(np.float32)

    def spread(self, cells: Array) -> Array:
        """Return a plane as large as the picture, each pixel with its cell's number."""
        height, width = self.shape[:2]
        large: Array = np.kron(cells, np.ones((self.side, self.side)))[:height, :width]
        return large

    def box(self, cells: Sequence[tuple[int, int]]) -> tuple[int, int, int, int]:
        """Return the pixels around some cells: x1, y1, x2, y2, the last two the first outside."""
        (top, left), (bottom, right) = (
            tuple(pick(cell[axis] for cell in cells) for axis in (0, 1)) for pick in (min, max)
        )
        height, width = self.shape[:2]
        x2, y2 = min(width, (right + 1) * self.side), min(height, (bottom + 1) * self.side)
        return left * self.side, top * self.side, x2, y2

    def density(self, masses: Array) -> Array:
        """Return masses as shares of all, float64 (rows, columns, 2), the negative ones below 0.

        All zero where there is no mass.
        """
        signed = masses.astype(np.float64) * np.array([1.0, -1.0])[:, None, None]
        total = float(np.abs(signed).sum())
        return np.ascontiguousarray(np.moveaxis(signed / (total or 1.0), 0, 2))


def distance(masses: Array, exact: Array, least: float = LEAST_PART) -> float:
    """Return how far masses are from exact ones: the largest total variation of their shares.

    Shares are those of each cell in all mass, in the positive and in the negative one; a sign that
    has less than `least` of the exact mass does not count.
    """
    return float(distances(masses.reshape(1, 2, -1), exact.reshape(2, -1), least).max())


def distances(masses: Array, exact: Array, least: float) -> Array:
    """Return the three total variations of each of some maps from one, (3, maps).

    Parameters
    ----------
    masses : Array
        (maps, 2, cells).
    exact : Array
        (2, cells).
    least : float
        The variations of a sign with less of the exact mass are 0.
    """
    found, wanted = masses.astype(np.float64), exact.astype(np.float64)
    parts = [(found.sum(axis=1), wanted.sum(axis=0))]
    parts += [(found[:, sign], wanted[sign]) for sign in (0, 1)]
    return np.stack(
        [
            0.5 * np.abs(_shares(some) - _shares(own)).sum(axis=-1)
            if own.sum() >= least * wanted.sum()
            else np.zeros(len(some))
            for some, own in parts
        ]
    )


def _shares(masses: Array) -> Array:
    total = masses.sum(axis=-1, keepdims=True)
    shares: Array = masses / np.where(total > 0.0, total, 1.0)
    return shares


def default_side(shape: tuple[int, ...]) -> int:
    """Return the cells' side for a picture: a fourteenth of its shorter side, 2 at least."""
    return max(LEAST_SIDE, min(shape[:2]) // _CELLS_A_SIDE)


def largest_side(shape: tuple[int, ...]) -> int:
    """Return the largest side that cells may have: a fourth of the picture's shorter one."""
    return min(shape[:2]) // 4
