"""The overlay that a run draws: a signed map, red to green, over the grey image."""

from PIL import Image

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.figures.draw import Subject, draw
from igcli.figures.pixels import blended
from igcli.figures.style import OVERLAY

HEAT_OPACITY = 0.5


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
    plane = OVERLAY.plane(attribution)
    return blended(plane, image, OVERLAY.ramp(OVERLAY.top(plane)), HEAT_OPACITY)


def draw_overlay(
    attribution: Array, image: Array, lines: list[str], zone: Array | None = None
) -> Image.Image:
    """Return the overlay with its colour bar and its caption below; a zone is outlined."""
    return draw(OVERLAY, Subject(attribution, image, tuple(lines), zone=zone))


# Three times faster than zlib's default of 6, for pictures a seventh larger.
COMPRESSION = 1


def caption(explanation: Explanation) -> list[str]:
    """Return the two lines below an overlay: class, then score and delta."""
    return [
        f"class {explanation.target} {explanation.target_name}".rstrip(),
        f"score {explanation.score:#.4g}   delta {explanation.delta:+.2g}",
    ]
