"""The whole mark: a place's cells, and those around where its images share the same pixels.

Maps need not be hot all over a mark: an edge or a corner of it may be enough for the model.
"""

import numpy as np

from igcli.common.arrays import Array
from igcli.findings.densities import PATCHES
from igcli.findings.marks import NEAR
from igcli.findings.places import connected

Cells = tuple[tuple[int, int], ...]
# So many of the place's images share a patch, and so many times more than of all others.
_MOST, _TIMES = 0.7, 4.0
# What would be larger, as a share of the picture, is content.
_LARGEST = 0.25
# Images that are held against each other.
_OWN, _OTHERS = 200, 1000


def whole_mark(pictures: Array | None, rows: Array, cells: Cells) -> Cells:
    """Return a place's cells, then those that its images' shared pixels go on in.

    Parameters
    ----------
    pictures : Array or None
        See `igcli.findings.densities.Densities`; without any, the cells stay as they are.
    rows : Array
        The images of the place, among these.
    cells : tuple of (int, int)
        Rows and columns, from 0.
    """
    if pictures is None:
        return cells
    is_own = np.zeros(len(pictures), bool)
    is_own[rows] = True
    shared = _shared(pictures, is_own)
    whole = shared.copy()
    whole[tuple(np.array(cells).T)] = True
    parts = [{(int(r), int(c)) for r, c in part} for part in connected(whole)]
    more = sorted(set().union(*(part for part in parts if part & {*cells})) - {*cells})
    if len(cells) + len(more) > _LARGEST * whole.size:
        return cells
    return (*cells, *more)


def _shared(pictures: Array, is_own: Array) -> Array:
    """Return the cells that hold a patch which most own images share, and few others do."""
    own, others = (_some(pictures[flags], most)
                   for flags, most in ((is_own, _OWN), (~is_own, _OTHERS)))  # fmt: skip
    thing = np.median(own, axis=0)
    inside = _near(own, thing)
    least = np.maximum(_MOST, _TIMES * _near(others, thing))
    is_mark: Array = inside >= least
    rows, columns = (length // PATCHES for length in is_mark.shape)
    cells = np.asarray(is_mark.reshape(rows, PATCHES, columns, PATCHES).any(axis=(1, 3)))
    return cells


def _some(pictures: Array, most: int) -> Array:
    return pictures[:: -(-len(pictures) // most) or 1]


def _near(pictures: Array, thing: Array) -> Array:
    """Return the share of images that have each patch of a thing, (height, width)."""
    if not len(pictures):
        return np.zeros(thing.shape[:2])
    apart = np.abs(pictures.astype(np.float32) - thing.astype(np.float32)).max(axis=3)
    share: Array = (apart <= 255.0 * NEAR).mean(axis=0)
    return share
