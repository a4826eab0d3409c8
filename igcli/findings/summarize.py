"""summarize: what the maps of each group of a run have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.groups import default_column, group_names, members
from igcli.common.regions import Regions
from igcli.common.text import finite
from igcli.findings.densities import Densities, read_densities
from igcli.findings.places import DIFFER, LEAST, UNKNOWN, Place, find_places, mean_error
from igcli.findings.shares import Shape, sameness, sameness_unaligned, shape_of
from igcli.store.run import open_finished_run

# Below this share of the way from shuffled maps to equal ones, content is not aligned.
_ALIGNED = 0.1


@dataclass(frozen=True, slots=True)
class Group:
    """What the maps of one group have in common.

    Attributes
    ----------
    name : str
        The group.
    rows : Array
        The places of its rows among the densities.
    signed, absolute : Array
        The mean densities, (height, width).
    deviation : Array
        The standard deviation of the absolute one, cell by cell.
    spread : float
        How far an image's density is from the mean: the mean total variation.
    error : float
        How far the mean may be off, as total variation: the mean of the images' estimates.
    unknown_errors : int
        How many of these have none.
    shape : dict of str to float
        The means of `igcli.findings.shares.Shape`.
    channels : tuple of float
        Mean shares of the map's magnitude by channel; empty where that is not known.
    sameness, unaligned : float
        The mean cosine of two of its densities, and what it would be with shuffled cells.
    """

    name: str
    rows: Array
    signed: Array
    absolute: Array
    deviation: Array
    spread: float
    error: float
    unknown_errors: int
    shape: dict[str, float]
    channels: tuple[float, ...]
    sameness: float
    unaligned: float

    @property
    def is_aligned(self) -> bool | None:
        """Whether the maps are more alike than shuffled ones; None where one map cannot tell."""
        if not np.isfinite(self.sameness):
            return None
        return self.sameness - self.unaligned >= _ALIGNED * (1.0 - self.unaligned)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "group": self.name,
            "n": len(self.rows),
            "mean_signed": _rounded(self.signed),
            "mean_absolute": _rounded(self.absolute),
            "deviation": _rounded(self.deviation),
            "spread": self.spread,
            "error": self.error,
            "unknown_errors": self.unknown_errors,
            **self.shape,
            "channels": list(self.channels) or None,
            "sameness": finite(self.sameness),
            "sameness_shuffled": finite(self.unaligned),
            "aligned": self.is_aligned,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run's maps have in common, by group.

    Attributes
    ----------
    out, column : str
        The run directory, and what rows are grouped by.
    source : str
        What the densities were read from: "regions" or "pixels".
    regions : Regions
        The cells.
    groups : tuple of Group
        The largest first.
    places : tuple of Place
        Where groups stand out, those that content does not explain first.
    left_out : dict of str to list of str
        Ids by why they are in no group.
    shape_of : Shape
        Of every row that is in a group.
    rows : tuple of (str, str)
        The ids and groups of these.
    has_images : bool
        Whether images are stored, which tell places from content.
    """

    out: str
    column: str
    source: str
    regions: Regions
    groups: tuple[Group, ...]
    places: tuple[Place, ...]
    left_out: dict[str, list[str]]
    shape_of: Shape
    rows: tuple[tuple[str, str], ...]
    has_images: bool

    @property
    def fixed(self) -> list[Place]:
        """The places that the images' content does not explain."""
        return [place for place in self.places if place.is_fixed]

    @property
    def unexplained(self) -> list[Place]:
        """The places of which no stored image tells whether content explains them."""
        return [place for place in self.places if place.images == UNKNOWN and place.is_certain]

    @property
    def content(self) -> list[Place]:
        """The places where the images differ, too."""
        return [place for place in self.places if place.images == DIFFER]

    @property
    def not_searched(self) -> list[str]:
        """The groups that places are not looked for in: they, or all others, are too few."""
        total = len(self.rows)
        sizes = {group.name: len(group.rows) for group in self.groups}
        return [name for name, size in sizes.items() if min(size, total - size) < LEAST]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        names = Shape.__slots__
        return {
            "out": self.out,
            "by": self.column,
            "source": self.source,
            "grid": list(self.regions.grid),
            "cell": self.regions.side,
            "groups": [group.to_dict() for group in self.groups],
            "places": [place_to_dict(place, self.regions) for place in self.places],
            "images_stored": self.has_images,
            "left_out": self.left_out,
            "images": [
                {
                    "id": identity,
                    "group": group,
                    **{name: float(getattr(self.shape_of, name)[i]) for name in names},
                }
                for i, (identity, group) in enumerate(self.rows)
            ],
        }


