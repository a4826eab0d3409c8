"""The text of a verdict: the terminal's summary, and the comment for a pull request."""

from collections.abc import Iterator
from math import isnan

from igcli.common.markdown import code, escaped, plain, table
from igcli.common.text import on_one_line, the_first
from igcli.comparison.drift.grouped import Group
from igcli.comparison.drift.thresholds import COMPLETE
from igcli.comparison.drift.verdict import QUANTILES, ImageDrift, Judged, Verdict
from igcli.comparison.drift.words import (
    basis,
    findings,
    headline,
    images_of,
    meaning,
    named,
    sentence,
)
from igcli.comparison.similarity import METRICS

_SHOWN = 5
_OF_WORST = ("cosine", "top5", "l1")
# What the table by class shows, and of how many.
_OF_GROUP = ("moved", "coarse", "prediction_changed", "accuracy_lost")
_ROWS = 20


def summary(verdict: Verdict) -> list[str]:
    """Return the terminal summary: the verdict, each threshold, the metrics, the worst images."""
    lines = [_headline(verdict), f"compared   {_compared(verdict)}"]
    lines += [
        f"{_mark(judged):<9}  {text}"
        for judged in verdict.judged
        if _told(judged)
        for text in _judged(judged, verdict)
    ]
    lines += [f"left out   {j.threshold.text}: {j.left_out}" for j in _left_out(verdict)]
    lines += [f"not gated  {text}" for text in _ungated(verdict)]
    lines += [f"{name:<9}  {spread}" for name, spread in _spreads(verdict)]
    if any(judged.threshold.relative for judged in verdict.judged):
        lines.append(f"limits     {basis(verdict)}")
    for image in verdict.worst[:_SHOWN] if verdict.failed else []:
        lines.append(f"worst      {on_one_line(image.id)}: {_image(image)}")
    return lines


def _told(judged: Judged) -> bool:
    """Leave out what never fails unless something is missing, and did not."""
    is_judged = judged.crossed or not judged.left_out
    return is_judged and (judged.crossed or judged.threshold.text not in COMPLETE)


def _left_out(verdict: Verdict) -> list[Judged]:
    return [judged for judged in verdict.judged if judged.left_out and not judged.crossed]


def _ungated(verdict: Verdict) -> Iterator[str]:
    """Say how many predictions changed, where no threshold does: their maps are not judged."""
    changed = verdict.counts()["prediction_changed"]
    if changed and all(j.threshold.measure != "prediction_changed" for j in verdict.judged):
        yield f"prediction_changed: {changed} of {len(verdict.images)} images, left out of metrics"


def _headline(verdict: Verdict) -> str:
    if not verdict.crossed:
        return f"no drift   {verdict.new} looks where {verdict.reference} looked"
    crossed = f"{len(verdict.crossed)} of {len(verdict.judged)} thresholds crossed"
    names = [on_one_line(name) for name in named(verdict)]
    where = f", in {on_one_line(verdict.by)} {the_first(names, _SHOWN)}" if names else ""
    return f"{'not clear' if verdict.is_unclear else 'DRIFT':<9}  {crossed}{where}"


def _compared(verdict: Verdict) -> str:
    counts = verdict.counts()
    noise = verdict.noise()
    within = (
        "their errors are not known"
        if noise is None
        else (f"{counts['within_noise']} within the maps' own errors ({noise:.1%} at the median)")
    )
    grid = f", on a grid of {verdict.grid}" if verdict.grid else ""
    if verdict.regions:
        grid = f", by the mass in regions of {verdict.regions} pixels"
    return f"{counts['compared']} images{grid}: {within}"


def _mark(judged: Judged) -> str:
    if judged.crossed:
        return "not clear" if judged.unclear else "CROSSED"
    return "passed"


def _judged(judged: Judged, verdict: Verdict) -> Iterator[str]:
    """Yield a line for a threshold; one for each group that crosses it."""
    text = judged.threshold.text
    if judged.value is None:
        yield f"{text}: {judged.left_out or 'no image to judge'}"
        return
    crossed = [group for group in judged.groups if group.crossed]
    if not judged.threshold.by or not crossed:
        first = judged.groups[:1]
        limit = [f", limit {g.limit:.4g}" for g in first if judged.threshold.relative]
        which = [f" in {on_one_line(g.name)}" for g in first if g.name]
        ids = the_first([on_one_line(i) for i in judged.worst], _SHOWN)
        worst = f"; {ids}" if judged.crossed and ids else ""
        yield f"{text}: {judged.value:.4g}{''.join(which + limit)}{worst}"
        return
    for group in crossed:
        ids = the_first([on_one_line(i) for i in images_of(judged, group, verdict)], _SHOWN)
        worst = f"; look at {ids}" if ids else ""
        name = on_one_line(group.name)
        yield f"{text}: {name}, {group.count} images: {sentence(judged, group)}{worst}"


def _spreads(verdict: Verdict) -> Iterator[tuple[str, str]]:
    for name, spread in verdict.quantiles().items():
        values = (
            f"{q} {'inf' if spread[q] is None else format(spread[q], '.3g')}" for q in QUANTILES
        )
        yield name, ", ".join(values)


