"""A segment set: overlapping pieces of one picture, as lists of pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array

_SHORT = 1 << 16


@dataclass(frozen=True, slots=True)
class SegmentSet:
    """Segments of a picture. They may overlap, and need not cover it.

    Attributes
    ----------
    shape : tuple of int
        Height and width of the picture.
    members : Array
        int32 (entries,): the pixels of one segment after the other, counted row by row, ascending
        in each.
    starts : Array
        int (segments + 1,): where each segment's pixels begin in `members`.
    """

    shape: tuple[int, int]
    members: Array
    starts: Array

    @property
    def counts(self) -> Array:
        """How many pixels each has."""
        counts: Array = np.diff(self.starts)
        return counts

    @property
    def pixels(self) -> int:
        """How many pixels the picture has."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> Array:
        pixels: Array = self.members[self.starts[number] : self.starts[number + 1]]
        return pixels


def segment_set(planes: Sequence[Array], reach: int) -> SegmentSet:
    """Return all segments of some label planes, plane by plane, by ascending label.

    Parameters
    ----------
    planes : sequence of Array
        int (height, width): each pixel's segment.
    reach : int
        Each segment is dilated by a disk of this radius; 0 for none.
    """
    height, width = planes[0].shape
    shape = (int(height), int(width))
    pieces = [piece for plane in planes for piece in _pieces(plane)]
    if reach:
        spans = _spans(reach)
        pieces = [_dilated(piece, shape, spans) for piece in pieces]
    starts = np.cumsum([0, *map(len, pieces)])
    return SegmentSet(shape, np.concatenate(pieces), starts)


def _pieces(plane: Array) -> Iterator[Array]:
    """Yield the pixels of each label."""
    flat = plane.ravel()
    if flat.min() < 0 or flat.max() >= _SHORT:
        flat = np.unique(flat, return_inverse=True)[1].ravel()
    if flat.max() < _SHORT:
        # Numpy sorts short integers many times faster.
        flat = flat.astype(np.uint16)
    order = np.argsort(flat, kind="stable").astype(np.int32)
    counts = np.bincount(flat)
    yield from np.split(order, np.cumsum(counts[counts > 0])[:-1])


def _spans(radius: int) -> list[tuple[int, int]]:
    """Return a disk's rows: how far down, and how far to either side it reaches there."""
    downs = range(-radius, radius + 1)
    return [(down, int(np.sqrt(radius**2 - down**2))) for down in downs]


def _dilated(piece: Array, shape: tuple[int, int], spans: Sequence[tuple[int, int]]) -> Array:
    """Return the pixels within a disk around any pixel of a piece."""
    rows, columns = np.divmod(piece, shape[1])
    reach = -spans[0][0]
    top, left = rows[0] - reach, columns.min() - reach
    mask = np.zeros((rows[-1] - top + reach + 1, columns.max() - left + reach + 1), bool)
    mask[rows - top, columns - left] = True
    wide = [mask]
    for step in range(1, reach + 1):
        wider = wide[-1].copy()
        wider[:, step:] |= mask[:, :-step]
        wider[:, :-step] |= mask[:, step:]
        wide.append(wider)
    grown = np.zeros_like(mask)
    for down, aside in spans:
        source = wide[aside][max(0, -down) : len(mask) - max(0, down)]
        grown[max(0, down) : len(mask) - max(0, -down)] |= source
    rows, columns = np.nonzero(grown)
    rows, columns = rows + top, columns + left
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    return np.asarray((rows[inside] * shape[1] + columns[inside]).astype(np.int32))
