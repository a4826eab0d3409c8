"""The text of clusters: the terminal's lines, Markdown, and the lines of clusters.csv."""

from collections.abc import Iterator

from igcli.common.csv_text import in_csv
from igcli.common.markdown import escaped, table
from igcli.common.regions import Regions
from igcli.common.text import counted, in_columns, on_one_line, the_first
from igcli.findings.clusters import Cluster, Clusters
from igcli.findings.summary_text import COUNTED, cell_ranges
from igcli.findings.suspicion import LEAST

FIELDS = ("id", "group", "cluster", "distance", "suspicious")
_SHOWN = 5
_LINES = 30
_HEAD = ("group", "cluster", "n", "maps alike", "images alike", "mass at its place", "border",
         "commonest class", "accuracy", "suspicious")  # fmt: skip
_PAIRS = f"pairs are: the cluster's, and the rest of its group's; –: fewer than {LEAST} maps in one"


def lines(clusters: Clusters) -> Iterator[str]:
    """Yield the terminal's lines: what was read, the clusters, those that are suspicious."""
    yield f"read       {read(clusters)}"
    yield _PAIRS
    rows = [_HEAD, *(cells(one) for one in clusters.found[:_LINES])]
    yield from in_columns(rows)
    if len(clusters.found) > _LINES:
        yield f"and {len(clusters.found) - _LINES} more: see clusters.csv"
    yield from notes(clusters)


def read(clusters: Clusters) -> str:
    """Say what was clustered."""
    rows, columns = clusters.regions.grid
    return (
        f"{counted(sum(len(one.rows) for one in clusters.found), 'map')} from the stored "
        f"{clusters.source}, "
        f"{clusters.part} mass in {rows} × {columns} cells of {clusters.regions.side} pixels, "
        f"by {clusters.column}"
    )


def cells(one: Cluster) -> tuple[str, ...]:
    """Return a cluster's line of the table."""
    found = one.suspicion
    head = on_one_line(one.group), str(one.number), str(len(one.rows))
    tail = f"{one.purity:.0%}", _pair(one.accuracy, ".0%"), "YES" if one.is_suspicious else "no"
    if found is None:
        return (*head, "–", "–", "–", "–", *tail)
    return (
        *head,
        _pair(found.sameness, ".2f"),
        "–" if found.images is None else _pair(found.images, ".2f"),
        _pair(found.concentration, ".0%"),
        _pair(found.border, ".2f"),
        *tail,
    )


def _pair(values: tuple[float | None, float | None], form: str) -> str:
    if all(value is None for value in values):
        return "–"
    return " / ".join("–" if value is None else format(value, form) for value in values)


def notes(clusters: Clusters) -> Iterator[str]:
    """Yield what is suspicious, and what can't be told."""
    for one in clusters.suspicious:
        named = the_first([on_one_line(i) for i in clusters.ids(one)], _SHOWN)
        yield f"SUSPICIOUS {said(one, clusters.regions)}: {named}"
    if clusters.suspicious:
        yield f"counted    {COUNTED}"
    else:
        yield "suspicious none"
    if not clusters.has_images:
        yield "the images had no say: this run stores none, so content may look like a shortcut"
    for name, count in clusters.sampled.items():
        maps = counted(count, "map")
        yield f"sampled    {on_one_line(name)}: {maps}; the others went to their neighbours'"
    for why, ids in clusters.left_out.items():
        if ids:
            named = the_first([on_one_line(i) for i in ids], _SHOWN)
            yield f"left out   {len(ids)}, {why}: {named}"


def said(one: Cluster, regions: Regions) -> str:
    """Say what makes a cluster suspicious."""
    found = one.suspicion
    assert found is not None
    text = (
        f"{on_one_line(one.group)}, cluster {one.number}: {counted(len(one.rows), 'image')} have "
        f"{found.concentration[0]:.0%} of their mass at {cell_ranges(found.place, regions)} (the "
        f"rest of the group {found.concentration[1]:.0%})"
    )
    if found.bearers is not None:
        text += (
            f"; {found.bearers.inside} bear the same thing there, {found.bearers.outside} of the "
            "rest do"
        )
    return text


def markdown(clusters: Clusters) -> str:
    """Return the clusters as Markdown, GitHub's flavour."""
    return "\n".join(
        [f"### {read(clusters)}", "", f"P{_PAIRS[1:]}.", "",
         *table(_HEAD, _escaped_rows(clusters)), "", *(f"- {line}" for line in notes(clusters))]
    ) + "\n"  # fmt: skip


def _escaped_rows(clusters: Clusters) -> Iterator[tuple[str, ...]]:
    return ((escaped(one.group), *cells(one)[1:]) for one in clusters.found)


def csv_of(clusters: Clusters) -> bytes:
    """Return clusters.csv: a line for each map, in the run's order."""
    found = [
        (int(place), clusters.densities.rows[place].id, one.group, one.number, float(apart),
         one.is_suspicious)
        for one in clusters.found
        for place, apart in zip(one.rows, one.distances, strict=True)
    ]  # fmt: skip
    return in_csv(
        FIELDS,
        (
            (identity, group, number, f"{apart:.6f}", flag)
            for _, identity, group, number, apart, flag in sorted(found)
        ),
    )
