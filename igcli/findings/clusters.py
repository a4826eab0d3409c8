"""Clusters of each group's maps: whether a class has several reasons, and which are suspicious."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.groups import PREDICTION, TRUTH, default_column, group_names, members
from igcli.common.regions import Regions
from igcli.common.text import finite
from igcli.findings.densities import Densities, read_densities
from igcli.findings.spectral import cluster
from igcli.findings.suspicion import LEAST, Suspicion, suspect
from igcli.store.run import StoredRun

POSITIVE, ABSOLUTE = "positive", "absolute"
PARTS = (POSITIVE, ABSOLUTE)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Maps of one group that are alike.

    Attributes
    ----------
    group : str
        The group.
    number : int
        Which of the group's clusters, the largest is 1.
    rows : Array
        The places of its rows among the densities, the nearest to the mean first.
    distances : Array
        Their total variation to the cluster's mean.
    purity : float
        The share of its commonest class: the true one where rows are grouped by something else and
        the run knows it, else the predicted one.
    accuracy : tuple of float or None
        The share that is predicted right, in the cluster and in the rest of its group; None where
        that is not known.
    suspicion : Suspicion or None
        None for a group's only cluster, and for one that is too small or leaves too few.
    """

    group: str
    number: int
    rows: Array
    distances: Array
    purity: float
    accuracy: tuple[float | None, float | None]
    suspicion: Suspicion | None

    @property
    def is_suspicious(self) -> bool:
        """Whether it looks like a shortcut."""
        return self.suspicion is not None and self.suspicion.is_suspicious

    def to_dict(self, regions: Regions) -> dict[str, Any]:
        """Return it as JSON can hold it, its place in pixels too."""
        found: dict[str, Any] = {
            "group": self.group,
            "cluster": self.number,
            "n": len(self.rows),
            "purity": self.purity,
            "accuracy": list(self.accuracy),
            "suspicious": self.is_suspicious,
        }
        one = self.suspicion
        if one is not None:
            found |= {
                "cells": [list(cell) for cell in one.place],
                "pixels": list(regions.box(one.place)) if one.place else None,
                "concentration": list(one.concentration),
                "sameness": [finite(value) for value in one.sameness],
                "images_sameness": None if one.images is None else [*map(finite, one.images)],
                "border": list(one.border),
                "beyond_error": one.beyond_error,
                "bearers": None if one.bearers is None else one.bearers.inside,
                "bearers_in_rest": None if one.bearers is None else one.bearers.outside,
            }
        return found


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of all groups of a run.

    Attributes
    ----------
    out, column, part : str
        The run directory, what rows are grouped by, and what of their maps is clustered.
    source : str
        What the densities were read from: "regions" or "pixels".
    regions : Regions
        The cells.
    found : tuple of Cluster
        Suspicious ones first, then by group.
    densities : Densities
        What was clustered.
    sampled : dict of str to int
        How many rows of the larger groups were clustered; the others went to their neighbours'.
    left_out : dict of str to list of str
        Ids by why they are in no cluster.
    """

    out: str
    column: str
    part: str
    source: str
    regions: Regions
    found: tuple[Cluster, ...]
    densities: Densities
    sampled: dict[str, int]
    left_out: dict[str, list[str]]

    @property
    def has_images(self) -> bool:
        """Whether images are stored, which tell a shortcut from content."""
        return self.densities.pictures is not None

    @property
    def suspicious(self) -> list[Cluster]:
        """The clusters that look like shortcuts."""
        return [one for one in self.found if one.is_suspicious]

    def ids(self, one: Cluster) -> list[str]:
        """Return the ids of a cluster's rows, the nearest to its mean first."""
        return [self.densities.rows[place].id for place in one.rows]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "out": self.out,
            "by": self.column,
            "of": self.part,
            "source": self.source,
            "grid": list(self.regions.grid),
            "cell": self.regions.side,
            "images_stored": self.has_images,
            "clusters": [{**one.to_dict(self.regions), "ids": self.ids(one)} for one in self.found],
            "sampled": self.sampled,
            "left_out": self.left_out,
        }


