"""The text of a verdict: the terminal's summary."""

from collections.abc import Iterator

from igcli.common.text import counted, on_one_line, the_first
from igcli.comparison.drift.thresholds import COMPLETE
from igcli.comparison.drift.verdict import QUANTILES, ImageDrift, Judged, Verdict
from igcli.comparison.drift.words import basis, images_of, named, of_how_many, sentence, within

_SHOWN = 5


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
    lines += [f"not gated  {text}" for text in ungated(verdict)]
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


def ungated(verdict: Verdict) -> Iterator[str]:
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
    count = verdict.counts()["compared"]
    grid = f", on a grid of {verdict.grid}" if verdict.grid else ""
    if verdict.regions:
        grid = f", by the mass in regions of {verdict.regions} pixels"
    return f"{counted(count, 'image')}{grid}: {within(verdict)}"


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
        count = of_how_many(group, verdict)
        yield f"{text}: {name}, {count}: {sentence(judged, group, verdict)}{worst}"


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
