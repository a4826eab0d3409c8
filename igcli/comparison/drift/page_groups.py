"""The part of the page that comes first: what moved, against what is normal, and every group."""

from collections.abc import Iterable, Sequence
from html import escape

from igcli.common.html import number, text
from igcli.comparison.drift.grouped import Group
from igcli.comparison.drift.verdict import Verdict
from igcli.comparison.drift.words import (
    basis,
    findings,
    images_of,
    in_order,
    meaning,
    named,
    of_how_many,
    sentence,
)

_NUMBER = ' class="n"'
_SHOWN = 5
# Of each group, in this order; of many groups these are the first.
_OF_GROUP = ("moved", "gained", "coarse", "cosine", "prediction_changed", "accuracy_lost")
_MOST = 100


def wide_table(
    title: str, head: Sequence[str], rows: Iterable[Sequence[str]], numbers: range
) -> list[str]:
    """Return a table of escaped cells, right-aligned in the columns of numbers; it may scroll."""
    heads = "".join(
        f'<th scope="col"{_NUMBER if i in numbers else ""}>{cell}</th>'
        for i, cell in enumerate(head)
    )
    lines = [
        f'<div class="wide" role="region" aria-label="{title}" tabindex="0">',
        f"<table><caption>{title}</caption>",
        f"<thead><tr>{heads}</tr></thead>",
        "<tbody>",
    ]
    for first, *others in rows:
        cells = "".join(
            f"<td{_NUMBER if i in numbers else ''}>{cell}</td>"
            for i, cell in enumerate(others, start=1)
        )
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return [*lines, "</tbody></table></div>"]


def what_moved(verdict: Verdict) -> list[str]:
    """Return a list: each group beyond a limit, by how much, and the images to look at."""
    lines = []
    for judged, group in findings(verdict):
        who = f"{text(verdict.by)} {text(group.name)}" if group.name else "all images"
        ids = [text(name) for name in images_of(judged, group, verdict)[:_SHOWN]]
        look = f" Look at {', '.join(ids)}." if ids else ""
        lines.append(
            f"<li><strong>{who}</strong> ({of_how_many(group, verdict)}): "
            f"{escape(sentence(judged, group, verdict))}."
            f'{look} <span class="soft">{judged.threshold.measure}: '
            f"{escape(meaning(judged.threshold.measure))}</span></li>"
        )
    told = f'<p class="soft">Where the limits come from: {text(basis(verdict))}.</p>'
    return ["<ul>", *lines, "</ul>", told] if lines else [told]


def by_group(verdict: Verdict) -> list[str]:
    """Return the tables by group and of changed predictions; nothing where nothing groups."""
    lines = []
    first = named(verdict)
    groups = in_order(verdict)
    if groups:
        names = [m for m in _OF_GROUP if any(m in group.measures for group in groups)]
        head = (text(verdict.by), "images", *(name.replace("_", " ") for name in names))
        rows = (_row(group, names, group.name in first) for group in groups[:_MOST])
        normal = "; in brackets what the calibrating runs have" if verdict.calibrated else ""
        title = f"Medians; of moved and shares, means; gained is of the class as one{normal}"
        lines += [f"<h2>By {text(verdict.by)}</h2>"]
        lines += wide_table(title, head, rows, range(1, 2 + len(names)))
        if len(groups) > _MOST:
            lines.append(f"<p>{_MOST} of {len(groups)}.</p>")
    if verdict.flips:
        changed = [
            (f"{text(flip.before)} → {text(flip.after)}", str(flip.count),
             ", ".join(map(str, flip.normal)) or "–")
            for flip in verdict.flips[:_MOST]
        ]  # fmt: skip
        titles = ("prediction", "images", "in calibrating runs")
        lines += ["<h2>Changed predictions</h2>"]
        lines += wide_table("How many images", titles, changed, range(1, 3))
    return lines


def _row(group: Group, names: Sequence[str], is_beyond: bool) -> list[str]:
    name = text(group.name)
    shown = f'<span class="bad">✗ {name}</span>' if is_beyond else name
    return [shown, str(group.count), *(_cell(group, measure) for measure in names)]


def _cell(group: Group, measure: str) -> str:
    found = group.measures.get(measure)
    if found is None:
        return "–"
    normal = ""
    if found.normal:
        normal = f" ({number(min(found.normal), '.2f')}–{number(max(found.normal), '.2f')})"
    return number(found.value, ".2f") + normal
