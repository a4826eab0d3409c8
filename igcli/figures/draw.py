"""draw: one explanation, or several on one sheet, as a picture with its scale and settings."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from igcli.common.arrays import Array
from igcli.common.placement import Size
from igcli.common.png import note
from igcli.figures.caption import caption_strip, text_size
from igcli.figures.channels import label
from igcli.figures.colorbar import Bar, bar_of, horizontal_bar
from igcli.figures.panels import PanelRow, four_panels, side_by_side, signed_panel, signed_panels
from igcli.figures.pixels import (
    MIN_SIDE,
    alpha_scaled,
    blended,
    fitted,
    grey_of,
    heat,
    masked,
    rgb_of,
)
from igcli.figures.ramp import Ramp
from igcli.figures.smoothed.photo import MOST, outlined, pane_size, photo_and_heat
from igcli.figures.style import IMAGE, OUTLINES, REGIONS, SMOOTH, Look
from igcli.figures.zone import with_zone

_FRAME = (170, 170, 170)
# The least width of what is drawn of a photo.
_LEAST = 2 * MIN_SIDE


@dataclass(frozen=True, slots=True)
class Subject:
    """What is drawn of one explanation.

    Attributes
    ----------
    attribution : Array
        (height, width) or (height, width, channels), signed.
    image : Array
        uint8 (height, width, channels).
    lines : tuple of str
        The caption.
    title : str
        Above the image, on a sheet.
    baseline : Array or None
        As the image, for the style that shows it.
    note : str
        Why there is no baseline.
    zone : Array or None
        The places that are explained, of an output of one score per place: they are outlined.
    cell : int
        The side of the cells that the map was smoothed from; 0 for another map.
    aspect : Size or None
        The (width, height) of the image before it was stretched to the map's, where it was.
    """

    attribution: Array
    image: Array
    lines: tuple[str, ...] = ()
    title: str = ""
    baseline: Array | None = None
    note: str = ""
    zone: Array | None = None
    cell: int = 0
    aspect: Size | None = None

    @property
    def channels(self) -> int:
        """How many channels the map has."""
        return self.attribution.shape[2] if self.attribution.ndim == 3 else 1

    @property
    def outlined_image(self) -> Array:
        """The image, with the outline of the zone on it where there is one."""
        if self.zone is None:
            return self.image
        return with_zone(rgb_of(self.image), self.zone, self.image.shape)


def draw(look: Look, subject: Subject, top: float | None = None) -> Image.Image:
    """Draw one explanation.

    Parameters
    ----------
    look : Look
        How; any style but ``panel``.
    subject : Subject
        What. Of the styles in `SMOOTH` its map is a `smooth_plane`.
    top : float, optional
        The magnitude at which colours are full; by default from this map alone.
    """
    plane = look.plane(subject.attribution)
    top = look.top(plane) if top is None else top
    plane = look.in_window(plane)
    ramp, what = look.ramp(top), label(look.sign, look.reduce, subject.channels)
    lines = subject.lines if look.caption else ()
    image, alpha, size = subject.image, look.alpha or 0.0, look.size
    if look.style == "side-by-side":
        picture = side_by_side(plane, subject.outlined_image, ramp, what, alpha, lines, size)
    elif look.style == "tutorial":
        picture = four_panels(
            plane,
            subject.outlined_image,
            subject.baseline,
            ramp,
            what,
            alpha,
            lines,
            size,
            subject.note,
        )
    elif look.style in SMOOTH:
        picture = _smooth(look, plane, subject, ramp, what)
    else:
        pixels = fitted(_pixels(look, plane, image, top), size)
        pixels = with_zone(pixels, subject.zone, image.shape)
        picture = composed(pixels, bar_of(ramp, what, [plane]), lines, look.style != "overlay")
    return note(picture, _settings(look, top))


def draw_sheet(look: Look, subjects: Sequence[Subject], tops: Sequence[float]) -> Image.Image:
    """Draw several explanations as rows of one sheet, on one scale or on one for each."""
    rows = [PanelRow(s.outlined_image, look.plane(s.attribution), s.title) for s in subjects]
    what, cmap = label(look.sign, look.reduce, subjects[0].channels), look.ramp(tops[0]).cmap
    if look.scale == IMAGE:
        picture = signed_panels(rows, what, cmap, tops, look.size)
        return note(picture, _settings(look, list(tops)))
    picture = signed_panel(rows, what, cmap, tops[0], look.size)
    return note(picture, _settings(look, tops[0]))


def _pixels(look: Look, plane: Array, image: Array, top: float) -> Array:
    if look.style == "mask":
        return masked(plane, image, top)
    if look.style == "alpha":
        return alpha_scaled(plane, image, top)
    if look.style in {"heat", REGIONS}:
        return heat(plane, look.ramp(top))
    over = blended(plane, image, look.ramp(top), look.alpha or 0.0)
    if look.window is None:
        return over
    # Below the window the map is as if it were not there.
    return np.where((plane == 0.0)[..., None], np.rint(grey_of(image)).astype(np.uint8), over)


def _smooth(look: Look, plane: Array, subject: Subject, ramp: Ramp, what: str) -> Image.Image:
    lines = list(subject.lines) if look.caption else []
    if look.style == OUTLINES:
        pane = pane_size(plane.shape, subject.aspect, look.size, _LEAST)
        pixels = outlined(plane, subject.outlined_image, pane, look.sign)
        thin = "green: positive, pink: negative" if look.sign == "all" else f"thin: {MOST:.0%}"
        lines += [f"line: around half of {what}, {thin}"] if look.caption else []
        return composed(pixels, None, lines, True, _LEAST)
    pane = pane_size(plane.shape, subject.aspect, look.size)
    pixels = photo_and_heat(plane, subject.outlined_image, pane, ramp, look.alpha or 0.0)
    cells = f"{what} in {subject.cell} x {subject.cell} pixels; line: around half of it"
    return composed(pixels, bar_of(ramp, cells, [plane]), lines, True, _LEAST)


def composed(
    pixels: Array, bar: Bar | None, lines: Sequence[str], framed: bool, least: int = MIN_SIDE
) -> Image.Image:
    """Put the bar and the caption below a picture."""
    height, width = pixels.shape[:2]
    edge = int(framed)
    whole = max(width + 2 * edge, least)
    size = text_size(whole, height)
    below = [] if bar is None else [horizontal_bar(bar, whole, size)]
    if lines:
        below.append(caption_strip(list(lines), whole, size))
    total = height + 2 * edge + sum(strip.height for strip in below)
    canvas = Image.new("RGB", (whole, total), "white")
    left = (whole - width) // 2
    if framed:
        box = [left - 1, 0, left + width, height + 1]
        ImageDraw.Draw(canvas).rectangle(box, outline=_FRAME)
    canvas.paste(Image.fromarray(np.ascontiguousarray(pixels)), (left, edge))
    y = height + 2 * edge
    for strip in below:
        canvas.paste(strip, (0, y))
        y += strip.height
    return canvas


def _settings(look: Look, top: float | list[float]) -> dict[str, Any]:
    return {**asdict(look), "full_colour_at": top}
