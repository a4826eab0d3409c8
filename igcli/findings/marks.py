"""Marks: what some images of a group bear at a place, the same pixels, and what maps make of it.

The hot images of `igcli.findings.same_thing` must have more mass at a place than nearly all others.
A mark that a model leans on, beside the content, holds less. But its pixels are equal in all that
bear it, and the maps of these have more mass there than those of the rest of the group.
"""

from collections.abc import Iterator

import numpy as np

from igcli.common.arrays import Array
from igcli.findings.densities import PATCHES
from igcli.findings.same_thing import SameThing
from igcli.findings.welch import moments, z_scores

# Windows of so many cells a side, around so many of a place's hottest cells.
_SIDES, _CELLS = (3, 2), 4
# So much of a window must be the same.
_MOST_OF_IT = 0.9
# Pixels are the same within so much of their range.
NEAR = 0.05
# What is plainer has nothing to recognise.
_LEAST_CONTRAST = 0.1
# So many bear it, and so many times more often than the other groups' images.
_LEAST, _LEAST_SHARE, _TIMES = 5, 0.03, 20.0
# So many times the mass of the group's other maps, by so many standard errors.
_CONTRAST, _SURE = 1.5, 4.0
# Images of a group that are held against each other.
_MOST_ROWS = 200


def find_mark(
    pictures: Array, mass: Array, errors: Array, group: Array, cells: Array
) -> tuple[SameThing, Array] | None:
    """Return what images of a group bear at a place, and which of all images bear it.

    Parameters
    ----------
    pictures : Array
        See `igcli.findings.densities.Densities`, (rows, height, width, channels).
    mass : Array
        Each row's share of mass at the place, (rows,).
    errors : Array
        How far each may be off, (rows,).
    group : Array
        Flags (rows,): the group.
    cells : Array
        int (cells, 2): the place, the hottest cell first.
    """
    best = None
    for windows in _windows(pictures, cells):
        bears = _bearers(windows, group)
        if bears is None or not _is_used(mass, errors, group, bears):
            continue
        if best is None or (bears & group).sum() > (best & group).sum():
            best = bears
    if best is None:
        return None
    inside = int((best & group).sum())
    return SameThing(inside, int(best.sum()) - inside, True), best & group


def _windows(pictures: Array, cells: Array) -> Iterator[Array]:
    """Yield windows that hold the hottest cells, float32 (rows, patches, channels)."""
    rows, columns = (length // PATCHES for length in pictures.shape[1:3])
    corners = {
        (side, r - i, c - j)
        for r, c in cells[:_CELLS].tolist()
        for side in _SIDES
        for i in range(side)
        for j in range(side)
        if 0 <= r - i <= rows - side and 0 <= c - j <= columns - side
    }
    for side, r, c in sorted(corners, reverse=True):
        top, left, length = PATCHES * r, PATCHES * c, PATCHES * side
        part = pictures[:, top : top + length, left : left + length]
        yield part.reshape(len(part), -1, part.shape[-1]).astype(np.float32) / 255.0


def _bearers(windows: Array, group: Array) -> Array | None:
    """Return which images bear what recurs most in a group; None where that is no mark."""
    own = windows[group][:_MOST_ROWS]
    counts = [int(_is_near(own, one).sum()) for one in own]
    typical = own[_is_near(own, own[int(np.argmax(counts))])]
    thing = np.median(typical, axis=0)
    if thing.std(axis=0).max() < _LEAST_CONTRAST:
        return None
    bears = _is_near(windows, thing)
    inside, outside = int((bears & group).sum()), int((bears & ~group).sum())
    share = inside / int(group.sum())
    if inside < _LEAST or share < _LEAST_SHARE:
        return None
    is_rare = share * int((~group).sum()) >= _TIMES * outside
    return bears if is_rare else None


def _is_near(windows: Array, thing: Array) -> Array:
    apart = np.abs(windows - thing).max(axis=2)
    near: Array = (apart <= NEAR).mean(axis=1) >= _MOST_OF_IT
    return near


def _is_used(mass: Array, errors: Array, group: Array, bears: Array) -> bool:
    """Tell whether maps have more mass at the place where images bear it than in the rest."""
    rest = group & ~bears
    if rest.sum() < _LEAST:
        rest = ~group & ~bears
    if rest.sum() < 2:
        return False
    own = group & bears
    excess = float(mass[own].mean() - mass[rest].mean())
    known = np.nan_to_num(errors)
    sure = z_scores(moments(mass[own, None]), moments(mass[rest, None]))[0] >= _SURE
    is_more = mass[own].mean() >= _CONTRAST * mass[rest].mean()
    return bool(sure and is_more and excess > known[own].mean() + known[rest].mean())
