"""The comment for a pull request: what moved, against what is normal, and what to do about it.

Written for people who see igcli for the first time, in a job's summary: GitHub's Markdown.
"""

from collections.abc import Iterator
from math import isnan

from igcli.common.markdown import code, escaped, plain, table
from igcli.common.text import counted, the_first
from igcli.comparison.drift.comment_groups import NO_LIMIT, changed_predictions, groups
from igcli.comparison.drift.text import ungated
from igcli.comparison.drift.thresholds import COMPLETE, SHARES
from igcli.comparison.drift.verdict import QUANTILES, Judged, Verdict
from igcli.comparison.drift.words import (
    basis,
    findings,
    headline,
    images_of,
    meaning,
    of_how_many,
    sentence,
    within,
)
from igcli.comparison.similarity import METRICS

_SHOWN = 5
_OF_WORST = ("moved", "cosine", "top5", "l1")


def markdown(verdict: Verdict) -> str:
    """Return the comment, GitHub's flavour."""
    sign = "✅" if not verdict.crossed else "⚠️" if verdict.is_unclear else "❌"
    lines = [
        f"### igcli: {sign} **{plain(headline(verdict))}**",
        "",
        *_what_moved(verdict),
        *_what_to_do(verdict),
        *_compared(verdict),
        *(f"Not gated: {text}.\n" for text in ungated(verdict)),
        *groups(verdict),
        *_thresholds(verdict),
        *changed_predictions(verdict),
        *_worst(verdict),
        *_metrics(verdict),
    ]
    return "\n".join(lines) + "\n"


def _what_moved(verdict: Verdict) -> list[str]:
    """Return a list: what is beyond a limit, by how much, and which images show it."""
    lines = []
    for judged, group in findings(verdict):
        who = f"{plain(verdict.by)} {code(group.name)}" if group.name else "all images"
        ids = [code(i) for i in images_of(judged, group, verdict)]
        look = f" **Look at** {the_first(ids, _SHOWN)}." if ids else ""
        lines.append(
            f"- **{who}** ({of_how_many(group, verdict)}): {sentence(judged, group, verdict)}. "
            f"({judged.threshold.measure}: {meaning(judged.threshold.measure)}.){look}"
        )
    return [*lines, ""] if lines else []


def _what_to_do(verdict: Verdict) -> list[str]:
    if not verdict.crossed:
        return []
    sides = f"{verdict.reference} {verdict.new}"
    return [
        "A change is not an error by itself. To see both maps of the images that differ most: "
        f"{code(f'igcli compare {sides} --html drift.html')}. If the change is wanted, make a new "
        "reference of the new runs: `igcli baseline RUN RUN2 RUN3 -o FILE.igref`.",
        "",
    ]


def _compared(verdict: Verdict) -> Iterator[str]:
    count = len(verdict.images)
    grid = f", reduced to {verdict.grid} × {verdict.grid} cells" if verdict.grid else ""
    if verdict.regions:
        grid = f", by their mass in squares of {verdict.regions} pixels"
    yield (
        f"Compared: attribution maps (how much each pixel speaks for the class, or against it) of "
        f"{counted(count, 'image')}{grid}; new {code(verdict.new)}, reference "
        f"{code(verdict.reference)}; {within(verdict)}."
    )
    yield ""
    if any(judged.threshold.relative for judged in verdict.judged):
        yield f"Where the limits come from: {basis(verdict)}."
        yield ""


def _thresholds(verdict: Verdict) -> list[str]:
    """Return the table of thresholds; what never fails unless something is missing is one line."""
    quiet = [
        judged
        for judged in verdict.judged
        if judged.threshold.text in COMPLETE and not judged.crossed and not judged.left_out
    ]
    lines = table(
        ("fails if", "found", "limit", ""),
        (_row(judged) for judged in verdict.judged if judged not in quiet),
    )
    lines.append("")
    if quiet:
        none = ", ".join(f"{j.threshold.measure} ({meaning(j.threshold.measure)})" for j in quiet)
        lines += [f"✅ None at all: {none}.", ""]
    return lines


def _row(judged: Judged) -> tuple[str, str, str, str]:
    limits = [g.limit for g in judged.groups[:1]] or [judged.threshold.limit]
    where = [f" in {escaped(g.name)}" for g in judged.groups[:1] if g.name]
    found = judged.left_out or "–" if judged.value is None else f"{judged.value:.4g}"
    limit = "–" if isnan(limits[0]) else f"{limits[0]:.3g}"
    return f"`{judged.threshold.text}`", found + "".join(where), limit, _mark(judged, limits[0])


def _mark(judged: Judged, limit: float) -> str:
    if judged.crossed:
        return "⚠️" if judged.unclear else "❌"
    if judged.left_out:
        return "–"
    is_share = judged.threshold.measure in (*SHARES, "moved")
    if judged.threshold.relative and is_share and not judged.threshold.below and limit > NO_LIMIT:
        return "passed, but too little is known for a limit that tells"
    return "✅"


def _worst(verdict: Verdict) -> list[str]:
    if not verdict.worst:
        return []
    shown = [name for name in _OF_WORST if name in verdict.measured.names]
    rows = (
        (
            escaped(image.id),
            f"{a} → {b}" if a != b else f"{a}",
            *(f"{image.metrics[name]:.3f}" for name in shown),
        )
        for image in verdict.worst
        for a, b in [image.predictions]
    )
    first = ", those of what is beyond a limit first" if verdict.crossed else ""
    title = f"The {len(verdict.worst)} images whose maps differ most{first}:"
    return [title, "", *table(("image", "prediction", *shown), rows), ""]


def _metrics(verdict: Verdict) -> list[str]:
    found = verdict.quantiles()
    if not found:
        return []
    images = counted(len(verdict.measured.seen), "image")
    of = f"{images} whose maps are of the same class in both runs"
    rows = (
        (name, *("∞" if value is None else f"{value:.3g}" for value in spread.values()),
         METRICS[name].meaning)
        for name, spread in found.items()
    )  # fmt: skip
    return [
        f"<details><summary>Every metric, over {of}</summary>",
        "",
        *table(("metric", *QUANTILES, "meaning"), rows),
        "",
        "</details>",
    ]
