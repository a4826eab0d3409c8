"""Line charts: axes, ticks, labels and smooth lines, drawn with Pillow."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from PIL import Image, ImageDraw

from igcli.common.arrays import Array
from igcli.figures.caption import INK, fit_text, font, line_height, upright

# Lines are drawn so many times larger and averaged down: that smooths their edges.
_FINER = 4
_BLUE = (31, 97, 165)
_GRID = (225, 225, 225)
_WIDTH, _HEIGHT, _SIZE = 440, 330, 14
_TICKS = 5
_HEADROOM = 0.05


@dataclass(frozen=True, slots=True)
class Chart:
    """One line over an axis.

    Attributes
    ----------
    x, y : Array
        The line's points, in the order of x.
    title, x_label, y_label : str
        Above, below, and at the left.
    """

    x: Array
    y: Array
    title: str
    x_label: str
    y_label: str


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    start: int
    stop: int

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)


def saturation_charts() -> list[Chart]:
    """Return f(x) = min(x, 0.8), which saturates, and its gradient, which is 0 from there on."""
    x, y = np.array([0.0, 0.8, 1.0]), np.array([0.0, 0.8, 0.8])
    steps, gradient = np.array([0.0, 0.8, 0.8, 1.0]), np.array([1.0, 1.0, 0.0, 0.0])
    return [
        Chart(x, y, "f(x) = min(x, 0.8)", "x", "f(x)"),
        Chart(steps, gradient, "Its gradient", "x", "df/dx"),
    ]


def path_charts(alphas: Array, scores: Array, gradients: Array) -> list[Chart]:
    """Return a path's score and its mean |gradient|, over alpha.

    Parameters
    ----------
    alphas : Array
        (steps,), ascending.
    scores : Array
        (steps,), the target's score.
    gradients : Array
        (steps,), the mean magnitude of the score's gradient.
    """
    return [
        Chart(alphas, scores, "Score of the explained class", "alpha", "score"),
        Chart(alphas, gradients, "Mean gradient magnitude", "alpha", "mean |gradient|"),
    ]


def chart_row(charts: Sequence[Chart], scale: int = 1) -> Image.Image:
    """Draw charts side by side, each 440 × 330 pixels times `scale`."""
    pictures = [line_chart(chart, scale) for chart in charts]
    canvas = Image.new("RGB", (sum(p.width for p in pictures), pictures[0].height), "white")
    left = 0
    for picture in pictures:
        canvas.paste(picture, (left, 0))
        left += picture.width
    return canvas


def line_chart(chart: Chart, scale: int = 1) -> Image.Image:
    """Draw one chart, 440 × 330 pixels times `scale`; points that are not finite are left out."""
    size = _SIZE * scale
    finite = np.isfinite(chart.x) & np.isfinite(chart.y)
    points = np.stack([chart.x, chart.y], axis=1)[finite].astype(np.float64)
    ticks = [nice_ticks(*_ends(points[:, i])) for i in range(2)]
    widest = max(font(size).getlength(_digits(v, ticks[1])) for v in ticks[1])
    line = line_height(size)
    left = 2 * line + int(widest) + size
    top, right = 2 * line, _WIDTH * scale - 2 * size
    foot = _HEIGHT * scale - 3 * line
    axes = (
        _Axis(*_span(points[:, 0], False), start=left, stop=right),
        _Axis(*_span(points[:, 1], True), start=foot, stop=top),
    )
    canvas = _lines(axes, ticks, points, scale)
    _words(canvas, chart, axes, ticks, size)
    return canvas


def _ends(values: Array) -> tuple[float, float]:
    if len(values) == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low == high:
        return low - (abs(low) or 1.0), high + (abs(high) or 1.0)
    # Zero is shown where it is near.
    return (0.0 if 0.0 < low < 0.5 * high else low), high


def _span(values: Array, with_room: bool) -> tuple[float, float]:
    low, high = _ends(values)
    room = _HEADROOM * (high - low) if with_room else 0.0
    return low - room, high + room


def nice_ticks(low: float, high: float) -> list[float]:
    """Return round numbers from `low` to `high`, about five."""
    rough = (high - low) / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(power * m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if power * m >= rough * 0.999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _digits(value: float, ticks: Sequence[float]) -> str:
    """Write a tick with as many digits as tell it from the next."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else abs(value) or 1.0
    largest = max(abs(tick) for tick in ticks) or 1.0
    if not 1e-3 <= largest < 1e5:
        return "0" if value == 0.0 else format(value, ".3g")
    places = max(0, -floor(log10(step) + 1e-9))
    # 2.5 needs a digit more than its power of ten says.
    if abs(round(step, places) - step) > 1e-6 * step:
        places += 1
    return format(value + 0.0, f".{places}f")


def _lines(
    axes: tuple[_Axis, _Axis], ticks: Sequence[Sequence[float]], points: Array, scale: int
) -> Image.Image:
    """Draw what has no letters, larger, and average it down."""
    shape = (_WIDTH * scale, _HEIGHT * scale)
    large = Image.new("RGB", (shape[0] * _FINER, shape[1] * _FINER), "white")
    draw = ImageDraw.Draw(large)
    across, up = axes
    thin = _FINER * scale

    def line(ends: Sequence[tuple[float, float]], colour: tuple[int, int, int], wide: int) -> None:
        middle = (_FINER - 1) / 2
        places = [(x * _FINER + middle, y * _FINER + middle) for x, y in ends]
        draw.line(places, fill=colour, width=wide, joint="curve")

    for value in ticks[0]:
        x = round(across.at(value))
        line([(x, up.start), (x, up.stop)], _GRID, thin)
    for value in ticks[1]:
        y = round(up.at(value))
        line([(across.start, y), (across.stop, y)], _GRID, thin)
    frame = [(across.start, up.stop), (across.start, up.start), (across.stop, up.start)]
    line(frame, INK, thin)
    if len(points) > 1:
        line([(across.at(x), up.at(y)) for x, y in points.tolist()], _BLUE, 2 * thin)
    for x, y in points.tolist() if len(points) == 1 else []:
        cx, cy, r = across.at(x) * _FINER, up.at(y) * _FINER, 3 * thin
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=_BLUE)
    return large.reduce(_FINER)


def _words(
    canvas: Image.Image,
    chart: Chart,
    axes: tuple[_Axis, _Axis],
    ticks: Sequence[Sequence[float]],
    size: int,
) -> None:
    draw, (across, up), line = ImageDraw.Draw(canvas), axes, line_height(size)
    letters = font(size)
    for value in ticks[0]:
        place = (round(across.at(value)), up.start + size // 3)
        draw.text(place, _digits(value, ticks[0]), fill=INK, font=letters, anchor="ma")
    for value in ticks[1]:
        place = (across.start - size // 2, round(up.at(value)))
        draw.text(place, _digits(value, ticks[1]), fill=INK, font=letters, anchor="rm")
    middle = (across.start + across.stop) / 2
    label = fit_text(chart.x_label, across.stop - across.start, size)
    draw.text((middle, up.start + line + size // 2), label, fill=INK, font=letters, anchor="ma")
    title = fit_text(chart.title, canvas.width - across.start, size)
    draw.text((middle, line // 2), title, fill=INK, font=letters, anchor="ma")
    side = upright(chart.y_label, up.start - up.stop, size)
    canvas.paste(side, (size // 2, up.stop))
