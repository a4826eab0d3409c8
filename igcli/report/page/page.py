"""The page of a run: summary, charts, a table to sort and filter, pictures, settings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from igcli.common.errors import OutputError, reason
from igcli.common.html import asset, document, text
from igcli.common.machine import cpus
from igcli.common.notes import doubts, notes_from_json
from igcli.common.progress import Track
from igcli.common.text import in_bytes
from igcli.common.threads import ahead
from igcli.findings.gathered.finding import Gathered
from igcli.findings.gathered.of_rows import accuracy
from igcli.report.page.agreement import agreement_html, agreement_of
from igcli.report.page.data import as_json, block, table
from igcli.report.page.findings import (
    findings_html,
    findings_of,
    rows_json,
    rows_shown,
    sheet_links,
    with_shown,
)
from igcli.report.page.seen import (
    Seen,
    explanations_asked,
    look,
    most_in_need,
    open_begun_run,
)
from igcli.report.page.settings import everything, settings
from igcli.report.page.summary import charts, opening, tiles, tiles_html
from igcli.report.page.thumbnails import show
from igcli.store.files import whole_file
from igcli.store.layout import OWN_NAMES, REPORT
from igcli.store.run import StoredRun

_HERE = "igcli.report.page"
_SMALL = 96
TITLE = "igcli: "
# Where a page has its title.
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Written:
    """A page that was written.

    Attributes
    ----------
    rows : int
        Explanations in its table.
    pictured : int
        How many of them can be looked at.
    missing : int
        How many of those asked for the run has not reached.
    size : int
        Bytes.
    """

    path: Path
    rows: int
    pictured: int
    missing: int
    size: int

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {**asdict(self), "path": str(self.path)}

    def lines(self) -> list[str]:
        """Return the summary: one line."""
        s = "" if self.rows == 1 else "s"
        return [
            f"{self.path}: {self.rows} explanation{s}, {self.pictured} in detail, "
            f"{in_bytes(self.size)}"
        ]


def write_report(
    out: Path, path: Path | None, pictures: int, overwrite: bool, track: Track
) -> Written:
    """Write a run's page.

    Parameters
    ----------
    out : Path
        The run directory.
    path : Path or None
        The file; OUT/report.html where it is None.
    pictures : int
        For how many explanations pictures and paths are put into it, at most.
    overwrite : bool
        Whether a file that is no such page may be replaced.
    track : Track
        Shows how many of them are done.

    Raises
    ------
    InputError
        When `out` is no run, or holds nothing yet.
    NotWhole
        When it is damaged.
    OutputError
        When `path` is one of the run's own files, somebody else's, or can't be written.
    """
    run = open_begun_run(out)
    path = out / REPORT if path is None else path
    _check_path(out, path)
    if not overwrite and path.exists() and not _is_page(path):
        raise OutputError(
            f"{path} is there already, and no page of igcli's",
            fix="name another file with -o, or replace it with --overwrite",
        )
    found = findings_of(run)
    needed = most_in_need(run.rows, pictures, run.kept.certified)
    shown = with_shown(needed, rows_shown(found, run), pictures)
    try:
        with whole_file(path) as temporary:
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(page(run, found, shown, sheet_links(run, path), track))
            size = temporary.stat().st_size
    except OSError as error:
        # Its own file name is a temporary one; what is read raises NotWhole.
        cause = reason(error)
        raise OutputError(f"{path} can't be written", cause, "name another with -o") from error
    return Written(path, len(run.rows), len(shown), explanations_asked(run) - len(run.rows), size)


def _is_page(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return f"<title>{TITLE}".encode() in file.read(_HEAD)
    except OSError:
        return False


def _check_path(out: Path, path: Path) -> None:
    place, root = path.resolve(), out.resolve()
    inside = place.relative_to(root).parts[:1] if place.is_relative_to(root) else ()
    if set(inside) & set(OWN_NAMES) - {REPORT}:
        raise OutputError(
            f"-o {path} lies among the run's own files", fix="name another file, or leave -o out"
        )
    if not path.parent.is_dir():
        raise OutputError(
            f"-o {path} can't be written",
            f"there is no folder {path.parent}",
            "make it, or name another file",
        )


def page(
    run: StoredRun,
    found: Gathered,
    shown: Sequence[int],
    sheets: Mapping[int, str],
    track: Track,
) -> Iterator[str]:
    """Yield the page, piece by piece.

    `shown` are the rows that can be looked at, ascending; `sheets` links to contact sheets.
    """
    title = run.out.resolve().name
    script = asset(_HERE, "table.js") + asset(_HERE, "detail.js") + asset(_HERE, "page.js")
    yield from document(
        f"{TITLE}{title}",
        asset(_HERE, "page.css"),
        _body(run, found, shown, sheets, title, track),
        script,
    )


def _body(
    run: StoredRun,
    found: Gathered,
    shown: Sequence[int],
    sheets: Mapping[int, str],
    title: str,
    track: Track,
) -> Iterator[str]:
    tolerance = _tolerance(run)
    yield from opening(title, _about(run), _notices(run, len(shown)))
    yield '<main>\n<section aria-label="Summary">\n'
    certified = run.kept.certified
    asked = explanations_asked(run)
    yield from tiles_html(tiles(run.rows, asked, tolerance, certified, accuracy(run)))
    yield "</section>\n"
    yield from findings_html(found, sheets)
    agreement = agreement_of(run)
    yield from agreement_html(agreement)
    yield '<section aria-label="Distributions">\n'
    yield from charts(run.rows, tolerance, certified)
    yield "</section>\n"
    yield asset(_HERE, "table.html")
    yield from _settings(run)
    yield "</main>\n"
    places = {row.row: place for place, row in enumerate(run.rows)}
    first = next(look(run, shown[:1]), None)
    small = first is not None and first.image is not None and max(first.image.shape[:2]) <= _SMALL
    small = small or not run.kept.pixels
    yield from block("rows", iter([table(run.rows, [places[r] for r in shown], small)]))
    yield from block("findings", iter([rows_json(found, run)]))
    yield from block("agreement", iter(["[]" if agreement is None else agreement.rows]))
    yield from block("seen", _seen(run, shown, track))


def _seen(run: StoredRun, shown: Sequence[int], track: Track) -> Iterator[str]:
    """Yield a line of JSON for each row that can be looked at: read when it is, not before."""
    workers = cpus()
    yield from track(ahead(_line, look(run, shown), workers, 2 * workers), len(shown))


def _line(seen: Seen) -> str:
    return "\n" + as_json(show(seen))


def _tolerance(run: StoredRun) -> float | None:
    settled = run.about.get("settled")
    accuracy = settled.get("accuracy") if isinstance(settled, dict) else None
    found = accuracy.get("tolerance") if isinstance(accuracy, dict) else None
    return float(found) if isinstance(found, int | float) else None


def _about(run: StoredRun) -> list[str]:
    known = dict(settings(run.about))
    names = ("model", "inputs", "method", "baseline", "device")
    parts = [known[name] if name != "baseline" else f"{known[name]} baseline" for name in names
             if name in known]  # fmt: skip
    return [*parts, f"igcli {known.get('igcli', '')}".rstrip()]


def _notices(run: StoredRun, shown: int) -> list[str]:
    found = [
        f"This run is very likely wrong: {doubt}"
        for doubt in doubts(notes_from_json(run.about.get("notes")))
    ]
    missing = explanations_asked(run) - len(run.rows)
    if missing or run.about.get("status") != "complete":
        found.append(
            f"This run is not finished: {len(run.rows):,} of {explanations_asked(run):,} "
            "explanations are here. igcli run … --resume goes on with it; then make this page "
            "again."
        )
    if not run.kept.pixels:
        found.append(
            "This run keeps the mass of regions alone: its pictures are of cells, not of pixels; "
            "the small ones show what speaks for the class."
        )
    able = sum(row.status == "ok" for row in run.rows)
    if shown < able:
        found.append(
            f"{shown:,} of {able:,} explanations have pictures here: of findings, those that did "
            "not converge, then those with the largest error estimates or deltas. "
            f"igcli report … --pictures {able} shows all."
        )
    return found


def _settings(run: StoredRun) -> Iterator[str]:
    yield '<section aria-labelledby="h-settings">\n<h2 id="h-settings">Settings and versions</h2>\n'
    yield '<dl class="settings">\n'
    for name, value in settings(run.about):
        yield f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>\n"
    yield "</dl>\n<details><summary>All that run.json says</summary>\n<pre>"
    yield "\n".join(text(line) for line in everything(run.about).split("\n"))
    yield "</pre></details>\n</section>\n"
