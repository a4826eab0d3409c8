"""PNG colours of sixteen bits, whole: Pillow keeps the upper eight of them."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from igcli.common.arrays import Array

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">IIBBBBB")
_DEEP = 16
_GREY_ALPHA, _RGB, _RGBA = 4, 2, 6


def has_deep_colours(data: bytes) -> bool:
    """Tell whether a file is a PNG of sixteen bits a sample that has several samples a pixel."""
    if not data.startswith(_SIGNATURE + struct.pack(">I", _HEADER.size) + b"IHDR"):
        return False
    header = data[16 : 16 + _HEADER.size]
    return len(header) == _HEADER.size and header[8] == _DEEP and header[9] in _BANDS


_BANDS = {_GREY_ALPHA: 2, _RGB: 3, _RGBA: 4}


def deep_colours(data: bytes) -> Array:
    """Return such a PNG's samples, uint16 (height, width, bands); alpha is the last of 2 and 4.

    Its bytes are taken as those of pictures that Pillow knows: of grey with alpha as RGBA of eight
    bits, whose four bytes lie and are filtered alike; of colours twice, as upper and lower bytes.
    """
    if data[25] == _GREY_ALPHA:
        whole = np.asarray(_opened(_as_rgba(data)), np.uint16)
        return whole[..., ::2] << 8 | whole[..., 1::2]
    upper = np.asarray(_opened(data), np.uint16)
    lower = np.asarray(_opened(data, lower=True), np.uint16)
    samples: Array = upper << 8 | lower
    return samples


def _opened(data: bytes, lower: bool = False) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        if lower:
            # Read as if its samples began with their lower byte.
            tiles: Any = [(*tile[:3], f"{image.mode};16L") for tile in image.tile]
            image.tile = tiles
        image.load()
        return image.copy()


def _as_rgba(data: bytes) -> bytes:
    """Return a PNG of grey with alpha, sixteen bits, as one of RGBA, eight bits."""
    width, height, _, _, *rest = _HEADER.unpack(data[16 : 16 + _HEADER.size])
    header = b"IHDR" + _HEADER.pack(width, height, 8, _RGBA, *rest)
    check = struct.pack(">I", zlib.crc32(header))
    return data[:12] + header + check + data[16 + _HEADER.size + 4 :]
