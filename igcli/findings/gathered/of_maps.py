"""Findings of maps: fixed places, groups that stand out, and suspicious clusters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from igcli.common.arrays import Array
from igcli.common.groups import default_column, members
from igcli.common.text import counted, on_one_line, the_first
from igcli.findings.clusters import POSITIVE, Clusters, clusters_in
from igcli.findings.clusters_text import said as said_of_cluster
from igcli.findings.densities import Densities, read_densities
from igcli.findings.gathered.finding import CLUSTER, PLACE, STANDING, Finding
from igcli.findings.places import LEAST
from igcli.findings.shares import RING
from igcli.findings.summarize import Group, Summary, summary_of
from igcli.findings.summary_text import said as said_of_place
from igcli.findings.suspicion import LEAST as LEAST_OF_CLUSTER
from igcli.findings.welch import LEVEL, against_rest, standing_out, z_scores
from igcli.store.run import StoredRun

_SHOWN, _CONTENT = 5, 3
# What stands out must do so by a factor, for the border, or by a part of the picture's side.
_LEAST_FACTOR, _LEAST_SHIFT = 1.5, 0.1
_WAYS = {"x": ("left", "right", "width"), "y": ("top", "bottom", "height")}


@dataclass(frozen=True, slots=True)
class Searched:
    """What the maps of a run say together.

    Attributes
    ----------
    summary : Summary
        The groups and their fixed places.
    clusters : Clusters
        The clusters of each group.
    per_input : int
        How many explanations each input has: of several, its first one was taken.
    """

    summary: Summary
    clusters: Clusters
    per_input: int

    @property
    def names_places(self) -> bool:
        """Whether anything that is found of them has a place."""
        one = self.summary
        return bool(one.fixed or one.unexplained or one.content or self.clusters.suspicious)


def search_maps(run: StoredRun, column: str | None, seed: int) -> Searched:
    """Read the densities of a run once, and summarize and cluster them.

    Several explanations of one input would count one picture several times: its first one that
    has a map is taken.

    Raises
    ------
    InputError, ConfigError
        When its maps are of no picture, or no row has such a group.
    NotWhole
        When it is damaged.
    """
    densities = read_densities(run)
    if run.per_input > 1:
        densities = _first_of_each_input(run, densities)
    column = column or default_column(densities.rows)
    return Searched(
        summary_of(densities, run.out, column),
        clusters_in(densities, run.out, column, POSITIVE, seed),
        run.per_input,
    )


def _first_of_each_input(run: StoredRun, densities: Densities) -> Densities:
    seen: dict[str, int] = {}
    for place, row in enumerate(densities.rows):
        seen.setdefault(run.input_of(row), place)
    kept = list(seen.values())
    pictures, channels = densities.pictures, densities.channels
    return replace(
        densities,
        rows=[densities.rows[place] for place in kept],
        values=densities.values[kept],
        errors=densities.errors[kept],
        pictures=None if pictures is None else pictures[kept],
        channels=None if channels is None else channels[kept],
    )


def places_found(summary: Summary) -> Iterator[Finding]:
    """Yield the fixed places, and those that may be content."""
    for place in (*summary.fixed, *summary.unexplained):
        text = said_of_place(place, summary.regions)
        if not place.is_fixed:
            text += "; no stored image tells whether the content is what differs there"
        numbers = {"share": place.share, "elsewhere": place.elsewhere, "z": place.z}
        yield Finding(PLACE, text, place.hot, numbers, place.is_fixed)


def notes_of_places(summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield what was not found, and where it was not looked for, in one line."""
    count, few = len(summary.groups), summary.not_searched
    searched = count - len(few)
    named = f"{searched} of {count} groups" if few else f"{count} groups"
    left = ""
    if count == 1:
        yield PLACE, "one group only, and no other to hold it against: no place was looked for"
        return
    if few:
        first = the_first([on_one_line(name) for name in few], _SHOWN)
        left = f"{len(few)} not searched, as they or all others are fewer than {LEAST}: {first}"
    if not searched:
        yield PLACE, left
    elif not summary.fixed and not summary.unexplained:
        yield PLACE, f"no fixed place in {named}" + (f"; {left}" if left else "")
    elif left:
        yield PLACE, left
    yield from _of_content(summary)


