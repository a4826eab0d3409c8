"""Small pictures of one image's maps: both on one colour scale, as PNG data URIs."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from igcli.drift.reduce import reduce_map
from igcli.figures.colormaps import red_white_green
from igcli.figures.overlay import CLIP_PERCENT, signed_scale
from igcli.records import Array

_MAX_SIDE = 256
# One colour for each of −127 … 127: a fraction of the bytes that RGB takes.
_STEPS = 127
_PALETTE = np.rint(red_white_green(np.arange(-_STEPS, _STEPS + 1) / _STEPS)).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Panels:
    """The pictures of one image.

    Attributes
    ----------
    reference, new, difference : str
        The two maps and new − reference, as data URIs.
    scale : float
        The number that has the full colour in all three; 0 where both maps are zero.
    side : tuple of int
        Height and width of the maps as they are drawn.
    folded : bool
        Whether the map is no picture: its numbers are drawn in rows, in their order.
    """

    reference: str
    new: str
    difference: str
    scale: float
    side: tuple[int, int]
    folded: bool


def panels(reference: Array, new: Array) -> Panels:
    """Draw two maps of one shape, and what changed between them."""
    folded = reference.ndim not in (2, 3)
    ours, theirs = (_plane(values) for values in (reference, new))
    scale = signed_scale(np.stack([ours, theirs]), CLIP_PERCENT)
    return Panels(
        reference=_heat(ours, scale),
        new=_heat(theirs, scale),
        difference=_heat(theirs - ours, scale),
        scale=scale,
        side=(ours.shape[0], ours.shape[1]),
        folded=folded,
    )


def _plane(values: Array) -> Array:
    """Return a map in two dimensions, the sign kept: sums over channels, and over cells if large.

    Numbers in a line are folded into rows, the last one filled up with zeros.
    """
    if values.ndim not in (2, 3):
        line = values.ravel()
        width = int(np.ceil(np.sqrt(len(line))))
        padded = np.zeros(-(-len(line) // width) * width)
        padded[: len(line)] = line
        values = padded.reshape(-1, width)
    return reduce_map(values, _MAX_SIDE)


def _heat(plane: Array, scale: float) -> str:
    shares = np.clip(plane / scale, -1.0, 1.0) if scale else np.zeros(plane.shape)
    picture = Image.fromarray(np.rint(_STEPS * shares + _STEPS).astype(np.uint8))
    picture.putpalette(_PALETTE.tobytes())
    return _data_uri(picture)


def picture(pixels: Array) -> str:
    """Return an image (height, width, channels) as a data URI."""
    channels = pixels.shape[2]
    if channels not in (1, 3, 4):
        pixels = np.rint(pixels.mean(axis=2, keepdims=True)).astype(np.uint8)
    shown = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    shown.thumbnail((_MAX_SIDE, _MAX_SIDE))
    return _data_uri(shown)


def _data_uri(shown: Image.Image) -> str:
    memory = BytesIO()
    shown.save(memory, "PNG", optimize=True)
    return "data:image/png;base64," + b64encode(memory.getvalue()).decode()