def find_clusters(run: StoredRun, column: str | None, part: str, seed: int) -> Clusters:
    """Return the clusters of each group of a finished run.

    Parameters
    ----------
    run : StoredRun
        The run.
    column : str or None
        What rows are grouped by; see `igcli.common.groups`. None: true classes where the run
        knows them, else predictions.
    part : str
        What of the maps is clustered, one of PARTS.
    seed : int
        Of the samples of large groups, and of k-means.

    Raises
    ------
    InputError, ConfigError
        When its maps are of no picture, or no row has such a group.
    NotWhole
        When it is damaged.
    """
    return clusters_in(read_densities(run), run.out, column, part, seed)


def clusters_in(
    densities: Densities, out: Path, column: str | None, part: str, seed: int
) -> Clusters:
    """Return the clusters of each group, of densities that were read already.

    Raises
    ------
    ConfigError
        When no row has such a group.
    """
    column = column or default_column(densities.rows)
    names = group_names(densities.rows, column)
    found, sampled = clusters_of(densities, members(names), column, part, seed)
    without = [row.id for row, name in zip(densities.rows, names, strict=True) if not name]
    return Clusters(
        str(out), column, part, densities.source, densities.regions, tuple(found), densities,
        sampled, {**densities.left_out, f"no {column}": without},
    )  # fmt: skip


def clusters_of(
    densities: Densities, groups: Mapping[str, Array], column: str, part: str, seed: int
) -> tuple[list[Cluster], dict[str, int]]:
    """Return the clusters of some groups, and how many rows of those sampled were clustered."""
    planes = _planes(densities, part)
    found: list[Cluster] = []
    sampled = {}
    for name, rows in groups.items():
        # Of square roots, distances are Hellinger's: one hot cell does not drown all others.
        made = cluster(np.sqrt(planes[rows]).reshape(len(rows), -1), seed)
        if made.sampled < len(rows):
            sampled[name] = made.sampled
        found += _clusters(densities, planes, name, rows, made.labels, column)
    return sorted(found, key=lambda one: not one.is_suspicious), sampled


def _planes(densities: Densities, part: str) -> Array:
    """Return what is clustered, each row's sum 1; all 0 where a row has nothing of that sign."""
    planes = densities.absolute if part == ABSOLUTE else densities.values[..., 0]
    sums = planes.sum(axis=(1, 2), keepdims=True)
    shares: Array = planes / np.where(sums > 0.0, sums, 1.0)
    return shares


def _clusters(
    densities: Densities, planes: Array, name: str, rows: Array, labels: Array, column: str
) -> Iterator[Cluster]:
    for number in range(int(labels.max()) + 1):
        inside, rest = rows[labels == number], rows[labels != number]
        apart = 0.5 * np.abs(planes[inside] - planes[inside].mean(axis=0)).sum(axis=(1, 2))
        order = np.argsort(apart, kind="stable")
        own = [densities.rows[place] for place in inside]
        is_able = min(len(inside), len(rest)) >= LEAST
        yield Cluster(
            name,
            number + 1,
            inside[order],
            apart[order],
            _purity(own, column),
            (_accuracy(own), _accuracy([densities.rows[place] for place in rest])),
            suspect(densities, planes, inside, rest) if is_able else None,
        )


def _purity(rows: list[Explanation], column: str) -> float:
    """Return the share of the commonest class, of those that the rows are not grouped by."""
    is_known = column != TRUTH and any(row.truth is not None for row in rows)
    names = group_names(rows, TRUTH if is_known else PREDICTION)
    return max(map(len, members(names).values())) / len(rows)


def _accuracy(rows: list[Explanation]) -> float | None:
    known = [row.correct for row in rows if row.correct is not None]
    return sum(known) / len(known) if known else None
