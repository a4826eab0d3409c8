"""The groups of agreement: its measures over all images, and by class or another column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.groups import default_column, group_names, members
from igcli.comparison.agreement.agree import Agreement, ImageAgreement
from igcli.comparison.agreement.pairwise import MEASURES
from igcli.comparison.drift.thresholds import statistic

STATISTICS = ("min", "p05", "median", "p95", "max")


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the images.

    Attributes
    ----------
    name : str
        Which; "" for all.
    count : int
        How many there are.
    statistics : dict of str to dict of str to float
        By measure, then by the names of STATISTICS.
    explained : dict of str to float
        The median of what the maps' own errors alone make of each measure; NaN where not known.
    """

    name: str
    count: int
    statistics: dict[str, dict[str, float]]
    explained: dict[str, float]


def whole(found: Agreement) -> Group:
    """Return all images as one group."""
    return _group(found, "", np.arange(len(found.images)))


def by_column(found: Agreement, by: str | None) -> list[Group]:
    """Return the groups by a column, those that hinge on the choice most first.

    Parameters
    ----------
    by : str or None
        As `places_by` takes it.
    """
    places = places_by(found.images, by)
    groups = [_group(found, name, some) for name, some in places.items()]
    return sorted(groups, key=lambda group: _how_alike(group, found.measures))


def places_by(images: Sequence[ImageAgreement], by: str | None) -> dict[str, Array]:
    """Return the places of each group's images, the largest group first.

    Parameters
    ----------
    images : sequence of ImageAgreement
        All of them.
    by : str or None
        A column that `igcli.common.groups` knows; None for true classes, where they are known, or
        else predictions. What has neither, as a regression, has no groups then.

    Raises
    ------
    ConfigError
        When no row has such a group.
    """
    rows = [image.row for image in images]
    if by is None and not any(row.truth is not None or row.prediction is not None for row in rows):
        return {}
    return members(group_names(rows, by or default_column(rows)))


def _group(found: Agreement, name: str, places: Array) -> Group:
    images = [found.images[i] for i in places]
    statistics, explained = {}, {}
    for measure in found.measures:
        values = np.array([image.values[measure] for image in images])
        statistics[measure] = {s: statistic(values, s) for s in STATISTICS}
        alone = np.array([image.explained[measure] for image in images])
        known = alone[~np.isnan(alone)]
        explained[measure] = float(np.median(known)) if len(known) else np.nan
    return Group(name, len(images), statistics, explained)


def _how_alike(group: Group, measures: Sequence[str]) -> float:
    """Return what groups are sorted by: the median of the density, or of the cosine without one."""
    measure = "density" if "density" in measures else "cosine"
    sign = 1.0 if MEASURES[measure].more_is_alike else -1.0
    return sign * group.statistics[measure]["median"]