def _image(image: ImageDrift) -> str:
    changed = ""
    if image.prediction_changed:
        changed = f"prediction {image.predictions[0]} → {image.predictions[1]}, "
    shown = ("cosine", "spearman", "top5", "l1")
    return changed + ", ".join(
        f"{name} {image.metrics[name]:.2f}" for name in shown if name in image.metrics
    )


def markdown(verdict: Verdict) -> str:
    """Return the comment for a pull request, GitHub's flavour."""
    sign = "✅" if not verdict.crossed else "⚠️" if verdict.is_unclear else "❌"
    lines = [
        f"### igcli: {sign} **{plain(headline(verdict))}**",
        "",
        f"`{verdict.new}` against `{verdict.reference}`: {_compared(verdict)}.",
        "",
        *_what_moved(verdict),
        *_limits(verdict),
        *(f"Not gated: {text}.\n" for text in _ungated(verdict)),
        *_groups(verdict),
        *table(
            ("threshold", "found", "limit", ""),
            (_row(judged) for judged in verdict.judged),
        ),
        "",
        *_flips(verdict),
        *table(
            ("metric", *QUANTILES, "meaning"),
            (
                (name, *_cells(spread), METRICS[name].meaning)
                for name, spread in verdict.quantiles().items()
            ),
        ),
    ]
    if verdict.worst:
        rows = (
            (escaped(image.id), f"{a} → {b}" if a != b else f"{a}", *_metric_cells(image))
            for image in verdict.worst
            for a, b in [image.predictions]
        )
        lines += ["", "Images that look elsewhere most:", ""]
        shown = [name for name in _OF_WORST if name in verdict.measured.names]
        lines += table(("image", "prediction", *shown), rows)
    return "\n".join(lines) + "\n"


def _limits(verdict: Verdict) -> list[str]:
    is_told = any(judged.threshold.relative for judged in verdict.judged)
    return [f"Where the limits come from: {basis(verdict)}.", ""] if is_told else []


def _what_moved(verdict: Verdict) -> list[str]:
    """Return a list: what is beyond a limit, by how much, and which images show it."""
    lines = []
    for judged, group in findings(verdict):
        who = f"{plain(verdict.by)} {code(group.name)}" if group.name else "all images"
        ids = [code(i) for i in images_of(judged, group, verdict)]
        look = f" **Look at** {the_first(ids, _SHOWN)}." if ids else ""
        lines.append(
            f"- **{who}** ({group.count} images): {sentence(judged, group)}. "
            f"({judged.threshold.measure}: {meaning(judged.threshold.measure)}.){look}"
        )
    return [*lines, ""] if lines else []


def _row(judged: Judged) -> tuple[str, str, str, str]:
    limits = [g.limit for g in judged.groups[:1]] or [judged.threshold.limit]
    where = [f" in {escaped(g.name)}" for g in judged.groups[:1] if g.name]
    found = judged.left_out or "–" if judged.value is None else f"{judged.value:.4g}"
    mark = "⚠️" if judged.unclear else "❌" if judged.crossed else "–" if judged.left_out else "✅"
    limit = "–" if isnan(limits[0]) else f"{limits[0]:.3g}"
    return f"`{judged.threshold.text}`", found + "".join(where), limit, mark


def _groups(verdict: Verdict) -> list[str]:
    """Return the table by class: those beyond a limit first."""
    first = named(verdict)
    groups = sorted(verdict.groups, key=lambda g: (g.name not in first, g.name))
    if not groups:
        return []
    shown = groups[: max(_ROWS, len(first))]
    rows = (
        (("❌ " if group.name in first else "") + escaped(group.name), str(group.count),
         *(_in_group(group, measure) for measure in _OF_GROUP))
        for group in shown
    )  # fmt: skip
    more = len(groups) - len(shown)
    normal = " (in brackets: in the calibrating runs)" if verdict.calibrated else ""
    rest = [f"and {more} more", ""] if more else []
    titles = tuple(name.replace("_", " ") for name in _OF_GROUP)
    return [
        f"By {plain(verdict.by)}{normal}:", "",
        *table((verdict.by, "images", *titles), rows), "", *rest,
    ]  # fmt: skip


def _in_group(group: Group, measure: str) -> str:
    found = group.measures.get(measure)
    if found is None:
        return "–"
    normal = f" ({min(found.normal):.2f}–{max(found.normal):.2f})" if found.normal else ""
    return f"{found.value:.2f}{normal}"


def _flips(verdict: Verdict) -> list[str]:
    """Return the table of changed predictions."""
    shown = verdict.flips[:_SHOWN]
    if not shown:
        return []
    head = ("prediction changed", "images", *(("in calibrating runs",) * bool(verdict.calibrated)))
    rows = (
        (f"{escaped(f.before)} → {escaped(f.after)}", str(f.count),
         *(("–".join(map(str, sorted({min(f.normal), max(f.normal)}))),) if f.normal else ()))
        for f in shown
    )  # fmt: skip
    return [*table(head, rows), ""]


def _cells(spread: dict[str, float | None]) -> list[str]:
    return ["∞" if value is None else f"{value:.3g}" for value in spread.values()]


def _metric_cells(image: ImageDrift) -> list[str]:
    return [f"{image.metrics[name]:.3f}" for name in _OF_WORST if name in image.metrics]
