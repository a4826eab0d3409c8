"""The measures of how well an attribution is located in an object, and what errors do to them."""

import hashlib
from dataclasses import dataclass
from math import inf, nan
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.common.geometry import Outline
from igcli.common.regions import LEAST_PART, Regions
from igcli.comparison.noise import disturbed


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to say how well an attribution is located.

    Attributes
    ----------
    most : float
        It lies between 0 and that.
    meaning : str
        In words.
    """

    most: float
    meaning: str


MEASURES = {
    "inside": Measure(1.0, "share of the positive attribution that lies in the object"),
    "inside_abs": Measure(1.0, "the same of the attribution's size"),
    "lift": Measure(inf, "inside over the object's share of the area"),
    "hit": Measure(1.0, "whether the strongest place lies in the object, or close to it"),
    "rank": Measure(1.0, "share of the strongest places, as many as it has, that lie in it"),
    "auc": Measure(1.0, "chance that a place in it is stronger than one outside"),
}
Values: TypeAlias = dict[str, float]


@dataclass(frozen=True, slots=True)
class Masses:
    """How much attribution lies where.

    Attributes
    ----------
    positive, negative : Array
        The mass of each pixel or cell, channels summed first, float64 (rows, columns), 0 or more.
    ys, xs : Array
        The edges of rows and columns, in pixels of the model's input.
    """

    positive: Array
    negative: Array
    ys: Array
    xs: Array


@dataclass(frozen=True, slots=True)
class MapOfRow:
    """A row's attribution, once as it is stored and once disturbed by its error.

    Attributes
    ----------
    masses : Masses
        As stored.
    moved : Masses or None
        The same, moved at random by what it may be off; None where that is not known.
    error, error_abs : float
        How far shares of the positive attribution, and of its size, may be off; NaN: not known.
    whole : bool
        Whether it is stored pixel by pixel, so that no edge of an object runs through a cell.
    """

    masses: Masses
    moved: Masses | None
    error: float
    error_abs: float
    whole: bool


def map_of_pixels(regions: Regions, values: Array, estimate: float | None, key: str) -> MapOfRow:
    """Return a stored map, whose error estimate is relative to its L1 norm."""
    values = values.astype(np.float64)
    ends = [np.arange(side + 1, dtype=np.float64) for side in regions.shape[:2]]

    def masses(of: Array) -> Masses:
        plane = regions.pixels(of)
        return Masses(np.maximum(plane, 0.0), np.maximum(-plane, 0.0), ends[0], ends[1])

    found = masses(values)
    if estimate is None or not np.isfinite(estimate):
        return MapOfRow(found, None, nan, nan, whole=True)
    off = estimate * float(np.abs(values).sum())
    positive = float(found.positive.sum())
    size = positive + float(found.negative.sum())
    moved = masses(disturbed(values, estimate, key))
    return MapOfRow(found, moved, _share(off, positive), _share(off, size), whole=True)


def map_of_regions(regions: Regions, stored: Array, estimate: float | None, key: str) -> MapOfRow:
    """Return stored masses of regions, whose estimate is the total variation of their shares."""
    height, width = regions.shape[:2]
    ys, xs = (
        np.minimum(np.arange(cells + 1) * float(regions.side), side)
        for cells, side in zip(regions.grid, (height, width), strict=True)
    )
    positive, negative = stored.astype(np.float64)
    found = Masses(positive, negative, ys, xs)
    if estimate is None or not np.isfinite(estimate):
        return MapOfRow(found, None, nan, nan, whole=False)
    density = disturbed(regions.density(stored), 2.0 * estimate, key)
    moved = Masses(np.maximum(density[..., 0], 0.0), np.maximum(-density[..., 1], 0.0), ys, xs)
    # The estimate leaves a sign out that has little of the mass.
    is_told = positive.sum() >= LEAST_PART * stored.sum(dtype=np.float64)
    return MapOfRow(found, moved, min(1.0, estimate) if is_told else 1.0, estimate, whole=False)


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole else 1.0


def measure(
    of: MapOfRow, outline: Outline, tolerance: float, key: str
) -> tuple[float, Values, Values]:
    """Return the object's share of the area, the measures, and how far each may be off.

    Parameters
    ----------
    of : MapOfRow
        Its positive mass is not 0.
    outline : Outline
        Where the object is in the model's input; its area is not 0.
    tolerance : float
        How far from it the strongest place may lie, in pixels.
    key : str
        Decides between places that are equally strong.
    """
    masses = of.masses
    shares = outline.shares(masses.ys, masses.xs)
    areas = np.outer(np.diff(masses.ys), np.diff(masses.xs))
    area = float((shares * areas).sum() / areas.sum())
    inside = _inside(masses.positive, shares)
    inside_abs = _inside(masses.positive + masses.negative, shares)
    # Where in a cell its mass lies, nobody knows.
    cut = np.zeros_like(shares)
    if not of.whole:
        cut = np.where((shares > 0.0) & (shares < 1.0), np.maximum(shares, 1.0 - shares), 0.0)
    # Not `min`, which would lose a NaN.
    error = float(np.minimum(1.0, of.error + _inside(masses.positive, cut)))
    all_cut = _inside(masses.positive + masses.negative, cut)
    error_abs = float(np.minimum(1.0, of.error_abs + all_cut))
    places = _of_places(masses, shares, areas, outline, tolerance, key)
    values = {"inside": inside, "inside_abs": inside_abs, "lift": inside / area, **places}
    errors = {"inside": error, "inside_abs": error_abs, "lift": error / area}
    if of.moved is None or not of.moved.positive.any():
        return area, values, {**errors, **dict.fromkeys(places, nan)}
    moved = _of_places(of.moved, shares, areas, outline, tolerance, key)
    return area, values, {**errors, **{n: abs(moved[n] - places[n]) for n in places}}


def _inside(mass: Array, shares: Array) -> float:
    return float((mass * shares).sum() / mass.sum())


def _of_places(
    masses: Masses, shares: Array, areas: Array, outline: Outline, tolerance: float, key: str
) -> Values:
    """Return the measures of which places are strongest: hit, rank and auc."""
    strengths = masses.positive / areas
    point = _strongest(masses, strengths, key)
    rank, auc = _rank_and_auc(strengths.ravel(), (shares * areas).ravel(), areas.ravel())
    return {"hit": float(outline.is_near(point, tolerance)), "rank": rank, "auc": auc}


def _strongest(masses: Masses, strengths: Array, key: str) -> tuple[float, float]:
    """Return the centre (y, x) of the strongest pixel or cell; of several, one by lot."""
    best = np.flatnonzero(strengths == strengths.max())
    lot = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % len(best)
    row, column = divmod(int(best[lot]), strengths.shape[1])
    centres = (0.5 * (edges[:-1] + edges[1:]) for edges in (masses.ys, masses.xs))
    y, x = next(centres)[row], next(centres)[column]
    return float(y), float(x)


def _rank_and_auc(strengths: Array, inside: Array, areas: Array) -> tuple[float, float]:
    """Return both, equally strong places counted as if each order of them were as likely.

    The auc is NaN where nothing lies outside.
    """
    order = np.argsort(-strengths)
    ordered = strengths[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    within, all_ = (np.add.reduceat(part[order], begins) for part in (inside, areas))
    total = float(within.sum())
    taken = np.clip((total - (np.cumsum(all_) - all_)) / all_, 0.0, 1.0)
    rank = float((taken * within).sum() / total)
    outside = all_ - within
    left = float(outside.sum())
    weaker = left - np.cumsum(outside) + 0.5 * outside
    auc = float((within * weaker).sum() / (total * left)) if left > 0.0 else nan
    return rank, auc
