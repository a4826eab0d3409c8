"""TIFF bands: images of any number of bands, pages and bits, which Pillow can't open as they are.

Pillow reads the directory, and unpacks the data of each band or pixel row as a grey picture of
plain bytes, for which the directory is written anew; what the bytes mean is settled here.
"""

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.common.orientation import upright
from igcli.inputs.readers.bit_depth import tiff_full
from igcli.inputs.readers.samples import Samples
from igcli.inputs.readers.tiff_bytes import Packing, numbers_of

_PREFIXES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
(
    _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _STRIPS, _ORIENTATION, _BANDS,
    _ROWS, _STRIP_BYTES, _PLANAR, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES,
    _EXTRA, _FORMAT,
) = (
    256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339,
)  # fmt: skip
_COPIED = (_HEIGHT, _COMPRESSION, _FILL_ORDER, _ROWS, _TILE_HEIGHT)
# None, LZW, deflate (two numbers), PackBits, LZMA, Zstandard: they know nothing of pixels.
_OF_BYTES = frozenset({1, 5, 8, 32773, 32946, 34925, 50000})
_MIN_IS_WHITE = 0
_UNSIGNED = 1
# White is 0, black is 0, RGB: bands that are what they are.
_SIMPLE = (_MIN_IS_WHITE, 1, 2)
_ALPHA = (1, 2)
_PHOTOS = (1, 3, 4)
_OF_PILLOW = (1, 2, 4, 8, 16, 32)
_MOST_PAGES = 1024


