"""Fixed places: cells where a group's maps stand out from all others' though its images do not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from igcli.common.arrays import Array
from igcli.findings.densities import PATCHES, Densities
from igcli.findings.marks import find_mark
from igcli.findings.same_thing import LEAST_HOT, SameThing, patches_at, same_thing
from igcli.findings.welch import (
    against_rest,
    standing_out,
    z_scores,
)

# Fewer images have no spread to speak of.
LEAST = 10
# A place that holds less than so much more than elsewhere, in absolute terms or as a factor, is no
# finding, however certain it is.
_LEAST_EXCESS, _LEAST_FACTOR = 0.01, 1.5
# Images are alike at a place whose patches differ by so many standard errors at most: no more than
# chance, so that too few images are no proof.
_MOST_ALIKE = 3.0
# An image is hot at a place where it has more mass there than so many of the other groups' images.
_HOT = 0.99
# Standard errors by which there must be more of them than chance makes.
_SURE = 4.0
ALIKE, SAME, DIFFER, UNKNOWN = "alike", "same thing", "differ", "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """Adjoining cells where a group's maps stand out.

    Attributes
    ----------
    group : str
        The group.
    cells : tuple of (int, int)
        Rows and columns of the cells, from 0; the hottest first.
    share, elsewhere : float
        The mean share of mass there, of the group's maps and of all others'.
    z : float
        The largest of its cells.
    error : float
        What the maps' own errors can have to do with it, at most.
    hot : tuple of str
        The ids of the group's images that have more mass there than 99 % of the others', by more
        than the maps' own errors.
    images : str
        What its images have to say: they are ALIKE there in all groups; the hot ones bear the SAME
        thing, which others lack; they DIFFER by group, as content does; or it is UNKNOWN, since no
        images are stored.
    bearers : SameThing
        How many images bear what the hot ones do.
    is_certain : bool
        Whether more images are hot there than chance makes.
    """

    group: str
    cells: tuple[tuple[int, int], ...]
    share: float
    elsewhere: float
    z: float
    error: float
    hot: tuple[str, ...]
    images: str
    bearers: SameThing
    is_certain: bool

    @property
    def is_fixed(self) -> bool:
        """Whether it is one that the images' content does not explain."""
        return self.is_certain and self.images in {ALIKE, SAME}


def find_places(densities: Densities, groups: Mapping[str, Array]) -> list[Place]:
    """Return where groups of at least LEAST maps stand out; nothing where there is one group."""
    able = {name: rows for name, rows in groups.items() if len(rows) >= LEAST}
    everyone = np.concatenate([np.array([], int), *groups.values()])
    able = {name: rows for name, rows in able.items() if len(everyone) - len(rows) >= LEAST}
    if not able:
        return []
    absolute = densities.absolute
    sides = against_rest(absolute.reshape(len(absolute), -1), able.values(), everyone)
    z = np.stack([z_scores(*pair) for pair in sides])
    stands: Array = standing_out(z)
    differs: Array = np.zeros(z.shape, bool)
    if densities.pictures is not None:
        differs = _images(densities.pictures, able, everyone) > _MOST_ALIKE
    found = []
    shape = absolute.shape[1:]
    for place, (name, pair) in enumerate(zip(able, sides, strict=True)):
        means = pair[0].mean.reshape(shape), pair[1].mean.reshape(shape)
        planes = (part[place].reshape(shape) for part in (z, stands, differs))
        found += list(_places(densities, absolute, name, able[name], everyone, means, *planes))
    return sorted(found, key=lambda one: (not one.is_fixed, one.elsewhere - one.share))


def _images(pictures: Array, groups: Mapping[str, Array], everyone: Array) -> Array:
    """Return how far the images' patches differ from all others', in z: the most of each cell."""
    count, height, width, channels = pictures.shape
    shape = len(groups), height // PATCHES, PATCHES, width // PATCHES, PATCHES * channels
    sides = against_rest(pictures.reshape(count, -1), groups.values(), everyone)
    z = np.abs([z_scores(*pair) for pair in sides]).reshape(shape)
    largest: Array = z.max(axis=(2, 4)).reshape(len(groups), -1)
    return largest


