"""Thumbnails: signed maps as small pictures, and pictures as data URIs."""

from base64 import b64encode
from io import BytesIO

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.cells import in_squares
from igcli.figures.colormaps import red_white_green
from igcli.figures.scale import shares_of

# One colour for each of −127 … 127: a fraction of the bytes that RGB takes.
STEPS = 127
_SMALL = 4096


def plane(values: Array, most: int) -> Array:
    """Return a map in two dimensions, the sign kept, with sides of `most` at most.

    Parameters
    ----------
    values : Array
        (height, width) or (height, width, channels), whose channels are summed; anything else is
        a line of numbers, folded into rows, the last one filled up with zeros.
    most : int
        Above it the sums of square cells are taken, the same cells both ways: shapes stay.

    Returns
    -------
    Array
        float64 (height, width).
    """
    if is_folded(values.shape):
        line = values.ravel()
        width = int(np.ceil(np.sqrt(len(line))))
        values = np.pad(line.astype(np.float64), (0, -len(line) % width)).reshape(-1, width)
    summed: Array = values.astype(np.float64)
    if summed.ndim == 3:
        summed = summed.sum(axis=2)
    return in_squares(summed, -(-max(summed.shape) // most))


def is_folded(shape: tuple[int, ...]) -> bool:
    """Tell whether a map of this shape is no picture: `plane` draws its numbers in rows."""
    return len(shape) not in (2, 3)


def small_heat(values: Array, scale: float, steps: int = STEPS) -> Image.Image:
    """Draw a plane from red through white to green, full colour at ±`scale`; 0 is all white.

    A picture with a palette takes a fraction of the bytes of `igcli.figures.pixels.heat`. `steps`
    is how many shades there are of each colour.
    """
    drawn = Image.fromarray(np.rint(steps * shares_of(values, scale) + steps).astype(np.uint8))
    palette = np.rint(red_white_green(np.arange(-steps, steps + 1) / steps)).astype(np.uint8)
    drawn.putpalette(palette.tobytes())
    return drawn


def to_rgb(pixels: Array) -> Image.Image:
    """Return an image (height, width, channels) as people can see it: grey, RGB or RGBA."""
    if pixels.shape[2] not in (1, 3, 4):
        pixels = np.rint(pixels.mean(axis=2, keepdims=True)).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def encoded(picture: Image.Image, form: str, quality: int = 85) -> bytes:
    """Return a picture's file, form "PNG" or "JPEG"."""
    memory = BytesIO()
    # What it saves on small pictures is much, on large ones little, and slow.
    small = picture.width * picture.height <= _SMALL
    picture.save(memory, form, optimize=small, quality=quality)
    return memory.getvalue()


def data_uri(data: bytes) -> str:
    """Return a PNG or JPEG file as a data URI."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{b64encode(data).decode()}"