@dataclass(frozen=True, slots=True)
class _Page:
    """One directory of a TIFF: its tags, and the whole file."""

    tags: dict[int, Any]
    data: bytes

    @property
    def bands(self) -> int:
        return int(self.tags.get(_BANDS, 1))

    @property
    def bits(self) -> int:
        return int(max(self.tags.get(_BITS, (1,))))

    @property
    def has_alpha(self) -> bool:
        extra = self.tags.get(_EXTRA, ())
        return bool(extra) and extra[-1] in _ALPHA

    @property
    def is_white_zero(self) -> bool:
        """Whether its numbers, which are no floats, count from white on."""
        return self.form == _UNSIGNED and int(self.tags.get(_PHOTOMETRIC, 1)) == _MIN_IS_WHITE

    @property
    def is_unsigned_32(self) -> bool:
        return self.form == _UNSIGNED and self.bits == 32

    @property
    def form(self) -> int:
        return int(max(self.tags.get(_FORMAT, (_UNSIGNED,))))

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.tags[_HEIGHT]), int(self.tags[_WIDTH])

    def samples(self) -> Array:
        """Return its numbers, (height, width, bands), upright."""
        compression = int(self.tags.get(_COMPRESSION, 1))
        if compression not in _OF_BYTES:
            raise InputError(
                f"is a TIFF of {self.bands} bands with compression {compression}: save it with "
                "deflate, LZW or none"
            )
        count = len(self._offsets())
        if int(self.tags.get(_PLANAR, 1)) == 1:
            numbers = self._together(self.bands, range(count))
        else:
            each = count // self.bands
            planes = (range(i * each, (i + 1) * each) for i in range(self.bands))
            numbers = np.concatenate([self._together(1, plane) for plane in planes], axis=2)
        return upright(numbers, int(self.tags.get(_ORIENTATION, 1)))

    def _together(self, bands: int, pieces: range) -> Array:
        """Return the numbers of strips or tiles that hold so many bands side by side."""
        height, width = self.shape
        tile = int(self.tags.get(_TILE_WIDTH, width))
        # Tiles at the right edge are as wide as the others.
        whole = -(-width // tile) * tile
        raw = self._bytes(_row_bytes(whole, bands, self.bits), pieces, bands)
        packing = Packing(
            bits=self.bits,
            form=self.form,
            order="<" if self.data[:1] == b"I" else ">",
            predictor=int(self.tags.get(_PREDICTOR, 1)),
            tile=tile,
        )
        return numbers_of(raw, (height, whole, bands), packing)[:, :width]

    def _offsets(self) -> tuple[int, ...]:
        found: tuple[int, ...] = self.tags[_TILES if _TILE_WIDTH in self.tags else _STRIPS]
        return found

    def _bytes(self, row: int, pieces: range, bands: int) -> Array:
        """Unpack some strips or tiles as a grey picture of bytes, uint8 (height, row)."""
        is_tiled = _TILE_WIDTH in self.tags
        places, sizes = (_TILES, _TILE_BYTES) if is_tiled else (_STRIPS, _STRIP_BYTES)
        entries = {tag: [int(self.tags[tag])] for tag in _COPIED if tag in self.tags}
        entries |= {_WIDTH: [row], _BANDS: [1], _PHOTOMETRIC: [1], _PLANAR: [1], _BITS: [8]}
        if is_tiled:
            tile = int(self.tags[_TILE_WIDTH])
            entries[_TILE_WIDTH] = [_row_bytes(tile, bands, self.bits)]
        entries[places] = [int(self.tags[places][i]) for i in pieces]
        entries[sizes] = [int(self.tags[sizes][i]) for i in pieces]
        with Image.open(io.BytesIO(_with_directory(self.data, entries)), formats=("TIFF",)) as grey:
            return np.asarray(grey)


def _row_bytes(width: int, bands: int, bits: int) -> int:
    return (width * bands * bits + 7) // 8


def banded_tiff(data: bytes, channels: int) -> Samples | None:
    """Return a TIFF's samples, where Pillow would not give them all; None for every other file.

    That is one of several bands of more than 8 bits, of other bands than a photo has, of bits that
    fill no bytes, of more than 8 that count from white on, of more than Pillow's own numbers have,
    or of as many pages as the model takes channels.
    """
    if data[:4] not in _PREFIXES:
        return None
    try:
        pages = _pages(data)
        needs_bands = bool(pages) and _needs_bands(pages, channels)
    except Exception:
        # Pillow says what is wrong with it.
        return None
    if not needs_bands:
        return None
    first = pages[0]
    used = pages[:channels] if first.bands == 1 and channels not in _PHOTOS else pages[:1]
    _refuse_bomb(first, len(used))
    numbers = np.concatenate([page.samples() for page in used], axis=2)
    return Samples(
        numbers.astype(np.float32),
        255.0 if first.bits == 8 else tiff_full(first.tags),
        whole=numbers.dtype.kind != "f",
        has_alpha=first.has_alpha and channels in _PHOTOS,
        white_is_zero=first.is_white_zero,
    )


def _needs_bands(pages: list[_Page], channels: int) -> bool:
    first = pages[0]
    if int(first.tags.get(_PHOTOMETRIC, 1)) not in _SIMPLE:
        return False
    is_science = channels not in _PHOTOS
    if first.bands == 1:
        is_stack = is_science and len(pages) == channels
        # Pillow gives the negative of the former, and the latter with a sign.
        is_deep = first.bits > 8 and (first.is_white_zero or first.is_unsigned_32)
        return is_stack or is_deep or first.bits not in _OF_PILLOW
    is_deep_or_odd = first.bits > 8 or first.bands not in (2, *_PHOTOS)
    return is_science or is_deep_or_odd or (first.bands == channels == 4 and not first.has_alpha)


def _refuse_bomb(page: _Page, pages: int) -> None:
    height, width = page.shape
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and height * width * page.bands * pages > limit:
        raise InputError(f"{width}×{height} pixels: refused as a decompression bomb")


def _pages(data: bytes) -> list[_Page]:
    stream = io.BytesIO(data)
    head = stream.read(16 if b"+" in data[:4] else 8)
    pages: list[_Page] = []
    directory = ImageFileDirectory_v2(head)
    place, seen = directory.next, set[int]()
    while place and place not in seen and len(pages) < _MOST_PAGES:
        seen.add(place)
        stream.seek(place)
        directory = ImageFileDirectory_v2(head)
        directory.load(stream)
        pages.append(_Page(dict(directory), data))
        place = directory.next
    return pages


def _with_directory(data: bytes, entries: dict[int, list[int]]) -> bytes:
    """Return a TIFF's bytes with one little-endian directory, of these tags, at the end.

    The first eight bytes of a file are its header, in both sizes of TIFF; pixels never lie there.
    """
    start = len(data) + len(data) % 2
    long_place = start + 2 + 12 * len(entries) + 4
    body, longs = struct.pack("<H", len(entries)), b""
    for tag, values in sorted(entries.items()):
        packed = struct.pack(f"<{len(values)}I", *values)
        is_short = len(values) == 1
        body += struct.pack("<HHI", tag, 4, len(values))
        body += packed if is_short else struct.pack("<I", long_place + len(longs))
        longs += b"" if is_short else packed
    directory = body + struct.pack("<I", 0) + longs
    return b"II*\0" + struct.pack("<I", start) + data[8:] + b"\0" * (len(data) % 2) + directory
