"""The findings that the page opens with: sentences, small pictures, and links to their rows."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from os.path import relpath
from pathlib import Path
from urllib.parse import quote

from igcli.common.html import text
from igcli.common.text import in_bytes
from igcli.findings.cluster_files import sheets_there
from igcli.findings.gathered.finding import CLUSTER, SECTIONS, Finding, Gathered
from igcli.findings.gathered.gather import gather, search_if_able
from igcli.findings.gathered.gathered_files import read_gathered, spots_there
from igcli.report.page.data import as_json
from igcli.store.layout import FINDINGS
from igcli.store.run import StoredRun

# More bytes of pixels than this take minutes to search: `igcli findings` does that.
_MOST_BYTES = 1 << 30


def findings_of(run: StoredRun) -> Gathered:
    """Return what `igcli findings` left of this same run, or else search the run now."""
    found = read_gathered(run)
    if found is not None:
        return found
    size = 4 * len(run.rows) * sum(map(prod, run.layout.shapes.values()))
    if run.kept.regions is None and size > _MOST_BYTES:
        why = f"maps were not searched, {in_bytes(size)} of pixels: igcli findings does that"
        return gather(run, why, spots_there(run))
    return gather(run, search_if_able(run, None, 0), spots_there(run))


def in_order(found: Gathered) -> list[Finding]:
    """Return all findings, as the page numbers them."""
    return [one for kind in found.sections for one in found.of(kind)]


def rows_shown(found: Gathered, run: StoredRun) -> set[int]:
    """Return the rows whose small pictures stand by a finding."""
    wanted = {identity for one in in_order(found) for identity in one.shown}
    return {row.row for row in run.rows if row.id in wanted and row.status == "ok"}


def rows_json(found: Gathered, run: StoredRun) -> str:
    """Return the places of each finding's rows, in the finding's order."""
    places = {row.id: place for place, row in enumerate(run.rows)}
    return as_json([[places[i] for i in one.ids if i in places] for one in in_order(found)])


def sheet_links(run: StoredRun, page: Path) -> dict[int, str]:
    """Return links from a page to the contact sheets of suspicious clusters, by their order."""
    if read_gathered(run) is None:
        return {}
    folder = page.resolve().parent
    return {
        place: quote(relpath(sheet.resolve(), folder), safe="/")
        for place, sheet in sheets_there(run.out / FINDINGS).items()
    }


def findings_html(found: Gathered, sheets: Mapping[int, str]) -> Iterator[str]:
    """Yield the section; its buttons work once the script is there, and need no network.

    `sheets` are the links to contact sheets, see `sheet_links`.
    """
    yield '<section aria-labelledby="h-findings">\n<h2 id="h-findings">Findings</h2>\n'
    if found.read:
        yield f'<p class="soft">{text(found.read)}</p>\n'
    number = 0
    for kind in found.sections:
        yield f'<div class="findings"><h3>{SECTIONS[kind]}</h3>\n<ul>\n'
        for place, one in enumerate(found.of(kind)):
            yield _item(one, number, sheets.get(place, "") if kind == CLUSTER else "")
            number += 1
        for note in found.notes_of(kind):
            yield f'<li class="soft">{text(note)}</li>\n'
        yield "</ul></div>\n"
    if not found.sections:
        yield '<p class="soft">Nothing to tell.</p>\n'
    yield "</section>\n"


def _item(one: Finding, number: int, sheet: str) -> str:
    tone = ' class="bad"' if one.is_bad else ""
    link = ""
    if one.ids:
        count = f"{len(one.ids):,} row{'s' if len(one.ids) > 1 else ''}"
        label = f"show {count}"
        link = (
            f' <button type="button" class="link" data-finding="{number}" '
            f'aria-label="{label}: {text(one.text)}">{label}</button>'
        )
    if sheet:
        link += f' <a class="link" href="{text(sheet)}">contact sheet</a>'
    six = f'<div class="six" data-six="{number}"></div>' if one.ids else ""
    return f"<li><span{tone}>{text(one.text)}</span>{link}{six}</li>\n"


def with_shown(most_in_need: Sequence[int], shown: set[int], most: int) -> list[int]:
    """Return `most` rows at most: those of findings, then those most in need; ascending."""
    first = sorted(shown)[:most]
    others = [row for row in most_in_need if row not in shown]
    return sorted([*first, *others[: most - len(first)]])
