"""alibi, "Integrated gradients for a ResNet model trained on Imagenet": cats, two baselines."""

import json
from pathlib import Path
from typing import Any

from PIL import Image

from igcli.errors import InputError
from igcli.figures.draw import Subject, draw
from igcli.figures.look import settle_look
from igcli.models.resnet import holds_weights_only, resnet50v2
from igcli.plan import Plan
from igcli.records import Explanation
from igcli.render.source import ShownRun
from igcli.reproduce.pictures import SIDE, explained, photos_in, stacked
from igcli.reproduce.remotes import CATS, CLASSES, RESNET
from igcli.reproduce.scores import best_classes
from igcli.reproduce.table import table
from igcli.reproduce.unpack import cats_in
from igcli.reproduce.work import Work
from igcli.store.files import whole_file

_DRAWN = 2
_BASELINES = {"black": "black", "random": "uniform"}


def reproduce(work: Work) -> None:
    """Explain the photos from a black and from a random baseline; draw the third."""
    asked, cache = work.asked, work.tools.cache
    photos = asked.data or cats_in(cache.get(CATS))
    photos_in(photos, work.out)
    model = asked.model or cache.get(RESNET)
    labels = asked.labels or (None if asked.model else _class_names(cache.get(CLASSES)))
    work.begin()
    if holds_weights_only(model):
        weights, model = model, work.out / "model.keras"
        resnet50v2(weights, model)
    flags = ["--labels", str(labels)] if labels else []
    if labels is None:
        work.tools.warn("no --labels: classes are told by number")
    flags += _range(work)
    figures = []
    for name, baseline in _BASELINES.items():
        run_flags = [*flags, "--baseline", baseline, "--seed", str(asked.seed)]
        plan, _ = work.explain(model, photos, name, run_flags)
        run = ShownRun(work.out / name)
        if not work.rows:
            _say_best(work, plan, run)
        work.rows += [_row(name, row) for row in run.rows]
        figures += _figure(run, name)
    work.show(table(work.rows))
    if figures:
        work.draw("figure.png", stacked(figures))


def _range(work: Work) -> list[str]:
    if work.asked.as_published:
        work.say("range", "pixels are fed as 0 to 1, as published; the model was made for −1 to 1")
        return ["--preprocess", "unit"]
    work.depart(
        "pixels are fed as −1 to 1, which the model was made for; the example feeds 0 to 1, where "
        "its black baseline is the model's mid-grey (--as-published does so too)"
    )
    return []


def _class_names(index: Path) -> Path:
    """Write Keras' class index as igcli reads labels: a name a line, beside it."""
    try:
        classes = json.loads(index.read_text(encoding="utf-8"))
        lines = [classes[str(i)][1].replace("_", " ") for i in range(len(classes))]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{index} can't be read as a class index",
            str(error),
            "remove it, and it is fetched again",
        ) from error
    path = index.with_suffix(".txt")
    with whole_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _say_best(work: Work, plan: Plan, run: ShownRun) -> None:
    """Tell each photo's three best classes."""
    best = []
    for row in explained(run):
        for place, (target, score) in enumerate(best_classes(plan, row.row)):
            entry = {"photo": "" if place else row.id, "class": target, "score": score}
            best.append({**entry, "name": plan.labels.name(target)})
    work.facts["best"] = best
    work.show(table(best))


def _row(baseline: str, row: Explanation) -> dict[str, Any]:
    return {
        "baseline": baseline,
        "photo": row.id,
        "class": row.target,
        "score": row.score,
        "baseline_score": row.baseline_score,
        "attribution_sum": row.attribution_sum,
        "delta": row.delta,
    }


def _figure(run: ShownRun, name: str) -> list[Image.Image]:
    """Draw the third photo; where there are fewer, the last."""
    look = settle_look("side-by-side", size=SIDE)
    rows = explained(run)
    chosen = rows[min(_DRAWN, len(rows) - 1) :][:1]
    return [
        draw(look, Subject(attribution, image, (_caption(name, row),)))
        for row, attribution, image in run.pictures(chosen)
    ]


def _caption(name: str, row: Explanation) -> str:
    what = f"{row.target} {row.target_name}".strip()
    return f"{name} baseline   {what}   score {row.score:.4f}   delta {row.delta:+.4f}"
