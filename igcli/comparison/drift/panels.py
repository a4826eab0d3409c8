"""Panels of one image's maps: both on one colour scale, as PNG data URIs."""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.figures.scale import CLIP_PERCENT, signed_scale
from igcli.figures.thumbnails import data_uri, encoded, is_folded, plane, small_heat, to_rgb

_MAX_SIDE = 256


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
    ours, theirs = (plane(values, _MAX_SIDE) for values in (reference, new))
    scale = signed_scale(np.stack([ours, theirs]), CLIP_PERCENT)
    return Panels(
        reference=_drawn(ours, scale),
        new=_drawn(theirs, scale),
        difference=_drawn(theirs - ours, scale),
        scale=scale,
        side=(ours.shape[0], ours.shape[1]),
        folded=is_folded(reference.shape),
    )


def _drawn(cells: Array, scale: float) -> str:
    return data_uri(encoded(small_heat(cells, scale), "PNG"))


def picture(pixels: Array) -> str:
    """Return an image (height, width, channels) as a data URI."""
    shown = to_rgb(pixels)
    shown.thumbnail((_MAX_SIDE, _MAX_SIDE))
    return data_uri(encoded(shown, "PNG"))
