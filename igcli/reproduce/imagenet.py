"""The ImageNet example: alibi, "Integrated gradients for a ResNet model trained on Imagenet"."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.figures.draw import Subject, draw
from igcli.figures.scale import common_scale
from igcli.figures.settle import settle_look
from igcli.figures.style import Look
from igcli.report.pictures.shown import ShownRun
from igcli.reproduce.example_run import ExampleRun
from igcli.reproduce.figures import SIDE, explained, photos_in, stacked
from igcli.reproduce.predictions import best_rows
from igcli.reproduce.remotes import CATS, CLASS_INDEX, RESNET
from igcli.reproduce.resnet import holds_weights_only, resnet50v2
from igcli.reproduce.table import table
from igcli.reproduce.unpack import cats_in
from igcli.store.files import write_whole

_DRAWN = 2
_BASELINES = {"black": "black", "random": "uniform"}
# Beyond such a share a map is not what the score is made of.
_OVERLOOKED = 0.05


@dataclass(frozen=True, slots=True)
class _Panel:
    """A photo's explanation in one run, to be drawn."""

    attribution: Array
    image: Array
    caption: str


def reproduce(example: ExampleRun) -> None:
    """Explain the photos from a black and from a random baseline; draw the third."""
    request, cache = example.request, example.tools.cache
    photos = request.data or cats_in(cache.get(CATS))
    photos_in(photos, example.out)
    model = request.model or cache.get(RESNET)
    labels = request.labels or (None if request.model else _class_names(cache.get(CLASS_INDEX)))
    if holds_weights_only(model):
        weights, model = model, example.early("model.keras")
        resnet50v2(weights, model)
    config = example.with_labels(example.config(model, photos), labels)
    config = replace(_with_range(example, config), seed=request.seed)
    panels: list[_Panel] = []
    for name, baseline in _BASELINES.items():
        plan, _ = example.explain(replace(config, baseline=(baseline,)), name)
        run = ShownRun(example.out / name)
        if not example.rows:
            example.facts["best"] = best_rows(plan, explained(run), "score")
            example.show(table(example.facts["best"]))
        example.rows += [_row(name, row) for row in run.rows]
        panels += _third(run, name)
    example.show(table(example.rows))
    _say_missing(example)
    if panels:
        example.draw("figure.png", _figure(panels))


def _with_range(example: ExampleRun, config: RunConfig) -> RunConfig:
    """Return the config with the range of pixels to feed; say which, and why."""
    fetched = example.request.model is None
    known = "which ResNet50V2 was made for" if fetched else "as Keras' ResNet50V2 wants them"
    if example.request.as_published:
        example.say("range", f"pixels are fed as 0 to 1, as published, and not −1 to 1, {known}")
        return replace(config, preprocess="unit")
    unknown = "" if fetched else " (what --model wants is not known)"
    example.depart(
        f"pixels are fed as −1 to 1, {known}{unknown}; the example feeds 0 to 1, where its black "
        "baseline is ResNet50V2's mid-grey (--as-published does so too)"
    )
    return config


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
    text = "\n".join(lines) + "\n"
    write_whole(path, text.encode())
    return path


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


def _say_missing(example: ExampleRun) -> None:
    """Name the explanations that leave out more of their score than can be overlooked."""
    missing = [row for row in example.rows if (_share_missing(row) or 0.0) > _OVERLOOKED]
    keys = ("baseline", "photo")
    example.facts["large_deltas"] = [{key: row[key] for key in keys} for row in missing]
    if missing:
        named = ", ".join(
            f"{row['photo']} from {row['baseline']} ({_share_missing(row):.0%})" for row in missing
        )
        example.say(
            "missing",
            f"|delta| is more than {_OVERLOOKED:.0%} of the score's difference: {named}; these "
            "steps are too few, and igcli run --method adaptive (its default) finds enough",
        )


def _share_missing(row: dict[str, Any]) -> float | None:
    """Return |delta| as a share of what the attributions should sum to."""
    if row["delta"] is None or row["score"] == row["baseline_score"]:
        return None
    return float(abs(row["delta"] / (row["score"] - row["baseline_score"])))


def _third(run: ShownRun, name: str) -> list[_Panel]:
    """Return the third photo's explanation; where there are fewer, the last."""
    rows = explained(run)
    row_to_draw = rows[min(_DRAWN, len(rows) - 1) :][:1]
    return [
        _Panel(attribution, image, _caption(name, row))
        for row, attribution, image in run.pictures(row_to_draw)
    ]


def _figure(panels: list[_Panel]) -> Image.Image:
    """Draw the same photo's maps, one below the other, on one scale: they are to be compared."""
    look = settle_look("side-by-side", size=SIDE)
    top = common_scale(lambda: (look.plane(panel.attribution) for panel in panels), look.clip)
    return stacked([_side_by_side(look, panel, top) for panel in panels])


def _side_by_side(look: Look, panel: _Panel, top: float) -> Image.Image:
    return draw(look, Subject(panel.attribution, panel.image, (panel.caption,)), top)


def _caption(name: str, row: Explanation) -> str:
    what = f"{row.target} {row.target_name}".strip()
    return f"{name} baseline   {what}   score {row.score:.4g}   delta {row.delta:+.2g}"
