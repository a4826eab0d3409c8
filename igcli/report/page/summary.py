"""The summary of a run as tiles: the numbers of the run's own summary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from igcli.common.explanation import Explanation
from igcli.common.html import number, text
from igcli.common.totals import Accuracy, Spread, Tally
from igcli.report.page.histogram_svg import chart, percent, plain


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the summary.

    Attributes
    ----------
    name, value, note : str
        HTML.
    state : str
        The state whose rows it counts, where the table can be filtered by it.
    """

    name: str
    value: str
    note: str = ""
    state: str = ""


def tiles(
    rows: Sequence[Explanation],
    asked: int,
    tolerance: float | None,
    certified: bool = False,
    accuracy: Accuracy | None = None,
) -> list[Tile]:
    """Return the summary of a run.

    Parameters
    ----------
    rows : sequence of Explanation
        What is stored.
    asked : int
        How many explanations there were to be.
    tolerance : float or None
        What makes a map converged; None for a fixed rule.
    certified : bool
        Whether it is asked of regions, not of pixels.
    accuracy : Accuracy or None
        How often predictions are right, where that is known.
    """
    tally = Tally()
    tally.add_all(rows)
    places = {row.id: place for place, row in enumerate(rows)}
    missing = asked - len(rows)
    found = [
        *([] if accuracy is None else [_accuracy(accuracy)]),
        Tile(
            "Explained",
            f"{tally.ok:,}",
            f"of {asked:,}" + (f", {missing:,} not reached" if missing else ""),
        ),
        Tile("Failed", f"{len(tally.failures):,}", "each with its reason", "failed")
        if tally.failures
        else Tile("Failed", "0"),
        _convergence(tally, tolerance, certified),
        _spread("Error estimate", tally.errors, percent, places, _why_no_estimate(tolerance)),
        *(
            [_spread("Regions error", tally.regions_errors, percent, places, "")]
            if tally.regions_errors
            else []
        ),
        _spread("|Delta|", tally.deltas, plain, places, "nothing to sum"),
    ]
    if tally.steps:
        found.append(Tile("Steps", f"{fmean(tally.steps):.1f}", f"mean; most {max(tally.steps)}"))
    return found


def _why_no_estimate(tolerance: float | None) -> str:
    return "a fixed rule has none" if tolerance is None else "nothing was explained"


def _accuracy(accuracy: Accuracy) -> Tile:
    wrong = accuracy.known - accuracy.correct
    note = f"{wrong:,} of {accuracy.known:,} predicted wrong"
    return Tile(
        "Accuracy", f"{accuracy.correct / accuracy.known:.1%}", note, "wrong" if wrong else ""
    )


def _convergence(tally: Tally, tolerance: float | None, certified: bool) -> Tile:
    if tolerance is None:
        return Tile("Not converged", "–", "a fixed rule has no tolerance")
    note = f"tolerance {percent(tolerance)}{' of regions' if certified else ''}"
    state = "unconverged" if tally.unconverged else ""
    return Tile("Not converged", f"{tally.unconverged:,}", note, state)


def _spread(name: str, spread: Spread, form: Any, places: dict[str, int], why_none: str) -> Tile:
    found = spread.to_dict()
    if found is None:
        return Tile(name, "–", why_none)
    middle, worst = ("∞" if found[key] is None else form(found[key]) for key in ("median", "worst"))
    place = places[found["worst_id"]]
    name_of = text(found["worst_id"])
    opener = (
        f'<button type="button" class="link" data-open="{place}" title="{name_of}" '
        f'aria-label="{worst}, open {name_of}">{worst}</button>'
    )
    return Tile(name, middle, f"median; worst {opener}")


def tiles_html(found: Sequence[Tile]) -> Iterator[str]:
    """Yield the tiles as a list; those that the table can be filtered by are buttons."""
    yield '<ul class="tiles">\n'
    for tile in found:
        inner = (
            f'<span class="name">{tile.name}</span><span class="value">{tile.value}</span>'
            f'<span class="note">{tile.note}</span>'
        )
        if tile.state:
            inner = (
                f'<button type="button" class="tile bad" data-state="{tile.state}">'
                f'{inner}<span class="note">show them</span></button>'
            )
        else:
            inner = f'<div class="tile">{inner}</div>'
        yield f"<li>{inner}</li>\n"
    yield "</ul>\n"


def charts(
    rows: Sequence[Explanation], tolerance: float | None, certified: bool = False
) -> Iterator[str]:
    """Yield the distributions of what the rows have: error estimates, deltas and steps."""
    shown = [row for row in rows if row.status == "ok"]
    errors = [row.error_estimate for row in shown if row.error_estimate is not None]
    deltas = [row.delta for row in shown if row.delta is not None]
    steps = [row.steps for row in shown if row.steps is not None]
    yield '<div class="charts">\n'
    regions = [row.regions_error for row in shown if row.regions_error is not None]
    mark = None if tolerance is None else ("tolerance", tolerance)
    if errors:
        yield chart("Error estimate", errors, percent, mark=None if certified else mark)
    else:
        yield (
            '<figure class="chart"><h3>Error estimate</h3>'
            f"<figcaption>None: {_why_no_estimate(tolerance)}.</figcaption></figure>"
        )
    if regions:
        yield chart("Regions error", regions, percent, mark=mark if certified else None)
    if deltas:
        yield chart("Delta", deltas, plain)
    if steps:
        yield chart(
            "Steps",
            steps,
            lambda value: number(value, ".0f" if value == int(value) else ".1f"),
            whole=True,
        )
    yield "</div>\n"


def opening(title: str, about: Sequence[str], notices: Sequence[str]) -> Iterator[str]:
    """Yield the page's heading, what the run is in one line, and what must be known of it."""
    yield f"<header><h1>{text(title)}</h1>\n"
    yield f'<p class="soft">{" · ".join(text(part) for part in about)}</p></header>\n'
    for notice in notices:
        yield f'<p class="notice">{text(notice)}</p>\n'
