"""The same thing: whether images that are hot at a place look alike there, and others do not."""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.findings.densities import PATCHES

# Patches are the same that differ by so much of the range of pixels, at least and at most; between
# the two, by as many times what the hot ones differ.
_LEAST_NEAR, _MOST_NEAR, _SPREADS = 0.03, 0.12, 2.0
# So many of the hot images must bear it, and so many times more than of the other groups'.
_MOST_HOT, _TIMES = 0.7, 4.0
LEAST_HOT = 5
# So many times the mass of those that lack it must lie there in those that bear it: strokes and
# edges, which content has, make less of a difference.
_CONTRAST = 4.0


@dataclass(frozen=True, slots=True)
class SameThing:
    """What some images bear at a place.

    Attributes
    ----------
    inside, outside : int
        How many images of the group, and of the others, bear what the hot ones bear.
    is_shared : bool
        Whether most of the hot ones bear it and few of the others do, most of the group that bear
        it are hot, and those that lack it have little mass there.
    """

    inside: int
    outside: int
    is_shared: bool


def patches_at(pictures: Array, cell: tuple[int, int]) -> Array:
    """Return the patches of one cell, (rows, patches, channels), 0 to 1."""
    top, left = (PATCHES * place for place in cell)
    found = pictures[:, top : top + PATCHES, left : left + PATCHES].astype(np.float32) / 255.0
    patches: Array = found.reshape(len(found), -1, found.shape[-1])
    return patches


def same_thing(patches: Array, mass: Array, hot: Array, group: Array) -> SameThing:
    """Return what the hot images of a group bear at a cell that others lack.

    Parameters
    ----------
    patches : Array
        Those of all images at the cell; see `patches_at`.
    mass : Array
        Each one's share of mass at the place, (rows,).
    hot, group : Array
        Flags (rows,): which images have their mass there, and which are of the group.
    """
    if int(hot.sum()) < LEAST_HOT:
        return SameThing(0, 0, False)
    thing = np.median(patches[hot], axis=0)
    apart = np.sqrt(((patches - thing) ** 2).mean(axis=2))
    # At half of the patches: a mark need not fill the cell.
    away = np.median(apart, axis=1)
    near = np.clip(_SPREADS * np.median(away[hot]), _LEAST_NEAR, _MOST_NEAR)
    bears = away <= near
    inside, outside = int((bears & group).sum()), int((bears & ~group).sum())
    rate = float(bears[hot].mean())
    is_rare = rate * int((~group).sum()) >= _TIMES * outside
    lacking = group & ~bears
    if lacking.sum() < LEAST_HOT:
        lacking = ~group & ~bears
    with_it = mass[group & bears].mean() if inside else 0.0
    without = mass[lacking].mean() if lacking.any() else 0.0
    # Most that bear it must be hot: what has no mass in half of its images is no reason.
    is_cause = bool(with_it >= _CONTRAST * without and 2 * (bears & hot).sum() >= inside)
    return SameThing(inside, outside, rate >= _MOST_HOT and is_rare and is_cause)