def _places(
    densities: Densities, absolute: Array, name: str, rows: Array, everyone: Array,
    means: tuple[Array, Array], z: Array, stands: Array, differs: Array,
) -> Iterator[Place]:  # fmt: skip
    mean, elsewhere = means
    large: Array = mean >= _LEAST_FACTOR * elsewhere
    for cells in connected(stands & large):
        cells = cells[np.argsort((elsewhere - mean)[cells[:, 0], cells[:, 1]], kind="stable")]
        where = cells[:, 0], cells[:, 1]
        share, other = float(mean[where].sum()), float(elsewhere[where].sum())
        if share - other < _LEAST_EXCESS:
            continue
        others = np.setdiff1d(everyone, rows)
        mass = absolute[:, where[0], where[1]].sum(axis=1)
        hot = _hot(mass, densities.errors, rows, others)
        images, bearers = _of_images(densities, mass, hot, rows, everyone, cells, differs[where])
        is_certain = _is_many(int(hot.sum()), len(rows))
        if not (is_certain and images in {ALIKE, SAME}):
            mark = _mark(densities, mass, rows, everyone, cells)
            if mark is not None:
                images, is_certain, (bearers, hot) = SAME, True, mark
        yield Place(
            name,
            tuple((int(r), int(c)) for r, c in cells),
            share,
            other,
            float(z[where].max()),
            mean_error(densities.errors[rows]) + mean_error(densities.errors[others]),
            tuple(densities.rows[i].id for i in np.flatnonzero(hot)),
            images,
            bearers,
            is_certain,
        )


def _hot(mass: Array, errors: Array, rows: Array, others: Array) -> Array:
    """Return which of a group's images surely have more mass at a place than most others have."""
    least = np.quantile(mass[others] + np.nan_to_num(errors[others]), _HOT)
    hot: Array = np.zeros(len(mass), bool)
    hot[rows] = mass[rows] - np.nan_to_num(errors[rows]) > least
    return hot


def _is_many(count: int, of: int) -> bool:
    expected = (1.0 - _HOT) * of
    return count >= max(LEAST_HOT, expected + _SURE * sqrt(expected))


def _of_images(
    densities: Densities,
    mass: Array,
    hot: Array,
    rows: Array,
    everyone: Array,
    cells: Array,
    differs: Array,
) -> tuple[str, SameThing]:
    if densities.pictures is None:
        return UNKNOWN, SameThing(0, 0, False)
    group = np.zeros(len(hot), bool)
    group[rows] = True
    patches = patches_at(densities.pictures, (int(cells[0, 0]), int(cells[0, 1])))
    bearers = same_thing(patches[everyone], mass[everyone], hot[everyone], group[everyone])
    if bearers.is_shared:
        return SAME, bearers
    return (DIFFER if differs.any() else ALIKE), bearers


def _mark(
    densities: Densities, mass: Array, rows: Array, everyone: Array, cells: Array
) -> tuple[SameThing, Array] | None:
    """Return what images of a group bear there, and flags of all rows: which ones."""
    if densities.pictures is None:
        return None
    group = np.isin(everyone, rows)
    found = find_mark(
        densities.pictures[everyone], mass[everyone], densities.errors[everyone], group, cells
    )
    if found is None:
        return None
    flags: Array = np.zeros(len(mass), bool)
    flags[everyone] = found[1]
    return found[0], flags


def mean_error(errors: Array) -> float:
    """Return the mean of the estimates that are known, which bounds a mean map's error; else 0."""
    known = errors[np.isfinite(errors)]
    return float(known.mean()) if len(known) else 0.0


def connected(cells: Array) -> Iterator[Array]:
    """Yield the (row, column) of each group of cells that touch, by sides or corners."""
    left = {(int(r), int(c)) for r, c in np.argwhere(cells)}
    while left:
        found = [left.pop()]
        for r, c in found:
            near = {(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            found += sorted(near)
        yield np.array(sorted(found))
