"""The page of a verdict: one HTML file with its numbers and the maps that differ most."""

from collections.abc import Sequence
from html import escape
from math import isnan

import numpy as np

from igcli.common.arrays import Array
from igcli.common.html import document, number, text
from igcli.comparison.drift.densities import as_comparable
from igcli.comparison.drift.page_groups import by_group, what_moved, wide_table
from igcli.comparison.drift.panels import Panels, panels, picture
from igcli.comparison.drift.sides import Side, Stored
from igcli.comparison.drift.thresholds import SHARES
from igcli.comparison.drift.verdict import QUANTILES, ImageDrift, Judged, Verdict
from igcli.comparison.drift.words import headline, named
from igcli.comparison.similarity import METRICS

_SHOWN = 20
_NAMED = 5
_COUNTS = {
    "compared": "images that both runs explain",
    "within_noise": "images whose maps differ by no more than their own errors",
} | {kind: meaning.replace("share of ", "") for kind, meaning in SHARES.items()}
_STYLE = """
h1 { border-left: .5rem solid; padding-left: .75rem; }
.wide td:not(.n) { min-width: 6.5rem; } .wide td:last-child { min-width: 15rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem 1rem; margin: 1rem 0; }
article h3 { margin: 0 0 .25rem; }
article p { margin: .25rem 0; }
dt { font-weight: bold; } dd { margin: 0 0 .5rem; }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: .75rem 0 .25rem; max-width: 64rem; }
figure img { display: block; width: 100%; max-width: 16rem; image-rendering: pixelated;
  border: 1px solid var(--line); background: #fff; }
"""


def page(verdict: Verdict, reference: Side, new: Side) -> str:
    """Return the page.

    Parameters
    ----------
    verdict : Verdict
        What `igcli.comparison.drift.compare.compare` found of these two sides.
    reference, new : Side
        The maps and images of what is shown are read from them again.
    """
    state = headline(verdict)
    state = state[0].upper() + state[1:]
    body = [
        f'<h1 class="{"bad" if verdict.crossed else "good"}">{text(state)}</h1>',
        *what_moved(verdict),
        _opening(verdict),
        *by_group(verdict),
        *_thresholds(verdict),
        *_metrics(verdict),
        *_counts(verdict),
        *_images(verdict, reference, new),
    ]
    return whole_page(f"{state}: {verdict.new}", body)


def whole_page(title: str, body: Sequence[str]) -> str:
    """Return a page of a comparison: a title in plain text, lines of HTML."""
    pieces = ("<main>\n", "\n".join(body), "\n</main>\n")
    return "".join(document(f"igcli: {title}", _STYLE, pieces))


def _opening(verdict: Verdict) -> str:
    noise = verdict.noise()
    known = (
        "The maps' own errors are not known."
        if noise is None
        else f"Differences within the maps' own errors, {noise:.1%} at the median, count as none."
    )
    lines = [
        f"<p><strong>{len(verdict.crossed)} of {len(verdict.judged)}</strong> thresholds crossed. "
        f"New: <strong>{text(verdict.new)}</strong>. "
        f"Reference: <strong>{text(verdict.reference)}</strong>.</p>",
        f"<p>{known}"
        + (f" Maps are compared on a grid of {verdict.grid}." if verdict.grid else "")
        + (
            f" What is compared is the mass in regions of {verdict.regions} pixels."
            if verdict.regions
            else ""
        )
        + "</p>",
    ]
    if verdict.forced:
        differences = "; ".join(text(difference) for difference in verdict.forced)
        lines.append(f"<p>Compared although settings differ: {differences}.</p>")
    return "\n".join(lines)


def _thresholds(verdict: Verdict) -> list[str]:
    rows = (_threshold(judged) for judged in verdict.judged)
    head = ("threshold", "found", "result", "images beyond it")
    return ["<h2>Thresholds</h2>", *wide_table("What fails the gate", head, rows, range(1, 2))]


def _threshold(judged: Judged) -> tuple[str, str, str, str]:
    mark, word = ("bad", "✗ crossed") if judged.crossed else ("good", "✓ passed")
    if judged.left_out and not judged.crossed:
        mark, word = "soft", "left out"
    elif judged.unclear:
        word = "✗ crossed, not clear"
    result = f'<span class="{mark}">{word}</span>'
    named = ", ".join(text(identity) for identity in judged.worst[:_NAMED])
    more = len(judged.worst) - _NAMED
    beyond = named + (f" and {more} more" if more > 0 else "")
    where = [f" in {text(group.name)}" for group in judged.groups[:1] if group.name]
    nothing = escape(judged.left_out) or "no image to judge"
    found = nothing if judged.value is None else number(judged.value) + "".join(where)
    return escape(judged.threshold.text), found, result, beyond


