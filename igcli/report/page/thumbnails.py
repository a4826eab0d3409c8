"""Thumbnails of one explanation, none over its share of the page's bytes."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.cells import in_squares
from igcli.common.explanation import Profile
from igcli.figures.own import plane_of_cells
from igcli.figures.pixels import rgb_of
from igcli.figures.scale import CLIP_PERCENT, signed_scale
from igcli.figures.settle import settle_look
from igcli.figures.smoothed.photo import heat_over
from igcli.figures.style import PHOTO
from igcli.figures.thumbnails import (
    STEPS,
    data_uri,
    encoded,
    is_folded,
    plane,
    small_heat,
    to_rgb,
)
from igcli.figures.zone import with_zone
from igcli.report.page.seen import Seen

# With its base64 this leaves a quarter of 30 KB, the page's promise, to a row's numbers and path.
IMAGE_BYTES = 9_000
MAPS_BYTES = 9_000
# Of a photo, which has its heat beside them.
_BESIDE_HEAT, _HEAT_BYTES = 5_500, 7_000
MAX_SIDE = 224
MAX_CELLS = 128
MAX_BARS = 32
MAX_NODES = 200
_SHADES = (STEPS, 31, 15)
_QUALITIES = (90, 80, 65)
_DIGITS = 6


def show(seen: Seen) -> dict[str, Any]:
    """Return an explanation as the page's script reads it: pictures as data URIs.

    Several maps have each its own scale, and its sum: their cells may differ in size. Numbers in a
    short line are kept as they are, for a chart of bars.
    """
    drawn = sum(not _is_line(values) for values in seen.maps.values())
    heat = _heat(seen)
    most, image_most = (MAPS_BYTES, IMAGE_BYTES) if heat is None else (_BESIDE_HEAT, _BESIDE_HEAT)
    return {
        "image": None
        if seen.image is None
        else data_uri(_image(_outlined(seen.image, seen.zone), image_most)),
        "heat": heat,
        "maps": [
            {
                "name": name,
                "sum": _short(seen.sums.get(name, float(values.sum(dtype=np.float64)))),
                **(_bars(values) if _is_line(values) else _map(values, most // drawn)),
            }
            for name, values in seen.maps.items()
        ],
        "profile": None if seen.profile is None else _profile(seen.profile),
    }


def _outlined(image: Array, zone: Array | None) -> Array:
    return image if zone is None else with_zone(rgb_of(image), zone, image.shape)


def _is_line(values: Array) -> bool:
    return values.ndim <= 1 and values.size <= MAX_BARS


def _heat(seen: Seen) -> str | None:
    """Return a photo's heat, as the run's own picture has it; None for another input."""
    if seen.cells is None or seen.image is None:
        return None
    look = settle_look(PHOTO)
    attribution = next(iter(seen.maps.values()))
    plane = plane_of_cells(look, seen.cells.masses(attribution), seen.cells)
    height, width = seen.image.shape[:2]
    scale = min(1.0, MAX_SIDE / max(height, width))
    pane = max(1, round(width * scale)), max(1, round(height * scale))
    drawn = heat_over(plane, seen.image, pane, look.ramp(look.top(plane)), look.alpha or 0.0)
    return data_uri(_fitting(Image.fromarray(drawn), _HEAT_BYTES))


def _image(pixels: Array, most: int) -> bytes:
    """Return an image's file: as it is where that is small, else as a JPEG that fits."""
    whole = to_rgb(pixels)
    # A PNG of a photo is never a quarter of its pixels' bytes: trying would take long.
    may_fit = max(whole.size) <= MAX_SIDE and pixels.size <= 4 * most
    if may_fit and len(data := encoded(whole, "PNG")) <= most:
        return data
    return _fitting(whole.convert("RGB") if whole.mode != "L" else whole, most)


def _fitting(whole: Image.Image, most: int) -> bytes:
    """Return a JPEG of `most` bytes at most: smaller, and of less quality, if need be."""
    data = b""
    for data in _ever_smaller(whole):
        if len(data) <= most:
            break
    return data


def _ever_smaller(whole: Image.Image) -> Iterator[bytes]:
    side = MAX_SIDE
    while side >= 8:
        small = whole.copy()
        small.thumbnail((side, side))
        for quality in _QUALITIES:
            yield encoded(small, "JPEG", quality)
        side = side * 3 // 4


def _bars(values: Array) -> dict[str, Any]:
    return {"bars": [_short(value) for value in values.ravel().tolist()]}


def _map(values: Array, most: int) -> dict[str, Any]:
    """Return a map's picture: with fewer shades, then of larger cells, if need be."""
    cells = plane(values, MAX_CELLS)
    factor = 1
    while True:
        larger = in_squares(cells, factor)
        scale = signed_scale(larger, CLIP_PERCENT)
        # Noise takes more than half a byte for a cell: many shades would not fit anyway.
        for shades in _SHADES if larger.size <= 2 * most else _SHADES[1:]:
            data = encoded(small_heat(larger, scale, shades), "PNG")
            if len(data) <= most or larger.size == 1:
                return {
                    "src": data_uri(data),
                    "side": larger.shape,
                    "folded": is_folded(values.shape),
                    "scale": _short(scale),
                }
        factor += 1


def _profile(profile: Profile) -> dict[str, Any] | None:
    """Return a path's nodes, every so manieth of very many; the last one stays."""
    count = len(profile.alphas)
    if not count:
        return None
    every = -(-count // MAX_NODES)
    kept = sorted({*range(0, count, every), count - 1})
    return {
        "nodes": count,
        "alphas": [_short(profile.alphas[i]) for i in kept],
        "scores": [_short(profile.scores[i]) for i in kept],
        "norms": [_short(profile.gradient_norms[i]) for i in kept],
    }


def _short(value: float) -> float | None:
    """Return a number with as many digits as a picture shows; None where it is none."""
    return float(f"{value:.{_DIGITS}g}") if isfinite(value) else None
