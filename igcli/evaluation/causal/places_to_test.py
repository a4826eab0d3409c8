"""The places to test: where suspicious clusters and fixed places are, and on which rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.groups import group_names, members
from igcli.evaluation.causal.whole_mark import Cells, whole_mark
from igcli.findings.clusters import Cluster, Clusters
from igcli.findings.densities import Densities
from igcli.findings.places import Place, find_places

FIXED_PLACE = "fixed place"


@dataclass(frozen=True, slots=True)
class PlaceToTest:
    """Cells that some images of a group may hang on.

    Attributes
    ----------
    group : str
        The group.
    found_by : tuple of str
        What found it: "cluster 2", "fixed place", or both.
    cells : tuple of (int, int)
        Rows and columns, from 0.
    edited : tuple of (int, int)
        What is covered and pasted: these, and the rest of what the images share there.
    rows, others, receivers : tuple of Explanation
        The images that are looked at there; the rest of the group; and the other groups' images
        that are not predicted as `target`.
    target : int
        The class that most of `rows` are explained for.
    target_name : str
        What it is called.
    """

    group: str
    found_by: tuple[str, ...]
    cells: Cells
    edited: Cells
    rows: tuple[Explanation, ...]
    others: tuple[Explanation, ...]
    receivers: tuple[Explanation, ...]
    target: int
    target_name: str

    @property
    def title(self) -> str:
        """What it is called."""
        return f"{self.group}, {' and '.join(self.found_by)}"


def fixed_places(clusters: Clusters) -> list[Place]:
    """Return the places of the same run by the same groups, as `igcli summarize` finds them."""
    groups = members(group_names(clusters.densities.rows, clusters.column))
    return find_places(clusters.densities, groups)


def places_to_test(clusters: Clusters, places: Sequence[Place]) -> tuple[PlaceToTest, ...]:
    """Return the place of each suspicious cluster, and each fixed place that is not one of these.

    Parameters
    ----------
    clusters : Clusters
        Those of a run.
    places : sequence of Place
        Those of the same run by the same groups; the ones that are not fixed are left out.
    """
    densities, column = clusters.densities, clusters.column
    fixed = [place for place in places if place.is_fixed]
    by_id = {row.id: number for number, row in enumerate(densities.rows)}
    found = []
    for one in clusters.suspicious:
        same = [place for place in fixed if _is_same(one, place)]
        fixed = [place for place in fixed if place not in same]
        by = (f"cluster {one.number}", *([FIXED_PLACE] if same else []))
        assert one.suspicion is not None
        found.append(place_of_rows(densities, column, one.group, by, one.suspicion.place, one.rows))
    for place in fixed:
        rows = np.array([by_id[identity] for identity in place.hot], int)
        by = (FIXED_PLACE,)
        found.append(place_of_rows(densities, column, place.group, by, place.cells, rows))
    return tuple(found)


def place_of_rows(
    densities: Densities,
    column: str,
    group: str,
    found_by: tuple[str, ...],
    cells: Cells,
    rows: Array,
) -> PlaceToTest:
    """Return a place of some rows of a group.

    Parameters
    ----------
    densities : Densities
        Of the run.
    column, group : str
        What rows are grouped by, and which group it is.
    found_by : tuple of str
        What found it.
    cells : sequence of (int, int)
        Rows and columns, from 0.
    rows : Array
        Places among the densities' rows, one at least.
    """
    groups = members(group_names(densities.rows, column))
    own = [densities.rows[row] for row in rows]
    target = Counter(row.target for row in own if row.target is not None).most_common(1)[0][0]
    inside = {*rows.tolist()}
    others = [densities.rows[row] for row in groups[group] if row not in inside]
    receivers = [
        densities.rows[row]
        for name, places in groups.items()
        for row in (places if name != group else ())
        if densities.rows[row].prediction != target
    ]
    name = next(row.target_name for row in own if row.target == target) or str(target)
    return PlaceToTest(
        group, found_by, cells, whole_mark(densities.pictures, rows, cells), tuple(own),
        tuple(others), tuple(receivers), target, name,
    )  # fmt: skip


def _is_same(one: Cluster, place: Place) -> bool:
    """Tell whether a cluster and a fixed place of the same group share one's hottest cell."""
    assert one.suspicion is not None
    cells = one.suspicion.place
    return one.group == place.group and (cells[0] in place.cells or place.cells[0] in cells)