def _metrics(verdict: Verdict) -> list[str]:
    rows = [
        # None is infinite: a reference map that is zero, and a new one that is not.
        (name, *("∞" if spread[q] is None else number(spread[q]) for q in QUANTILES),
         escape(METRICS[name].meaning))
        for name, spread in verdict.quantiles().items()
    ]  # fmt: skip
    if not rows:
        return ["<h2>Metrics</h2>", "<p>No two maps are of one class.</p>"]
    head = ("metric", *QUANTILES, "meaning")
    title = "Quantiles over images explained for one class"
    return ["<h2>Metrics</h2>", *wide_table(title, head, rows, range(1, 1 + len(QUANTILES)))]


def _counts(verdict: Verdict) -> list[str]:
    rows = (
        (kind.replace("_", " "), str(count), escape(_COUNTS[kind]))
        for kind, count in verdict.counts().items()
    )
    head = ("", "images", "meaning")
    return ["<h2>Counts</h2>", *wide_table("How many images", head, rows, range(1, 2))]


def _images(verdict: Verdict, reference: Side, new: Side) -> list[str]:
    if verdict.regions:
        reference, new = as_comparable(reference, new, None)
    rows = {a.id: (a, b) for a, b in verdict.matched.explained}
    # People see whole maps where there are any.
    grid = verdict.grid if reference.grid or new.grid else 0
    measured = verdict.ranked
    others = [image for image in verdict.images if not image.metrics]
    lines = []
    for title, images, why in (
        ("Images whose maps differ most", measured, _ORDER[bool(named(verdict))]),
        ("Images explained for another class", others, "their maps are not measured"),
    ):
        if images:
            shown = images[:_SHOWN]
            lines += [f"<h2>{title}</h2>", f"<p>{len(shown)} of {len(images)}, {why}. {_KEY}</p>"]
            pairs = [rows[image.id] for image in shown]
            maps = [
                # Both signs lie in one region: all mass tells where the map is.
                [
                    np.abs(found.values) if verdict.regions else found.values
                    for found in side.maps([pair[i] for pair in pairs], grid)
                ]
                for i, side in enumerate((reference, new))
            ]
            for image, pair, ours, theirs in zip(shown, pairs, *maps, strict=True):
                seen = new.picture(pair[1])
                seen = reference.picture(pair[0]) if seen is None else seen
                lines += _image(image, pair, seen, panels(ours, theirs))
    if not lines:
        lines = ["<h2>Images</h2>", "<p>No map differs beyond its own errors.</p>"]
    return lines


_ORDER = {
    False: "by cosine, the least alike first",
    True: "those of a group that is beyond its limit first, then by cosine",
}
_KEY = (
    'Red speaks against the class, green for it: −<span class="key" role="img" '
    'aria-label="red over white to green"></span>+. The maps of one image and their difference '
    "share one scale."
)


def _image(
    image: ImageDrift, pair: tuple[Stored, Stored], seen: Array | None, drawn: Panels
) -> list[str]:
    name = text(image.id)
    figures = [] if seen is None else [(picture(seen), "Image", "the image as the model saw it")]
    figures += [
        (drawn.reference, "Reference", "the reference's map"),
        (drawn.new, "New", "the new run's map"),
        (drawn.difference, "New − reference", "what changed"),
    ]
    height, width = drawn.side
    of = "numbers, in rows" if drawn.folded else "cells"
    scale = (
        f"Full colour at ±{number(drawn.scale)}; {height}×{width} {of}."
        if drawn.scale
        else "Both maps are zero."
    )
    return [
        "<article>",
        f"<h3>{name}</h3>",
        f"<p>{_change('Prediction', image.predictions)} {_change('Score', image.scores)} "
        f"{_change('Explained class', (pair[0].target, pair[1].target))}</p>",
        f"<p>{_metrics_of(image)}</p>",
        '<div class="maps">',
        *(
            f'<figure><img src="{source}" alt="{escape(what)}: {name}">'
            f"<figcaption>{title}</figcaption></figure>"
            for source, title, what in figures
        ),
        "</div>",
        f'<p class="soft">{scale}</p>',
        "</article>",
    ]


def _change(what: str, values: tuple[float | None, float | None]) -> str:
    before, after = (number(value) for value in values)
    if before == after:
        return f"{what} {before}."
    return f"<strong>{what} {before} → {after}.</strong>"


def _metrics_of(image: ImageDrift) -> str:
    if not image.metrics:
        return "No metrics: the maps are of different classes."
    found = ", ".join(f"{name} {number(value, '.3g')}" for name, value in image.metrics.items())
    if image.noise is None or isnan(image.noise):
        return found
    return f"{found}; the maps' own errors: {image.noise:.1%}"
