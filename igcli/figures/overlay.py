"""The overlay: a signed map, red to green, over the grey image, with a caption."""

from math import ceil

import numpy as np
from PIL import Image

from igcli.figures.caption import caption_strip
from igcli.figures.colormaps import red_white_green
from igcli.records import Array

CLIP_PERCENT = 2.0
HEAT_OPACITY = 0.5
MIN_SIDE = 224
_MAX_SIDE = 4096


def scale_signed(values: Array, clip_percent: float) -> Array:
    """Scale a map to [−1, 1] so that the largest `clip_percent` of its absolute mass saturates.

    The scale is the smallest |value| at which the values up to it hold the rest of the mass, as in
    alibi's and Captum's ``visualize_image_attr``. A map of zeros stays zeros.
    """
    scale = signed_scale(values, clip_percent)
    if scale == 0.0:
        return np.zeros_like(values)
    scaled: Array = np.clip(values / scale, -1.0, 1.0)
    return scaled


def signed_scale(values: Array, clip_percent: float) -> float:
    """Return the number at which a map's colours saturate; 0 for a map of zeros."""
    magnitudes = np.sort(np.abs(values), axis=None)
    mass = np.cumsum(magnitudes)
    if mass[-1] == 0:
        return 0.0
    return float(magnitudes[np.searchsorted(mass, mass[-1] * (1.0 - clip_percent / 100.0))])


def blend(attribution: Array, image: Array) -> Array:
    """Blend a map over its image.

    Parameters
    ----------
    attribution : Array
        (height, width) or (height, width, channels); channels are summed, the sign kept.
    image : Array
        uint8 (height, width, channels).

    Returns
    -------
    Array
        uint8 RGB (height, width, 3): half heat map, half the image in grey.
    """
    heat = attribution.astype(np.float64)
    if heat.ndim == 3:
        heat = heat.sum(axis=2)
    colours = red_white_green(scale_signed(heat, CLIP_PERCENT))
    channels = 3 if image.shape[2] == 4 else image.shape[2]
    grey = image[..., :channels].mean(axis=2)[..., None]
    mixed = HEAT_OPACITY * colours + (1.0 - HEAT_OPACITY) * grey
    rounded: Array = np.rint(mixed).astype(np.uint8)
    return rounded


def enlarge(pixels: Array, min_side: int = MIN_SIDE) -> Array:
    """Repeat pixels so that the shorter side reaches `min_side`; nothing is smoothed."""
    short, long = min(pixels.shape[:2]), max(pixels.shape[:2])
    factor = max(1, min(ceil(min_side / short), _MAX_SIDE // long))
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def draw_overlay(attribution: Array, image: Array, lines: list[str]) -> Image.Image:
    """Return the overlay with its caption below."""
    picture = enlarge(blend(attribution, image))
    strip = caption_strip(lines, max(picture.shape[1], MIN_SIDE))
    canvas = Image.new("RGB", (strip.width, picture.shape[0] + strip.height), "white")
    canvas.paste(Image.fromarray(picture), ((strip.width - picture.shape[1]) // 2, 0))
    canvas.paste(strip, (0, picture.shape[0]))
    return canvas
