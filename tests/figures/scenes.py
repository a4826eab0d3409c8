"""SCENES: pictures of made-up maps, one for each thing that is drawn. golden/ holds them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.regions import Regions
from igcli.figures.charts import chart_row, path_charts, saturation_charts
from igcli.figures.draw import Subject, draw, draw_sheet
from igcli.figures.panels import image_row
from igcli.figures.scale import common_scale
from igcli.figures.settle import settle_look
from igcli.figures.smoothed.smooth import smooth_plane

LINES = ("class 3 cat", "score 0.8731   delta -0.0012")


def image(channels: int = 3, height: int = 12, width: int = 14) -> Array:
    """A bright disc on a ramp of colours."""
    y, x = np.mgrid[:height, :width]
    disc = (y - height / 2) ** 2 + (x - width / 2) ** 2 < (height / 3) ** 2
    planes = [x * 255 / width, y * 255 / height, 200 - x * 100 / width, np.full_like(x, 128)]
    stacked = np.stack(planes, axis=2)[..., :channels]
    stacked[disc] = 255 - stacked[disc] / 2
    return stacked.astype(np.uint8)


def attribution(channels: int = 3, height: int = 12, width: int = 14, seed: int = 0) -> Array:
    """Waves of both signs, stronger at the left, with one strong pixel."""
    y, x = np.mgrid[:height, :width]
    waves = [
        np.sin(0.7 * (x + seed) + k) * np.cos(0.5 * y - 2 * k) * np.exp(-x / width)
        for k in range(channels)
    ]
    stacked = np.stack(waves, axis=2) * 0.01
    stacked[3, 5, 0] = 0.06
    return stacked.astype(np.float32)


def subject(channels: int = 3, **fields: Any) -> Subject:
    return Subject(attribution(channels), image(channels), LINES, "Prediction: 3", **fields)


def one(style: str, channels: int = 3, **settings: Any) -> Callable[[], Image.Image]:
    baseline = np.zeros((12, 14, channels), np.uint8)
    return lambda: draw(settle_look(style, **settings), subject(channels, baseline=baseline))


def panel() -> Image.Image:
    look = settle_look("panel", size=96)
    subjects = [
        Subject(attribution(1, 14, 14, i), image(1, 14, 14), title=f"Prediction: {i}")
        for i in (0, 1, 9)
    ]
    planes = [look.plane(s.attribution) for s in subjects]
    return draw_sheet(look, subjects, [common_scale(lambda: planes, look.clip)])


def empty_tutorial() -> Image.Image:
    return draw(settle_look("tutorial", size=120), subject(note="not stored"))


def regions() -> Image.Image:
    """Cells of four pixels, those at the edge smaller."""
    cells = Regions((12, 14, 3), 4)
    plane = cells.spread(np.abs(cells.masses(attribution())).sum(axis=0))
    return draw(settle_look("regions"), Subject(plane, image(), LINES))


def smooth(style: str, sign: str) -> Callable[[], Image.Image]:
    """The same cells without their edges, the image twice as wide as it was stretched to."""
    cells = Regions((12, 14, 3), 4)
    plane = smooth_plane(cells.masses(attribution()), cells, sign)
    whole = Subject(plane, image(), LINES, cell=4, aspect=(28, 12))
    return lambda: draw(settle_look(style, sign=sign, size=48), whole)


def row() -> Image.Image:
    alphas = (0.0, 0.5, 1.0)
    images = [np.rint(image() * alpha).astype(np.uint8) for alpha in alphas]
    return image_row(images, [f"alpha {alpha:g}" for alpha in alphas], 96)


def path() -> Image.Image:
    alphas = np.linspace(0.0, 1.0, 41)
    scores = 0.4 / (1.0 + np.exp(-(alphas - 0.3) * 15))
    return chart_row(path_charts(alphas, scores, 3e-5 * np.gradient(scores, alphas)))


SCENES: dict[str, Callable[[], Image.Image]] = {
    "overlay": one("overlay"),
    "overlay-grey": one("overlay", channels=1),
    "overlay-rgba": one("overlay", channels=4),
    "heat": one("heat"),
    "regions": regions,
    "photo": smooth("photo", "absolute"),
    "photo-both": smooth("photo", "all"),
    "outlines": smooth("outlines", "absolute"),
    "outlines-both": smooth("outlines", "all"),
    "heat-positive": one("heat", sign="positive"),
    "heat-negative": one("heat", sign="negative", caption=False),
    "heat-absolute-diverging": one("heat", sign="absolute", cmap="PiYG"),
    "heat-viridis": one("heat", cmap="viridis", scale=0.02),
    "mask": one("mask"),
    "alpha": one("alpha"),
    "side-by-side": one("side-by-side", size=120),
    "tutorial": one("tutorial", size=120),
    "tutorial-no-baseline": empty_tutorial,
    "panel": panel,
    "image-row": row,
    "charts-saturation": lambda: chart_row(saturation_charts()),
    "charts-path": path,
}
