"""The bit depth of a file: which number is full brightness, where the file tells."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from igcli.common.arrays import Array

_BITS_PER_SAMPLE, _DESCRIPTION = 258, 270
_MOST = (281, 341)  # MaxSampleValue, SMaxSampleValue
_OME_BITS = 'SignificantBits="'
_PNG_HEAD = 8


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names and contents of a PNG's chunks before its pixels."""
    place = _PNG_HEAD
    while place + 8 <= len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        name = data[place + 4 : place + 8]
        if name == b"IDAT":
            return
        yield name, data[place + 8 : place + 8 + size]
        place += 12 + size


def png_full(data: bytes, numbers: Array) -> float | None:
    """Return what full brightness is in a 16-bit PNG with an sBIT chunk; None without one.

    The standard has samples of fewer bits stretched to all sixteen; instruments write them as they
    are. Which of the two it is, the numbers tell.
    """
    bits = next((max(content) for name, content in png_chunks(data) if name == b"sBIT"), 16)
    if not 0 < bits < 16:
        return None
    as_they_are = numbers.max() < 2**bits and not _is_stretched(numbers, bits)
    return float(2**bits - 1) if as_they_are else 65535.0


def _is_stretched(numbers: Array, bits: int) -> bool:
    """Tell whether numbers are what samples of so many bits become over sixteen."""
    short = numbers.astype(np.uint32)
    samples = short >> (16 - bits)
    ways = (
        samples << (16 - bits),
        (samples << (16 - bits)) | (samples >> max(0, 2 * bits - 16)),
        np.rint(samples * (65535.0 / (2**bits - 1))).astype(np.uint32),
    )
    return any(bool((short == way).all()) for way in ways)


def tiff_full(tags: Any) -> float | None:
    """Return what full brightness is by a TIFF's own tags; None where they don't tell."""
    bits = tags.get(_BITS_PER_SAMPLE, (8,))
    bits = max(bits) if isinstance(bits, tuple) else int(bits)
    if bits < 16 and bits != 8:
        return float(2**bits - 1)
    for tag in _MOST:
        found = tags.get(tag)
        most = max(found) if isinstance(found, tuple) and found else found
        # Some write the largest number of the image there, which says nothing of the next image.
        if isinstance(most, (int, float)) and 255 < most < 65535 and _is_full(int(most)):
            return float(most)
    text = str(tags.get(_DESCRIPTION, ""))
    digits = text.partition(_OME_BITS)[2].partition('"')[0]
    if digits.isdecimal() and 8 < int(digits) < 16:
        return float(2 ** int(digits) - 1)
    return None


def _is_full(most: int) -> bool:
    return most & (most + 1) == 0


def ppm_full(data: bytes) -> float:
    """Return the largest number that a binary PGM or PPM says that it may have."""
    head = b"\n".join(line.partition(b"#")[0] for line in data[:4096].split(b"\n"))
    return float(head.split()[3])


def own_numbers(numbers: Array, form: str, data: bytes, tags: Any) -> tuple[Array, float | None]:
    """Return a grey image's numbers as the file has them, and what full brightness is, if told.

    Parameters
    ----------
    numbers : Array
        float32 (height, width), as Pillow gives them: it has stretched those of PGM and JPEG 2000
        to sixteen bits by what the file tells.
    form : str
        Pillow's name of the format.
    data : bytes
        The file.
    tags : mapping
        A TIFF's tags.
    """
    if form == "PNG":
        return numbers, png_full(data, numbers)
    if form == "TIFF":
        return numbers, tiff_full(tags)
    if form == "PPM":
        full = ppm_full(data)
        return np.rint(numbers * np.float32(full / 65535.0)), full if full < 65535.0 else None
    if form == "JPEG2000":
        bits = jpeg2000_bits(data)
        if 8 < bits < 16:
            return np.floor(numbers / 2 ** (16 - bits)), float(2**bits - 1)
    return numbers, None


def jpeg2000_bits(data: bytes) -> int:
    """Return how many bits the first component of a JPEG 2000 has; 16 where it is not found."""
    place = data.find(b"\xff\x4f\xff\x51")
    size = 42
    if place < 0 or place + size >= len(data):
        return 16
    return (data[place + size] & 0x7F) + 1
