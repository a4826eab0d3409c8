"""The text of a summary: the terminal's lines, and Markdown."""

from collections.abc import Iterator, Sequence

from igcli.common.markdown import escaped, table
from igcli.common.regions import Regions
from igcli.common.text import counted, in_columns, on_one_line, the_first
from igcli.findings.places import ALIKE, DIFFER, LEAST, SAME, Place
from igcli.findings.summarize import Group, Summary

# How cells and pixels are to be read.
COUNTED = (
    "rows and columns of cells are counted from 0; pixels are (x1, y1, x2, y2) of the model's "
    "input, x2 and y2 the first outside"
)
_SHOWN = 5
_GROUPS = 30
_HEAD = ("group", "n", "sameness", "spread", "border", "x", "y", "radius", "entropy", "gini",
         "error")  # fmt: skip


def lines(summary: Summary) -> Iterator[str]:
    """Yield the terminal's lines: what was read, the groups, what stands out, what is left out."""
    yield f"read       {read(summary)}"
    rows = [_HEAD, *(cells(group) for group in summary.groups[:_GROUPS])]
    yield from in_columns(rows)
    if len(summary.groups) > _GROUPS:
        yield f"and {counted(len(summary.groups) - _GROUPS, 'smaller group')}: see --json"
    yield from notes(summary)
    yield from findings(summary)


def read(summary: Summary) -> str:
    """Say what was read, and on which cells."""
    rows, columns = summary.regions.grid
    return (
        f"{counted(len(summary.rows), 'map')} from the stored {summary.source}, {rows} × {columns} "
        f"cells of {summary.regions.side} pixels, by {summary.column}"
    )


def cells(group: Group) -> tuple[str, ...]:
    """Return a group's line of the table."""
    shape = group.shape
    unknown = f" ({group.unknown_errors} unknown)" if group.unknown_errors else ""
    return (
        on_one_line(group.name),
        str(len(group.rows)),
        "–" if group.is_aligned is None else f"{group.sameness:.2f}",
        f"{group.spread:.2f}",
        *(f"{shape[name]:.2f}" for name in _HEAD[4:10]),
        f"{group.error:.1%}{unknown}",
    )


def notes(summary: Summary) -> Iterator[str]:
    """Yield what is to be known of the groups: content, channels, what is left out."""
    loose = [on_one_line(group.name) for group in summary.groups if group.is_aligned is False]
    if loose:
        yield (
            f"not aligned  {the_first(loose, _SHOWN)}: maps are hardly more alike than shuffled "
            "ones, so a mean map says little"
        )
    for group in summary.groups[:_GROUPS] if summary.groups[0].channels else ():
        shares = ", ".join(f"{share:.0%}" for share in group.channels)
        yield f"channels   {on_one_line(group.name)}: {shares} (of the pixels' magnitude)"
    for why, ids in summary.left_out.items():
        if ids:
            named = the_first([on_one_line(i) for i in ids], _SHOWN)
            yield f"left out   {len(ids)}, {why}: {named}"


def findings(summary: Summary) -> Iterator[str]:
    """Yield what stands out, and what can't be told."""
    for place in summary.fixed:
        yield f"FIXED      {said(place, summary.regions)}"
    for place in summary.unexplained:
        yield f"stands out {said(place, summary.regions)}"
    is_searched = len(summary.not_searched) < len(summary.groups)
    if is_searched and not summary.fixed and not summary.unexplained:
        yield "places     no fixed place found"
    yield from _not_told(summary)
    if summary.fixed or summary.unexplained or summary.content:
        yield f"counted    {COUNTED}"


def _not_told(summary: Summary) -> Iterator[str]:
    """Yield what stands out for other reasons, and where nothing was looked for."""
    if summary.unexplained:
        yield "can't tell whether the images differ there: this run stores no images"
    for place in summary.content[:_SHOWN]:
        yield f"content    {said(place, summary.regions)}"
    if len(summary.content) > _SHOWN:
        more = counted(len(summary.content) - _SHOWN, "more place")
        yield f"content    and {more} where the images differ, too: see --json"
    within = [p for p in summary.places if not p.is_certain and p.images != DIFFER]
    if within:
        places = "place stands" if len(within) == 1 else "places stand"
        yield f"uncertain  {len(within)} {places} out by less than the maps' own errors"
    if len(summary.groups) == 1:
        yield "places     none looked for: there is one group, and no other to hold it against"
    elif summary.not_searched:
        few = the_first([on_one_line(name) for name in summary.not_searched], _SHOWN)
        yield f"places     none looked for, as they or all others are under {LEAST}: {few}"


def said(place: Place, regions: Regions) -> str:
    """Say where a place is, and what makes it one."""
    factor = place.share / place.elsewhere if place.elsewhere else float("inf")
    text = (
        f"{on_one_line(place.group)}: {cell_ranges(place.cells, regions)} holds {place.share:.1%} "
        f"of mass, {factor:.1f} times what other groups have there (z {min(place.z, 999.0):.1f}); "
        f"{counted(len(place.hot), 'image')} {'is' if len(place.hot) == 1 else 'are'} hot there"
    )
    if place.images == SAME:
        bears = place.bearers
        text += f"; {bears.inside} bear the same thing there, {bears.outside} of the others do"
    elif place.images == ALIKE:
        text += "; the images there are as the others' are"
    elif place.images == DIFFER:
        text += "; the images there differ from the others', too"
    return text


def cell_ranges(cells: Sequence[tuple[int, int]], regions: Regions) -> str:
    """Return the rows and columns of some cells, and the pixels around them; see COUNTED."""
    rows, columns = (sorted({cell[axis] for cell in cells}) for axis in (0, 1))
    pixels = ", ".join(map(str, regions.box(cells)))
    return f"{_range('row', rows)}, {_range('column', columns)}, pixels ({pixels})"


def _range(word: str, numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    return f"{word} {first}" if first == last else f"{word}s {first} to {last}"


def markdown(summary: Summary) -> str:
    """Return the summary as Markdown, GitHub's flavour."""
    rows = ((escaped(group.name), *cells(group)[1:]) for group in summary.groups)
    said_of = [f"- {line}" for line in (*notes(summary), *findings(summary))]
    return "\n".join([f"### {read(summary)}", "", *table(_HEAD, rows), "", *said_of]) + "\n"
