"""The text of a verdict: the terminal's summary, and the comment for a pull request."""

from collections.abc import Iterator

from igcli.common.markdown import escaped, table
from igcli.common.text import on_one_line, the_first
from igcli.comparison.drift.thresholds import COMPLETE
from igcli.comparison.drift.verdict import QUANTILES, ImageDrift, Judged, Verdict
from igcli.comparison.similarity import METRICS

_SHOWN = 5
_OF_WORST = ("cosine", "top5", "l1")


def summary(verdict: Verdict) -> list[str]:
    """Return the terminal summary: the verdict, each threshold, the metrics, the worst images."""
    lines = [_headline(verdict), f"compared   {_compared(verdict)}"]
    lines += [
        f"{_mark(judged):<9}  {_judged(judged)}" for judged in verdict.judged if _told(judged)
    ]
    lines += [f"not gated  {text}" for text in _ungated(verdict)]
    lines += [f"{name:<9}  {spread}" for name, spread in _spreads(verdict)]
    for image in verdict.worst[:_SHOWN] if verdict.failed else []:
        lines.append(f"worst      {on_one_line(image.id)}: {_image(image)}")
    return lines


def _told(judged: Judged) -> bool:
    """Leave out what never fails unless something is missing, and did not."""
    return judged.crossed or judged.threshold.text not in COMPLETE


def _ungated(verdict: Verdict) -> Iterator[str]:
    """Say how many predictions changed, where no threshold does: their maps are not judged."""
    changed = verdict.counts()["prediction_changed"]
    if changed and all(j.threshold.measure != "prediction_changed" for j in verdict.judged):
        yield f"prediction_changed: {changed} of {len(verdict.images)} images, left out of metrics"


def _headline(verdict: Verdict) -> str:
    if not verdict.failed:
        return f"no drift   {verdict.new} looks where {verdict.reference} looked"
    crossed = len(verdict.failed)
    return f"DRIFT      {crossed} of {len(verdict.judged)} thresholds crossed"


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
    return "CROSSED" if judged.crossed else "passed"


def _judged(judged: Judged) -> str:
    if judged.value is None:
        return f"{judged.threshold.text}: no image to judge"
    ids = the_first([on_one_line(i) for i in judged.worst], _SHOWN)
    worst = f"; {ids}" if judged.crossed and ids else ""
    return f"{judged.threshold.text}: {judged.value:.4g}{worst}"


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
    state = "❌ **drift**" if verdict.failed else "✅ **no drift**"
    lines = [
        f"### igcli: {state}",
        "",
        f"`{verdict.new}` against `{verdict.reference}`: {_compared(verdict)}.",
        "",
        *(f"Not gated: {text}.\n" for text in _ungated(verdict)),
        *table(
            ("threshold", "found", ""),
            (
                (
                    f"`{judged.threshold.text}`",
                    "–" if judged.value is None else f"{judged.value:.4g}",
                    "❌" if judged.crossed else "✅",
                )
                for judged in verdict.judged
            ),
        ),
        "",
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


def _cells(spread: dict[str, float | None]) -> list[str]:
    return ["∞" if value is None else f"{value:.3g}" for value in spread.values()]


def _metric_cells(image: ImageDrift) -> list[str]:
    return [f"{image.metrics[name]:.3f}" for name in _OF_WORST if name in image.metrics]
