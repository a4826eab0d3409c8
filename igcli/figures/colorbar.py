"""The colour bar: a ramp from end to end, with numbers; pointed where values go beyond it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from igcli.common.arrays import Array
from igcli.figures.caption import INK, MARGIN, SIZE, fit_text, font, line_height, upright
from igcli.figures.ramp import Ramp

_EDGE = (110, 110, 110)
# A scale is a sum's share: rounding alone is nothing beyond.
_BEYOND = 1.0 + 1e-7


@dataclass(frozen=True, slots=True)
class Bar:
    """What a colour bar shows.

    Attributes
    ----------
    ramp : Ramp
        Numbers and their colours.
    label : str
        What the numbers are.
    below, above : bool
        Whether there are numbers beyond its ends, which have the ends' colours.
    """

    ramp: Ramp
    label: str
    below: bool = False
    above: bool = False

    def ticks(self, halves: bool = False) -> list[tuple[float, str]]:
        """Return places from 0 (low) to 1 (high), and the numbers there."""
        low, high = self.ramp.low, self.ramp.high
        if low == high:
            return [(0.5, "0")]
        # Both halves of a signed bar, or the middle of another.
        count = 5 if halves and self.ramp.sign == "all" else 3
        places = [i / (count - 1) for i in range(count)]
        return [(p, in_digits(low + p * (high - low), self.ramp.sign == "all")) for p in places]


def bar_of(ramp: Ramp, label: str, planes: Sequence[Array]) -> Bar:
    """Return the bar of some maps that are drawn with one ramp."""
    below = any(float(plane.min()) < ramp.low * _BEYOND for plane in planes)
    above = any(float(plane.max()) > ramp.high * _BEYOND for plane in planes)
    if ramp.top == 0.0:
        return Bar(ramp, f"{label} (all are 0)")
    return Bar(ramp, label, below and ramp.low < 0.0, above and ramp.high > 0.0)


def in_digits(value: float, signed: bool) -> str:
    """Write a number with three digits; with its sign where both signs occur."""
    if value == 0.0:
        return "0"
    return format(value, "+.3g" if signed else ".3g")


def _body(bar: Bar, length: int, thick: int) -> Image.Image:
    """Return the bar alone from left to right, with its points."""
    # Its colours are the same for every number at its ends but 0.
    ramp = replace(bar.ramp, top=float(bar.ramp.top > 0.0))
    return _drawn(ramp, bar.below, bar.above, length, thick)


@lru_cache(maxsize=64)
def _drawn(ramp: Ramp, below: bool, above: bool, length: int, thick: int) -> Image.Image:
    left, right, foot = _point(below, thick), _point(above, thick), thick - 1
    outline: list[tuple[float, float]] = [
        (left, 0), (length - 1 - right, 0), (length - 1, foot / 2 if above else 0),
        (length - 1 - right, foot), (left, foot), (0, foot / 2 if below else foot),
    ]  # fmt: skip
    colours = Image.fromarray(np.broadcast_to(ramp.gradient(length), (thick, length, 3)).copy())
    inside = Image.new("1", (length, thick))
    ImageDraw.Draw(inside).polygon(outline, fill=1)
    whole = Image.new("RGB", (length, thick), "white")
    whole.paste(colours, mask=inside)
    ImageDraw.Draw(whole).polygon(outline, outline=_EDGE)
    return whole


def _point(pointed: bool, thick: int) -> int:
    return thick * 2 // 3 if pointed else 0


def horizontal_bar(bar: Bar, width: int, size: int = SIZE) -> Image.Image:
    """Draw a bar with the numbers and the label below it, `width` pixels wide."""
    thick, tick, line = size, size // 4, line_height(size)
    length = width - 2 * MARGIN
    strip = Image.new("RGB", (width, MARGIN + thick + tick + 2 * line), "white")
    strip.paste(_body(bar, length, thick), (MARGIN, MARGIN))
    draw = ImageDraw.Draw(strip)
    foot = MARGIN + thick
    before, after = _point(bar.below, thick), _point(bar.above, thick)
    for place, text in bar.ticks():
        x = MARGIN + before + round(place * (length - 1 - before - after))
        draw.line([(x, foot), (x, foot + tick)], fill=_EDGE)
        half = font(size).getlength(text) / 2
        left = min(max(x - half, MARGIN), width - MARGIN - 2 * half)
        draw.text((left, foot + tick), text, fill=INK, font=font(size))
    label = fit_text(bar.label, length, size)
    draw.text((width / 2, foot + tick + line), label, fill=INK, font=font(size), anchor="ma")
    return strip


def vertical_bar(bar: Bar, height: int, size: int = SIZE, room: int = 0) -> Image.Image:
    """Draw a bar, `height` pixels high, with the numbers and the label to its right.

    The bar stands in the middle of a strip that is higher: the outer numbers need half a line
    above and below, and the label up to `room`.
    """
    thick, tick, line = size * 4 // 3, size // 3, line_height(size)
    over = max(size // 2, min(room, (int(font(size).getlength(bar.label)) - height) // 2 + 1))
    ticks = bar.ticks(halves=True)
    widest = max(font(size).getlength(text) for _, text in ticks)
    beside = thick + tick + size // 3
    width = beside + int(widest) + 1 + size // 2
    strip = Image.new("RGB", (width + line, height + 2 * over), "white")
    strip.paste(_body(bar, height, thick).transpose(Image.Transpose.ROTATE_90), (0, over))
    draw = ImageDraw.Draw(strip)
    before, after = _point(bar.below, thick), _point(bar.above, thick)
    for place, text in ticks:
        y = over + height - 1 - before - round(place * (height - 1 - before - after))
        draw.line([(thick, y), (thick + tick, y)], fill=_EDGE)
        draw.text((beside, y), text, fill=INK, font=font(size), anchor="lm")
    strip.paste(upright(bar.label, strip.height, size), (width, 0))
    return strip
