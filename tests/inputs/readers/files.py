"""Small image files by hand: PNG and TIFF as instruments and satellites write them."""

import io
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image

from igcli.common.arrays import Array

_COMPRESSIONS = {"": 1, "deflate": 8, "tiff_lzw": 5, "packbits": 32773}
_TIFF_KINDS = {"u": 1, "i": 2, "f": 3}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(numbers: Any, sbit: int = 0, extra: Iterable[bytes] = ()) -> bytes:
    """A 16-bit PNG of (height, width[, bands]): grey, grey with alpha, RGB, RGBA."""
    array = np.asarray(numbers, ">u2")
    array = array if array.ndim == 3 else array[..., None]
    height, width, bands = array.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[bands]
    rows = b"".join(b"\0" + row.tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    significant = chunk(b"sBIT", bytes([sbit] * bands)) if sbit else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + significant
        + b"".join(extra)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def packed(numbers: Array, bits: int) -> bytes:
    """Rows of unsigned numbers, so many bits each, one behind the other."""
    rows = []
    for row in numbers.reshape(len(numbers), -1).astype(np.uint32):
        single = (row[:, None] >> np.arange(bits - 1, -1, -1)) & 1
        rows.append(np.packbits(single.astype(np.uint8).ravel()).tobytes())
    return b"".join(rows)


def _piece(numbers: Array, order: str, bits: int, predictor: int) -> bytes:
    """One strip or tile, (height, width, bands)."""
    if bits % 8:
        return packed(numbers, bits)
    size = numbers.dtype.itemsize
    if predictor == 2:
        integers = numbers.view(f"u{size}")
        shifted = np.concatenate([np.zeros_like(integers[:, :1]), integers[:, :-1]], axis=1)
        numbers = integers - shifted
    if predictor == 3:
        height, width, bands = numbers.shape
        big = np.ascontiguousarray(numbers.astype(f">f{size}")).view(np.uint8)
        planes = big.reshape(height, width * bands, size).swapaxes(1, 2).reshape(height, -1, bands)
        shifted = np.concatenate([np.zeros_like(planes[:, :1]), planes[:, :-1]], axis=1)
        return bytes((planes - shifted).tobytes())
    kind = f"{order}{numbers.dtype.kind}{numbers.dtype.itemsize}"
    return bytes(numbers.astype(kind).tobytes())


def tiff(
    numbers: Any,
    *,
    order: str = "<",
    bits: int = 0,
    compression: str = "",
    predictor: int = 1,
    tile: int = 0,
    planar: bool = False,
    tags: dict[int, Any] | None = None,
    pages: int = 1,
) -> bytes:
    """A TIFF of (height, width, bands), in strips of two rows or in square tiles.

    With several pages, each band is a page of its own.
    """
    array = np.asarray(numbers)
    array = array if array.ndim == 3 else array[..., None]
    data = b"\0" * 8
    directories = []
    for page in np.split(array, pages, axis=2):
        offsets, sizes = [], []
        for plane in np.split(page, page.shape[2], axis=2) if planar else [page]:
            for piece in _pieces(plane, tile):
                raw = _piece(piece, order, bits, predictor)
                raw = _compressed(raw, len(piece), compression)
                offsets.append(len(data))
                sizes.append(len(raw))
                data += raw
        height, width, bands = page.shape
        found: dict[int, Any] = {
            256: width, 257: height, 258: [bits or 8 * array.itemsize] * bands,
            259: _COMPRESSIONS[compression], 262: 1, 277: bands, 284: 2 if planar else 1,
            317: predictor, 339: [_TIFF_KINDS[array.dtype.kind]] * bands,
        }  # fmt: skip
        if bands > 1:
            found[338] = [0] * (bands - 1)
        found |= {322: tile, 323: tile, 324: offsets, 325: sizes} if tile else {
            273: offsets, 278: 2, 279: sizes
        }  # fmt: skip
        directories.append(found | (tags or {}))
    return _with_directories(data, directories, order)


def _compressed(raw: bytes, rows: int, compression: str) -> bytes:
    """What Pillow makes of rows as of a grey picture: compressions know nothing of pixels."""
    if compression == "deflate":
        return zlib.compress(raw)
    if not compression:
        return raw
    grey = Image.frombytes("L", (len(raw) // rows, rows), raw)
    stream = io.BytesIO()
    grey.save(stream, "TIFF", compression=compression, tiffinfo={278: rows})
    with Image.open(stream) as image:
        tags: Any = image
        ((start,), (size,)) = tags.tag_v2[273], tags.tag_v2[279]
    return stream.getvalue()[start : start + size]


def _pieces(plane: Array, tile: int) -> Iterable[Array]:
    height, width, bands = plane.shape
    if not tile:
        for top in range(0, height, 2):
            yield plane[top : top + 2]
        return
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            whole = np.zeros((tile, tile, bands), plane.dtype)
            part = plane[top : top + tile, left : left + tile]
            whole[: part.shape[0], : part.shape[1]] = part
            yield whole


def _with_directories(data: bytes, directories: list[dict[int, Any]], order: str) -> bytes:
    """Lay directories behind the data, each naming the next."""
    data += b"\0" * (len(data) % 2)
    first = len(data)
    for i, tags in enumerate(directories):
        start, body, longs = len(data), b"", b""
        place = start + 2 + 12 * len(tags) + 4
        for tag, value in sorted(tags.items()):
            kind, packed_value = _value(value, order)
            count = len(value) if isinstance(value, (list, str)) else 1
            body += struct.pack(f"{order}HHI", tag, kind, count)
            if len(packed_value) <= 4:
                body += packed_value.ljust(4, b"\0")
            else:
                body += struct.pack(f"{order}I", place + len(longs))
                longs += packed_value + b"\0" * (len(packed_value) % 2)
        after = place + len(longs) if i + 1 < len(directories) else 0
        data += struct.pack(f"{order}H", len(tags)) + body + struct.pack(f"{order}I", after) + longs
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}I", first) + data[8:]


def _value(value: Any, order: str) -> tuple[int, bytes]:
    if isinstance(value, str):
        return 2, value.encode()
    values = value if isinstance(value, list) else [value]
    return 4, struct.pack(f"{order}{len(values)}I", *values)