def _of_content(summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield the places that content may explain: a mark that is not recognised is one, too."""
    content = summary.content
    for place in content[:_CONTENT]:
        yield PLACE, f"content, as it seems: {said_of_place(place, summary.regions)}"
    if len(content) > _CONTENT:
        more = counted(len(content) - _CONTENT, "more place")
        yield PLACE, f"and {more} where the images differ, too: see igcli summarize --json"


def clusters_found(clusters: Clusters) -> Iterator[Finding]:
    """Yield the suspicious clusters."""
    for one in clusters.suspicious:
        found = one.suspicion
        assert found is not None
        numbers = {"n": float(len(one.rows)), "concentration": found.concentration[0],
                   "in_rest": found.concentration[1]}  # fmt: skip
        text = said_of_cluster(one, clusters.regions)
        if not clusters.has_images:
            text += "; no images are stored, so content may look like this"
        yield Finding(CLUSTER, text, tuple(clusters.ids(one)), numbers, True)


def notes_of_clusters(clusters: Clusters) -> Iterator[tuple[str, str]]:
    """Yield that none is suspicious, where that is so."""
    able = sum(one.suspicion is not None for one in clusters.found)
    if not clusters.suspicious:
        held = f"{able} of {counted(len(clusters.found), 'cluster')}"
        takes = f"which takes {LEAST_OF_CLUSTER} maps in each"
        text = f"none suspicious; {held} could be held against the rest of the group, {takes}"
        yield CLUSTER, text


def standing_found(summary: Summary) -> Iterator[Finding]:
    """Yield groups whose mass lies nearer to the border, or elsewhere, than all others'.

    The mean of `border`, `x` or `y` must differ from the others' by Welch's test (both sides, with
    Holm's correction for all groups and the three measures), by 1.5 times for the border and a
    tenth of the side for the centre, and by more than the maps' own errors can make.
    """
    few = {*summary.not_searched}
    able = [group for group in summary.groups if group.name not in few]
    measures = ("border", "x", "y")
    if not able:
        return
    columns = np.stack([getattr(summary.shape_of, name) for name in measures], axis=1)
    rows = members([name for _, name in summary.rows])
    own = (rows[group.name] for group in able)
    sides = against_rest(columns, own, np.arange(len(columns)))
    stands = standing_out(np.abs([z_scores(*pair) for pair in sides]), LEVEL / 2)
    errors = sum(group.error * len(group.rows) for group in summary.groups)
    for place, (group, (some, rest)) in enumerate(zip(able, sides, strict=True)):
        error = group.error + (errors - group.error * some.count) / rest.count
        for at, name in enumerate(measures):
            means = float(some.mean[at]), float(rest.mean[at])
            if stands[place, at] and _is_large(name, means, error):
                at_rows = rows[group.name]
                ids = [summary.rows[row][0] for row in at_rows]
                yield _standing(group, name, means, _outermost(columns[at_rows, at], ids, means))


def _is_large(name: str, means: tuple[float, float], error: float) -> bool:
    """Tell whether two means differ by enough, and by more than the maps' errors can make.

    Mass that is off by a total variation of e moves the centre by e of the side at most, and the
    ring's share by e.
    """
    own, rest = means
    if name != "border":
        return abs(own - rest) >= max(_LEAST_SHIFT, error)
    area = 1.0 - (1.0 - 2.0 * RING) ** 2
    factor = max(own, rest) / max(min(own, rest), 1e-9)
    return factor >= _LEAST_FACTOR and abs(own - rest) >= error / area


def _outermost(values: Array, ids: Sequence[str], means: tuple[float, float]) -> tuple[str, ...]:
    sign = 1.0 if means[0] > means[1] else -1.0
    return tuple(ids[place] for place in np.argsort(-sign * values, kind="stable"))


def _standing(
    group: Group, name: str, means: tuple[float, float], ids: tuple[str, ...]
) -> Finding:  # fmt: skip
    own, rest = means
    if name == "border":
        where = "at" if own > rest else "away from"
        text = f"more mass {where} the border: {own:.2f} times an even map's, others {rest:.2f}"
    else:
        low, high, side = _WAYS[name]
        text = (
            f"mass lies nearer to the {high if own > rest else low}: its centre is at {own:.0%} of "
            f"the {side}, others' at {rest:.0%}"
        )
    numbers = {"own": own, "others": rest}
    return Finding(STANDING, f"{on_one_line(group.name)}: {text}", ids, numbers)


def notes_of_standing(summary: Summary, found: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """Yield that no group stands out, where groups were held against each other."""
    searched = len(summary.groups) - len(summary.not_searched)
    if searched and not found:
        groups = counted(searched, "group")
        yield STANDING, f"none of {groups} by the border's share or the centre of mass"