def place_to_dict(place: Place, regions: Regions) -> dict[str, Any]:
    """Return a place as JSON can hold it."""
    return {
        "group": place.group,
        "cells": [list(cell) for cell in place.cells],
        "pixels": list(regions.box(place.cells)),
        "share": place.share,
        "elsewhere": place.elsewhere,
        "z": place.z,
        "error": place.error,
        "images": place.images,
        "fixed": place.is_fixed,
        "beyond_error": place.is_certain,
        "bearers": place.bearers.inside,
        "bearers_elsewhere": place.bearers.outside,
        "hot": list(place.hot),
    }


def summarize(out: Path, column: str | None = None) -> Summary:
    """Return what the maps of each group of a finished run have in common.

    Parameters
    ----------
    out : Path
        The run directory.
    column : str or None
        What rows are grouped by; see `igcli.common.groups`. None: true classes where the run
        knows them, else predictions.

    Raises
    ------
    InputError, ConfigError
        When there is no run, its maps are of no picture, or no row has such a group.
    NotWhole
        When it is not finished, or damaged.
    """
    with open_finished_run(out) as run:
        densities = read_densities(run)
    return summary_of(densities, out, column)


def summary_of(densities: Densities, out: Path, column: str | None = None) -> Summary:
    """Return what the maps of each group have in common, of densities that were read already.

    Raises
    ------
    ConfigError
        When no row has such a group.
    """
    column = column or default_column(densities.rows)
    names = group_names(densities.rows, column)
    groups = members(names)
    places = find_places(densities, groups)
    grouped = [place for place, name in enumerate(names) if name]
    without = [row.id for row, name in zip(densities.rows, names, strict=True) if not name]
    return Summary(
        str(out),
        column,
        densities.source,
        densities.regions,
        tuple(_groups(densities, groups)),
        tuple(places),
        {**densities.left_out, f"no {column}": without},
        shape_of(densities.absolute[grouped], densities.regions),
        tuple((densities.rows[place].id, names[place]) for place in grouped),
        densities.pictures is not None,
    )


def _groups(densities: Densities, groups: Mapping[str, Array]) -> list[Group]:
    return [_group(densities, name, rows) for name, rows in groups.items()]


def _group(densities: Densities, name: str, rows: Array) -> Group:
    values = densities.values[rows]
    absolute = np.abs(values).sum(axis=3)
    mean = absolute.mean(axis=0, dtype=np.float64)
    errors = densities.errors[rows]
    channels = densities.channels
    return Group(
        name,
        rows,
        values.sum(axis=3).mean(axis=0, dtype=np.float64),
        mean,
        absolute.std(axis=0, dtype=np.float64),
        float(0.5 * np.abs(absolute - mean).sum(axis=(1, 2)).mean()),
        mean_error(errors),
        int(np.isnan(errors).sum()),
        shape_of(absolute, densities.regions).means(),
        () if channels is None else tuple(map(float, channels[rows].mean(axis=0))),
        sameness(absolute),
        sameness_unaligned(absolute),
    )


def _rounded(plane: Array) -> list[list[float]]:
    return [[round(float(value), 7) for value in row] for row in plane]
