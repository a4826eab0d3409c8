"""Suspicion: what speaks for a cluster of maps being a shortcut: same place, different pictures."""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.findings.densities import PATCHES, Densities
from igcli.findings.places import connected
from igcli.findings.same_thing import SameThing, patches_at, same_thing
from igcli.findings.shares import sameness, shape_of

# A cluster of fewer is no reason of its own.
LEAST = 10
# Its place holds so much more of the mass than in the rest, on no more of the picture than that.
_LEAST_EXCESS, _MOST_AREA, _LEAST_FACTOR = 0.1, 0.1, 2.0
# So many of its maps have more mass there than so many of the rest, beyond the maps' own errors.
_MOST, _REST = 0.5, 0.95
# Its maps are more alike than the rest's by so much, and its images by less than half of that.
_LEAST_ALIKE, _IMAGES = 0.05, 0.5


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A cluster held against the rest of its group; pairs are (cluster, rest).

    Attributes
    ----------
    place : tuple of (int, int)
        The rows and columns of its hot cells, from 0; empty where there are none.
    concentration : pair of float
        The mean share of mass there.
    sameness : pair of float
        The mean cosine of two maps.
    images : pair of float or None
        That of two images, their group's mean subtracted and the place left out; None where none
        are stored.
    border : pair of float
        See `igcli.findings.shares.Shape`.
    beyond_error : float
        The share of its maps that have more mass at the place than most of the rest by more than
        the maps' own errors.
    bearers : SameThing or None
        How many images of the cluster, and of the rest, bear what the hot ones do.
    """

    place: tuple[tuple[int, int], ...]
    concentration: tuple[float, float]
    sameness: tuple[float, float]
    images: tuple[float, float] | None
    border: tuple[float, float]
    beyond_error: float
    bearers: SameThing | None
    is_suspicious: bool


def suspect(densities: Densities, planes: Array, inside: Array, rest: Array) -> Suspicion:
    """Hold the rows of a cluster against the rest of its group.

    Parameters
    ----------
    densities : Densities
        Of all rows.
    planes : Array
        What was clustered, (rows, height, width): the positive or the absolute densities.
    inside, rest : Array
        The places of the cluster's rows, and of its group's others.
    """
    cells, area = _place(planes[inside].mean(axis=0), planes[rest].mean(axis=0))
    mass = planes[:, cells[:, 0], cells[:, 1]].sum(axis=1)
    concentration = float(mass[inside].mean()), float(mass[rest].mean())
    alike = sameness(planes[inside]), sameness(planes[rest])
    errors = np.nan_to_num(densities.errors)
    hot: Array = mass - errors > np.quantile((mass + errors)[rest], _REST)
    images, bearers = None, None
    if densities.pictures is not None and len(cells):
        images = _images(densities.pictures, cells, inside, rest)
        group = np.concatenate([inside, rest])
        patches = patches_at(densities.pictures[group], (int(cells[0, 0]), int(cells[0, 1])))
        own = np.arange(len(group)) < len(inside)
        bearers = same_thing(patches, mass[group], hot[group] & own, own)
    beyond = float(hot[inside].mean()) if len(cells) else 0.0
    by_maps = (
        area <= _MOST_AREA
        and concentration[0] - concentration[1] >= _LEAST_EXCESS
        and alike[0] - alike[1] >= _LEAST_ALIKE
        and beyond >= _MOST
    )
    return Suspicion(
        tuple((int(r), int(c)) for r, c in cells),
        concentration,
        alike,
        images,
        (_border(densities, planes[inside]), _border(densities, planes[rest])),
        beyond,
        bearers,
        by_maps and _by_images(alike, images, bearers),
    )


def _by_images(
    alike: tuple[float, float], images: tuple[float, float] | None, bearers: SameThing | None
) -> bool:
    """Tell whether images speak for a shortcut; without any they do not speak against it."""
    if images is None or bearers is None:
        return True
    return bearers.is_shared and images[0] - images[1] <= _IMAGES * (alike[0] - alike[1])


def _border(densities: Densities, planes: Array) -> float:
    sums = planes.sum(axis=(1, 2), keepdims=True)
    shares = planes / np.where(sums > 0.0, sums, 1.0)
    return float(shape_of(shares, densities.regions).border.mean())


def _place(mean: Array, rest: Array) -> tuple[Array, float]:
    """Return the adjoining cells with the largest excess, hottest first, and their area."""
    excess = mean - rest
    # Cells with a tenth of the hottest one's excess belong to it, or are noise.
    stands: Array = (mean >= _LEAST_FACTOR * rest) & (excess > 0.1 * excess.max())
    best = np.zeros((0, 2), int)
    for cells in connected(stands & (excess > 0.0)):
        if _sum(excess, cells) > _sum(excess, best):
            best = cells
    order = np.argsort(-excess[best[:, 0], best[:, 1]], kind="stable")
    return best[order], len(best) / mean.size


def _sum(plane: Array, cells: Array) -> float:
    return float(plane[cells[:, 0], cells[:, 1]].sum())


def _images(pictures: Array, cells: Array, inside: Array, rest: Array) -> tuple[float, float]:
    count, height, width = pictures.shape[:3]
    left = np.ones((height, width), bool)
    for r, c in cells:
        left[PATCHES * r : PATCHES * (r + 1), PATCHES * c : PATCHES * (c + 1)] = False
    shown = pictures[np.concatenate([inside, rest])][:, left].astype(np.float32)
    shown -= shown.mean(axis=0)
    return sameness(shown[: len(inside)]), sameness(shown[len(inside) :])
