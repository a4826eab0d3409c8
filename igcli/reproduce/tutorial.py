"""The TensorFlow tutorial "Integrated gradients": saturation, paths, four pictures a photo."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.figures.charts import chart_row, path_charts, saturation_charts
from igcli.figures.draw import Subject, draw
from igcli.figures.panels import image_row
from igcli.figures.settle import settle_look
from igcli.report.pictures.shown import ShownRun
from igcli.reproduce.example_run import ExampleRun
from igcli.reproduce.figures import SIDE, explained, photos_in, stacked, titled
from igcli.reproduce.predictions import best_rows
from igcli.reproduce.remotes import FIREBOAT, INCEPTION, LABELS, PANDA
from igcli.reproduce.table import table
from igcli.reproduce.unpack import model_in
from igcli.store.layout import ATTRIBUTIONS
from igcli.store.profiles import read_profile

_ALPHAS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_LARGE = 2


@dataclass(frozen=True, slots=True)
class _Photo:
    """A photo, and what the tutorial does with it."""

    path: Path
    target: str = "predicted"
    # The tutorial's m_steps intervals have so many ends.
    steps: int = 241
    cmap: str = "inferno"
    alpha: float = 0.4


@dataclass(frozen=True, slots=True)
class _Figures:
    """One photo's figures: each has its own scale, so that they stand on sheets of their own."""

    name: str
    panels: Image.Image
    path: Image.Image
    interpolated: Image.Image


def reproduce(example: ExampleRun) -> None:
    """Explain each photo with the tutorial's steps; draw all figures of the tutorial."""
    request, cache = example.request, example.tools.cache
    photos = _photos(example)
    model = request.model or model_in(cache.get(INCEPTION))
    labels = request.labels or (None if request.model else cache.get(LABELS))
    example.depart("photos are shrunk with antialiasing; the tutorial's resize_with_pad does not")
    config = example.with_labels(example.config(model, photos[0].path), labels)
    best: list[dict[str, Any]] = []
    figures: list[_Figures] = []
    for photo, name in zip(photos, _names(photos), strict=True):
        run_name = f"run-{name}"
        own = replace(config, inputs=photo.path, target=photo.target, steps=photo.steps)
        plan, _ = example.explain(replace(own, profile_path=True), run_name)
        run = ShownRun(example.out / run_name)
        best += best_rows(plan, explained(run), "probability")
        example.rows += [_row(row) for row in run.rows]
        figures += [
            _figures(photo, name, example.out / run_name, row, attribution, image)
            for row, attribution, image in run.pictures(run.rows)
        ]
    example.facts["best"] = best
    example.show(table(best))
    example.show(table(example.rows))
    example.draw("saturation.png", chart_row(saturation_charts(), _LARGE))
    for one in figures:
        example.draw(f"figure-{one.name}.png", one.panels)
    if figures:
        example.draw("path.png", stacked([one.path for one in figures]))
        example.draw("interpolated.png", stacked([one.interpolated for one in figures]))


def _photos(example: ExampleRun) -> list[_Photo]:
    """Return the photos given, to be treated as the fireboat, or the tutorial's own."""
    data, cache = example.request.data, example.tools.cache
    if data:
        return [_Photo(Path(name.path)) for name in photos_in(data, example.out)]
    return [
        _Photo(cache.get(FIREBOAT), "555"),
        _Photo(cache.get(PANDA), "389", 56, "viridis", 0.5),
    ]


def _names(photos: list[_Photo]) -> list[str]:
    """Name each photo's run and figure after its file; several of one name are counted."""
    stems = [photo.path.stem for photo in photos]
    return [stem if stems.count(stem) == 1 else f"{stem}-{i + 1}" for i, stem in enumerate(stems)]


def _row(row: Explanation) -> dict[str, Any]:
    return {
        "photo": row.id,
        "class": row.target,
        "score": row.score,
        "baseline_score": row.baseline_score,
        "attribution_sum": row.attribution_sum,
        "delta": row.delta,
        "steps": row.steps,
    }


def _figures(
    photo: _Photo, name: str, out: Path, row: Explanation, attribution: Array, image: Array
) -> _Figures:
    what = f"{row.target} {row.target_name}".strip()
    lines = (f"{row.id}   {what}   probability {row.score:.4g}   delta {row.delta:+.2g}",)
    look = settle_look("tutorial", cmap=photo.cmap, alpha=photo.alpha, size=SIDE)
    with h5py.File(out / ATTRIBUTIONS, "r") as file:
        profile = read_profile(file, row.row)
    assert profile is not None
    mean = profile.gradient_norms / attribution.size
    probability, gradient = path_charts(profile.alphas, profile.scores, mean)
    probability = replace(probability, title=f"{row.id}: {what}", y_label="probability")
    between = [np.rint(alpha * image).astype(np.uint8) for alpha in _ALPHAS]
    strip = image_row(between, [f"alpha: {alpha:.1f}" for alpha in _ALPHAS])
    return _Figures(
        name=name,
        panels=draw(look, Subject(attribution, image, lines, baseline=np.zeros_like(image))),
        path=chart_row([probability, gradient], _LARGE),
        interpolated=titled(strip, f"{row.id}: {what}"),
    )
