"""Files that no program should trust: what they are called, how to make them, what igcli says."""

import base64
import gzip
import io
import os
import pickle
import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from PIL import Image

from igcli.common.arrays import Array

Make: TypeAlias = Callable[[Path], object]

COLOUR = (200, 100, 50)
GREY = (124, 124, 124)  # 0.299 R + 0.587 G + 0.114 B = 124.2
FLAT = Image.new("RGB", (8, 8), COLOUR)
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
EXPLODED = "exploded"


class Bad(NamedTuple):
    """How to make it at a path, and a part of what igcli says of it."""

    make: Make
    says: str


class Odd(NamedTuple):
    """How to make it at a path, and the colour that its middle shows; None where that is open."""

    make: Make
    shows: tuple[int, ...] | None = COLOUR


# What files are made of.


def encoded(form: str, image: Image.Image = NOISE, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def cut(form: str, share: float, **options: Any) -> bytes:
    data = encoded(form, **options)
    return data[: int(share * len(data))]


def patched(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def middle_lost(form: str, **options: Any) -> bytes:
    """Overwrite what lies in the middle of a file."""
    data = encoded(form, **options)
    return patched(data, len(data) // 2, b"\x55\xaa" * 40)


def bomb(mebibytes: int) -> bytes:
    """A zlib stream of zeros, a thousandth of its size; its checksum is wrong."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(2**20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\x9c" + mebibytes * block + deflate.flush() + bytes(4)


FOUR_GIB = bomb(4096)


def chunk(kind: bytes, data: bytes, wrong: int = 0) -> bytes:
    crc = zlib.crc32(kind + data) ^ wrong
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def header(
    width: int = 8, height: int = 8, depth: int = 8, colour: int = 2, wrong: int = 0
) -> bytes:
    """A PNG up to its pixels: colour type 0 grey, 2 RGB."""
    about = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", about, wrong)


ROWS = zlib.compress((b"\0" + bytes(COLOUR) * 8) * 8)
IDAT, IEND = chunk(b"IDAT", ROWS), chunk(b"IEND", b"")


def text_bomb(kind: bytes, before: bytes) -> bytes:
    return header() + chunk(kind, before + FOUR_GIB) + IDAT + IEND


def nearly_too_large() -> bytes:
    """A white PNG of 9,459 × 9,459 pixels of one bit: the last square below Pillow's limit."""
    side = 9459
    rows = zlib.compress((b"\0" + b"\xff" * (side // 8 + 1)) * side, 1)
    return header(side, side, 1, 0) + chunk(b"IDAT", rows) + IEND


def tiff(**changes: int) -> bytes:
    """A grey TIFF of 8 × 8 pixels, in one strip, with some of its tags changed."""
    tags = {
        "width": 8, "height": 8, "bits": 8, "compression": 1, "photometric": 1, "strips": 122,
        "samples": 1, "strip_rows": 8, "strip_bytes": 64,
    }  # fmt: skip
    numbers = (256, 257, 258, 259, 262, 273, 277, 278, 279)
    counts = {"strips": changes.pop("strip_count", 1)}
    entries = [
        struct.pack("<HHII", number, 4, counts.get(name, 1), value)
        for number, (name, value) in zip(numbers, {**tags, **changes}.items(), strict=True)
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + directory + b"\x7c" * 64


def gif(screen: int = 8, frame: int = 8, code_size: int = 2, frames: bool = True) -> bytes:
    picture = b"," + struct.pack("<HHHHBB", 0, 0, frame, frame, 0, code_size)
    data = picture + b"\x04\x84\x01\x05\x00\0" if frames else b""
    palette = bytes(3) + b"\xff" * 3
    return b"GIF89a" + struct.pack("<HHBBB", screen, screen, 0x80, 0, 0) + palette + data + b";"


def bmp(
    width: int = 8, height: int = 8, bits: int = 24, compression: int = 0, length: int = 40
) -> bytes:
    pixels = bytes(COLOUR[::-1]) * 64
    about = struct.pack(
        "<IiiHHIIiiII", length, width, height, 1, bits, compression, len(pixels), 0, 0, 0, 0
    )
    return b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + about + pixels


def jpeg(marker: bytes, offset: int, new: bytes) -> bytes:
    """A JPEG with bytes exchanged at an offset from a marker."""
    data = encoded("JPEG")
    return patched(data, data.index(marker) + offset, new)


def jpeg_with(segment: bytes) -> bytes:
    """A JPEG with a segment put before the others."""
    data = encoded("JPEG", FLAT)
    return data[:2] + segment + data[2:]


def npy(shape: str, described: str = "'<f4'", data: bytes = b"") -> bytes:
    text = f"{{'descr': {described}, 'fortran_order': False, 'shape': {shape}}}\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + data


def saved(array: Array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


class Exploding:
    """What makes a folder when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.place),)


# How they come to lie on the disk.


def holds(data: bytes) -> Make:
    return lambda path: path.write_bytes(data)


def numbers(array: Array) -> Make:
    return holds(saved(array))


def archive(**members: Array | bytes) -> Make:
    """An .npz; bytes are stored as they are, under a name without ending."""

    def make(path: Path) -> None:
        with ZipFile(path, "w", ZIP_DEFLATED) as file:
            for name, member in members.items():
                if isinstance(member, bytes):
                    file.writestr(name, member)
                else:
                    file.writestr(f"{name}.npy", saved(member))

    return make


def damaged_archive(path: Path) -> None:
    archive(image=GOOD)(path)
    path.write_bytes(patched(path.read_bytes(), 200, bytes(60)))


def links_to(target: str) -> Make:
    return lambda path: path.symlink_to(target)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


def two_gib(path: Path) -> None:
    """Two GiB that take no place on the disk."""
    with path.open("wb") as file:
        file.truncate(2**31)


def locked(path: Path) -> None:
    FLAT.save(path)
    path.chmod(0)


def folder_with(*names: str) -> Make:
    def make(path: Path) -> None:
        path.mkdir()
        for name in names:
            FLAT.save(path / name, "PNG")

    return make


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Exploding(path.parent / EXPLODED)))


def pickled_array(path: Path) -> None:
    path.write_bytes(saved(_exploding(path)))


def pickled_archive(path: Path) -> None:
    archive(image=_exploding(path))(path)


def _exploding(path: Path) -> Array:
    array = np.empty(3, object)
    array[:] = [Exploding(path.parent / EXPLODED)] * 3
    return array


# Among good images: each fails by its name, which pytest shows.

NO_IMAGE = "not an image that Pillow can read"
BROKEN = "can't be decoded: "
TOO_LARGE = "refused as a decompression bomb"
UNREADABLE = "can't be read: "
NO_FILE = "can't be read: it is no regular file"

NOT_IMAGES = {
    "empty.png": Bad(holds(b""), "the file is empty"),
    "one-byte.jpg": Bad(holds(b"\xff"), NO_IMAGE),
    "zeros.tiff": Bad(holds(bytes(5000)), NO_IMAGE),
    "text.webp": Bad(holds(b"this is no picture\n"), NO_IMAGE),
    "text-utf16.bmp": Bad(holds("kein Bild".encode("utf-16")), NO_IMAGE),
    "page.jpg": Bad(holds(b"<!DOCTYPE html><title>404 Not Found</title>"), NO_IMAGE),
    "svg.png": Bad(holds(b'<svg xmlns="http://www.w3.org/2000/svg"/>'), NO_IMAGE),
    "pdf.png": Bad(holds(encoded("PDF")), NO_IMAGE),
    "postscript.png": Bad(holds(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), NO_IMAGE),
    "psd.png": Bad(holds(b"8BPS\0\1" + bytes(400)), NO_IMAGE),
    "ico.png": Bad(holds(encoded("ICO")), NO_IMAGE),
    "array.png": Bad(holds(saved(np.zeros((8, 8, 3)))), NO_IMAGE),
    "gzipped.png": Bad(holds(gzip.compress(encoded("PNG"))), NO_IMAGE),
    "base64.png": Bad(holds(base64.b64encode(encoded("PNG"))), NO_IMAGE),
    "git-lfs.png": Bad(holds(b"version https://git-lfs.github.com/spec/v1\nsize 9\n"), NO_IMAGE),
    "sent-as-text.png": Bad(holds(encoded("PNG").replace(b"\r\n", b"\n")), NO_IMAGE),
    "pickle.png": Bad(pickled, NO_IMAGE),
    **{
        f"garbage.{ending}": Bad(holds(np.random.default_rng(i).bytes(3000)), NO_IMAGE)
        for i, ending in enumerate(("png", "jpg", "jpeg", "bmp", "gif", "tif", "tiff", "webp"))
    },
    **{
        f"magic-only.{ending}": Bad(holds(encoded(form)[:8]), NO_IMAGE)
        for form, ending in (("PNG", "png"), ("GIF", "gif"), ("TIFF", "tif"), ("BMP", "bmp"))
    },
}

TRUNCATED = {
    **{
        f"cut-to-{share:.0%}.{form.lower()}": Bad(holds(cut(form, share)), BROKEN)
        for form in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP")
        for share in (0.5, 0.9)
    },
    "cut-lzw.tif": Bad(holds(cut("TIFF", 0.5, compression="tiff_lzw")), NO_IMAGE),
    "cut-lossless.webp": Bad(holds(cut("WEBP", 0.5, lossless=True)), BROKEN),
    "cut-progressive.jpg": Bad(holds(cut("JPEG", 0.7, progressive=True)), BROKEN),
    "cut-before-the-pixels.png": Bad(holds(header()), NO_IMAGE),
    "cut-before-its-end.png": Bad(holds(header() + IDAT), BROKEN),
    "cut-before-its-end.jpg": Bad(holds(encoded("JPEG")[:-2]), BROKEN),
}

PNGS = {
    "no-pixels.png": Bad(holds(header() + IEND), BROKEN),
    "no-header.png": Bad(holds(b"\x89PNG\r\n\x1a\n" + IDAT + IEND), NO_IMAGE),
    "checksum-of-header.png": Bad(holds(header(wrong=1) + IDAT + IEND), NO_IMAGE),
    "checksum-of-pixels.png": Bad(holds(header() + chunk(b"IDAT", ROWS, 1) + IEND), BROKEN),
    "length-of-chunk.png": Bad(
        holds(header() + struct.pack(">I", 2**31 - 1) + IDAT[4:] + IEND), BROKEN
    ),
    "width-0.png": Bad(holds(header(0, 8) + IDAT + IEND), NO_IMAGE),
    "width-2147483647.png": Bad(holds(header(2**31 - 1, 8) + IDAT + IEND), TOO_LARGE),
    "side-65535.png": Bad(holds(header(65535, 65535) + IDAT + IEND), TOO_LARGE),
    "side-9460.png": Bad(holds(header(9460, 9460, 1, 0) + IDAT + IEND), TOO_LARGE),
    "depth-3.png": Bad(holds(header(depth=3) + IDAT + IEND), NO_IMAGE),
    "colour-type-5.png": Bad(holds(header(colour=5) + IDAT + IEND), NO_IMAGE),
    "no-zlib.png": Bad(holds(header() + chunk(b"IDAT", b"no zlib stream") + IEND), BROKEN),
    "row-filter-9.png": Bad(
        holds(header() + chunk(b"IDAT", zlib.compress(b"\x09" * 200)) + IEND), BROKEN
    ),
    "bomb-in-ztxt.png": Bad(holds(text_bomb(b"zTXt", b"key\0\0")), BROKEN),
    "bomb-in-itxt.png": Bad(holds(text_bomb(b"iTXt", b"key\0\1\0\0\0")), BROKEN),
    "bomb-in-iccp.png": Bad(holds(text_bomb(b"iCCP", b"key\0\0")), BROKEN),
    "bombs-by-the-hundred.png": Bad(
        holds(header() + 100 * chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(10**6))) + IDAT),
        BROKEN,
    ),
}

JPEGS = {
    "no-scan.jpg": Bad(holds(encoded("JPEG").partition(b"\xff\xda")[0] + b"\xff\xd9"), BROKEN),
    "side-0.jpg": Bad(holds(jpeg(b"\xff\xc0", 5, bytes(4))), NO_IMAGE),
    "side-65535.jpg": Bad(holds(jpeg(b"\xff\xc0", 5, b"\xff" * 4)), TOO_LARGE),
    "200-components.jpg": Bad(holds(jpeg(b"\xff\xc0", 9, b"\xc8")), NO_IMAGE),
    "huffman-table-lost.jpg": Bad(holds(jpeg(b"\xff\xc4", 4, b"\xff" * 56)), NO_IMAGE),
    "quantization-lost.jpg": Bad(holds(jpeg(b"\xff\xdb", 1, b"\xfe")), BROKEN),
    "scan-of-markers.jpg": Bad(holds(jpeg(b"\xff\xda", 14, b"\xff\xc0" * 300)), BROKEN),
    "endless-segment.jpg": Bad(holds(b"\xff\xd8\xff\xe1\xff\xffExif\0\0"), BROKEN),
}

TIFFS = {
    "width-0.tif": Bad(holds(tiff(width=0)), NO_IMAGE),
    "side-4294967295.tif": Bad(holds(tiff(width=2**32 - 1, height=2**32 - 1)), TOO_LARGE),
    "unknown-compression.tif": Bad(holds(tiff(compression=9999)), NO_IMAGE),
    "no-deflate.tif": Bad(holds(tiff(compression=8)), BROKEN),
    "77-bits.tif": Bad(holds(tiff(bits=77)), "can't be decoded"),
    "65535-samples.tif": Bad(holds(tiff(samples=65535)), "can't be decoded"),
    "strip-beyond-the-end.tif": Bad(holds(tiff(strips=2**31)), BROKEN),
    "strips-by-the-billion.tif": Bad(holds(tiff(strip_count=2**32 - 1)), NO_IMAGE),
    "directory-beyond-the-end.tif": Bad(holds(b"II*\0\0\0\0\x80" + bytes(50)), NO_IMAGE),
    "65535-tags.tif": Bad(holds(b"II*\0\x08\0\0\0\xff\xff" + bytes(100)), NO_IMAGE),
    "lzw-damaged.tif": Bad(holds(middle_lost("TIFF", compression="tiff_lzw")), BROKEN),
    "floats.tif": Bad(
        holds(encoded("TIFF", Image.fromarray(np.ones((4, 4), np.float32)))),
        "has float pixels of unknown range",
    ),
    "negative-32-bit.tif": Bad(
        holds(encoded("TIFF", Image.fromarray(np.full((4, 4), -5, np.int32)))),
        "has pixels outside 0 to 65535",
    ),
}

OTHER_FORMATS = {
    "side-0.gif": Bad(holds(gif(0, 0)), NO_IMAGE),
    "side-65535.gif": Bad(holds(gif(65535, 65535)), TOO_LARGE),
    "frame-larger-than-screen.gif": Bad(holds(gif(8, 65535)), TOO_LARGE),
    "frame-0.gif": Bad(holds(gif(8, 0)), BROKEN),
    "code-size-255.gif": Bad(holds(gif(code_size=255)), BROKEN),
    "no-frame.gif": Bad(holds(gif(frames=False)), NO_IMAGE),
    "lzw-damaged.gif": Bad(holds(middle_lost("GIF")), BROKEN),
    "side-0.bmp": Bad(holds(bmp(0, 0)), NO_IMAGE),
    "width-negative.bmp": Bad(holds(bmp(width=-8)), TOO_LARGE),
    "side-2147483647.bmp": Bad(holds(bmp(2**31 - 1, 2**31 - 1)), TOO_LARGE),
    "height-least.bmp": Bad(holds(bmp(height=-(2**31))), TOO_LARGE),
    "13-bits.bmp": Bad(holds(bmp(bits=13)), BROKEN),
    "unknown-compression.bmp": Bad(holds(bmp(compression=99)), BROKEN),
    "long-header.bmp": Bad(holds(bmp(length=9999)), BROKEN),
    "unknown-chunk.webp": Bad(holds(patched(encoded("WEBP"), 12, b"ABCD")), NO_IMAGE),
    "length-of-chunk.webp": Bad(holds(patched(encoded("WEBP"), 16, b"\xff" * 4)), BROKEN),
    "damaged.webp": Bad(
        holds(patched(encoded("WEBP", lossless=True), 30, bytes(400))), BROKEN
    ),
    "side-16777216.webp": Bad(
        holds(b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0" + b"\xff" * 6 + b"ANMF" + bytes(4)),
        TOO_LARGE,
    ),
}  # fmt: skip

PATHS = {
    "dangling.png": Bad(links_to("gone.png"), "can't be read: No such file or directory"),
    "link-to-itself.png": Bad(links_to("link-to-itself.png"), "can't be read: Too many levels"),
    "loop-a.png": Bad(links_to("loop-b.png"), "can't be read: Too many levels"),
    "loop-b.png": Bad(links_to("loop-a.png"), "can't be read: Too many levels"),
    "through-a-file.png": Bad(links_to("a.png/inside.png"), "can't be read: Not a directory"),
    "link-too-long.png": Bad(links_to("x" * 300), "can't be read: File name too long"),
    "device.png": Bad(links_to("/dev/zero"), NO_FILE),
    "pipe.png": Bad(pipe, NO_FILE),
    "link-to-a-pipe.jpg": Bad(links_to("pipe.png"), NO_FILE),
    "socket.png": Bad(socket, NO_FILE),
    "two-gib.png": Bad(two_gib, "can't be read: it has 2147483648 bytes, more than 1 GiB"),
    "locked.png": Bad(locked, "can't be read: Permission denied"),
}

ODD_NAMES = {
    "new\nline.png": Bad(holds(b"no"), NO_IMAGE),
    "carriage\rreturn.png": Bad(holds(b"no"), NO_IMAGE),
    "\x1b[31mred\x07.png": Bad(holds(b"no"), NO_IMAGE),
    "-o.png": Bad(holds(b"no"), NO_IMAGE),
    'comma,"quote".png': Bad(holds(b"no"), NO_IMAGE),
    "😀.png": Bad(holds(b"no"), NO_IMAGE),
    "\u202egnp.png": Bad(holds(b"no"), NO_IMAGE),
    "x" * 251 + ".png": Bad(holds(b"no"), NO_IMAGE),
    os.fsdecode(b"caf\xe9.png"): Bad(holds(b"no"), NO_IMAGE),
    "SHOUTED.PNG": Bad(holds(b"no"), NO_IMAGE),
}

AMONG_GOOD_ONES = {
    **NOT_IMAGES, **TRUNCATED, **PNGS, **JPEGS, **TIFFS, **OTHER_FORMATS, **PATHS, **ODD_NAMES
}  # fmt: skip

# Not bad, however odd: each is explained.


def animated(form: str) -> bytes:
    other = Image.new("RGB", (8, 8), "blue")
    options = {"lossless": True} if form == "WEBP" else {}
    return encoded(form, FLAT, save_all=True, append_images=[other], **options)


def turned(form: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(form, FLAT, exif=exif)


def deep() -> bytes:
    return encoded("PNG", Image.fromarray(np.full((8, 8), 124 * 257, np.uint16)))


def see_through() -> bytes:
    palette = Image.new("P", (8, 8))
    palette.putpalette(list(COLOUR))
    return encoded("PNG", palette, transparency=0)


def interlaced() -> bytes:
    """Adam7: 8 × 8 pixels in seven passes."""
    sizes = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
    rows = b"".join((b"\0" + bytes(COLOUR) * w) * h for w, h in sizes)
    about = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", about) + chunk(b"IDAT", zlib.compress(rows)) + IEND


def beside_a_strange_run(path: Path) -> None:
    """An image in a folder whose run.json is nested deeper than Python reads."""
    FLAT.save(path)
    (path.parent / "run.json").write_text("[" * 100_000)


CMYK = Image.new("CMYK", (8, 8), (55, 155, 205, 0))
BAD_EXIF = b"Exif\0\0II*\0\x08\0\0\0\xff\xff"

ODD_BUT_GOOD = {
    "animated.gif": Odd(holds(animated("GIF"))),
    "animated.png": Odd(holds(animated("PNG"))),
    "animated.webp": Odd(holds(animated("WEBP"))),
    "animated.tif": Odd(holds(animated("TIFF"))),
    "cmyk.jpg": Odd(holds(encoded("JPEG", CMYK, quality=95)), None),
    "progressive.jpg": Odd(holds(encoded("JPEG", FLAT, progressive=True))),
    "grey.jpg": Odd(holds(encoded("JPEG", FLAT.convert("L"))), GREY),
    "turned.jpg": Odd(holds(turned("JPEG"))),
    "turned.png": Odd(holds(turned("PNG"))),
    "broken-exif.jpg": Odd(holds(encoded("JPEG", FLAT, exif=BAD_EXIF))),
    "broken-profile.jpg": Odd(holds(jpeg_with(b"\xff\xe2\0\x1eICC_PROFILE\0\x09\x01" + b"x" * 14))),
    "more-behind.jpg": Odd(holds(encoded("JPEG", FLAT) + b"more")),
    # libjpeg goes on after damage, and Pillow does not tell.
    "damaged.jpg": Odd(holds(middle_lost("JPEG")), None),
    "palette-with-transparency.png": Odd(holds(see_through())),
    "one-bit.png": Odd(holds(encoded("PNG", Image.new("1", (8, 8), 1))), (255, 255, 255)),
    "sixteen-bit.png": Odd(holds(deep()), GREY),
    "grey-with-alpha.png": Odd(holds(encoded("PNG", Image.new("LA", (8, 8), (124, 9)))), GREY),
    "colour-with-alpha.png": Odd(holds(encoded("PNG", Image.new("RGBA", (8, 8), (*COLOUR, 0))))),
    "interlaced.png": Odd(holds(interlaced())),
    "one-pixel.png": Odd(holds(encoded("PNG", Image.new("RGB", (1, 1), COLOUR)))),
    "one-by-5000.png": Odd(holds(encoded("PNG", Image.new("RGB", (1, 5000), COLOUR)))),
    "5000-by-one.png": Odd(holds(encoded("PNG", Image.new("RGB", (5000, 1), COLOUR)))),
    "nearly-too-large.png": Odd(holds(nearly_too_large()), (255, 255, 255)),
    "more-than-it-declares.png": Odd(holds(header() + chunk(b"IDAT", FOUR_GIB) + IEND), (0, 0, 0)),
    "more-behind.png": Odd(holds(header() + IDAT + IEND + b"more")),
    "really-a-jpeg.png": Odd(holds(encoded("JPEG", FLAT))),
    "UPPER-CASE.PNG": Odd(holds(encoded("PNG", FLAT))),
    "upright.bmp": Odd(holds(bmp())),
    "top-down.bmp": Odd(holds(bmp(height=-8))),
    "no-trailer.gif": Odd(holds(encoded("GIF", FLAT)[:-1])),
    "plain.tif": Odd(holds(tiff()), GREY),
    "lzw.tif": Odd(holds(encoded("TIFF", FLAT, compression="tiff_lzw"))),
    "folder.png/inside.png": Odd(holds(encoded("PNG", FLAT))),
    "run/inside.png": Odd(beside_a_strange_run),
    "link.png": Odd(links_to("upright.bmp")),
    "new\nline.png": Odd(holds(encoded("PNG", FLAT))),
    "\x1b[31m\x07.png": Odd(holds(encoded("PNG", FLAT))),
    "😀.png": Odd(holds(encoded("PNG", FLAT))),
    " .png": Odd(holds(encoded("PNG", FLAT))),
    "x" * 251 + ".png": Odd(holds(encoded("PNG", FLAT))),
    os.fsdecode(b"\xff\xfe.png"): Odd(holds(encoded("PNG", FLAT))),
}

# INPUTS that can't be used at all.

GOOD = np.random.default_rng(1).random((3, 8, 8, 3)).astype(np.float32)
CANT_NPY = "can't be read as an .npy array"
CANT_NPZ = "can't be read as an .npz archive"
WANTS = "the model's input 'image' wants (N, 8, 8, 3)"


def nothing(path: Path) -> None:
    """Make nothing."""


UNUSABLE_PATHS = {
    "absent": Bad(nothing, "does not exist"),
    "absent.png": Bad(nothing, "does not exist"),
    "absent.npy": Bad(nothing, "does not exist"),
    "dangling.npy": Bad(links_to("gone"), "does not exist"),
    "link-to-itself": Bad(links_to("link-to-itself"), "does not exist"),
    "x" * 300: Bad(nothing, "can't be used: File name too long"),
    "empty": Bad(folder_with(), "holds no image: it is empty"),
    "hidden-only": Bad(folder_with(".a.png", ".b.jpg"), "holds no image: it is empty"),
    "text-only": Bad(folder_with("a.txt", "b.csv", "c"), "holds no image: 3 of another kind"),
    "list.txt": Bad(holds(b"a.png\nb.png\n"), "is of no known kind"),
    "picture.heic": Bad(holds(b"x"), "is of no known kind"),
    "no-ending": Bad(holds(encoded("PNG")), "is of no known kind"),
    "pipe.png": Bad(pipe, "is no regular file"),
    "pipe.npy": Bad(pipe, "is no regular file"),
    "socket.npz": Bad(socket, "is no regular file"),
    "device.npy": Bad(links_to("/dev/zero"), "is no regular file"),
}

UNUSABLE_ARRAYS = {
    "empty.npy": Bad(holds(b""), CANT_NPY),
    "garbage.npy": Bad(holds(b"garbage" * 99), CANT_NPY),
    "magic-only.npy": Bad(holds(b"\x93NUMPY"), CANT_NPY),
    "version-9.npy": Bad(holds(b"\x93NUMPY\x09\0"), CANT_NPY),
    "cut-header.npy": Bad(holds(saved(GOOD)[:50]), CANT_NPY),
    "cut-data.npy": Bad(holds(saved(GOOD)[:-1]), CANT_NPY),
    "header-by-the-gib.npy": Bad(holds(b"\x93NUMPY\2\0\xff\xff\xff\xff{"), CANT_NPY),
    "nested-header.npy": Bad(holds(npy("(" * 300 + ")" * 300)), CANT_NPY),
    "rows-by-the-million.npy": Bad(holds(npy("(1000000, 1000, 1000, 3)")), CANT_NPY),
    "rows-beyond-counting.npy": Bad(holds(npy(f"({10**25}, 8, 8, 3)")), CANT_NPY),
    "rows-negative.npy": Bad(holds(npy("(-1, 8, 8, 3)")), CANT_NPY),
    "rows-of-nothing.npy": Bad(holds(npy("(1000000000000, 0)")), "the first axis counts"),
    "shape-of-letters.npy": Bad(holds(npy("'abc'")), CANT_NPY),
    "three-byte-floats.npy": Bad(holds(npy("(3, 8)", "'<f3'")), CANT_NPY),
    "no-rows.npy": Bad(numbers(GOOD[:0]), "has shape (0, 8, 8, 3): the first axis counts"),
    "0-d.npy": Bad(numbers(np.zeros((), np.float32)), "has shape (): the first axis counts"),
    "1-d.npy": Bad(numbers(np.zeros(192, np.float32)), "has shape (192,): the first axis"),
    "objects.npy": Bad(pickled_array, CANT_NPY),
    "pickle.npy": Bad(pickled, CANT_NPY),
    "strings.npy": Bad(numbers(np.array([["a"], ["b"]])), "holds <U1"),
    "complex.npy": Bad(numbers(GOOD.astype(complex)), "holds complex128"),
    "structured.npy": Bad(numbers(np.zeros((3, 8), "i4,f4")), "holds [('f0', '<i4'), "),
    "dates.npy": Bad(numbers(np.zeros((3, 8, 8, 3), "M8[s]")), "holds datetime64[s]"),
    "durations.npy": Bad(numbers(np.zeros((3, 8, 8, 3), "m8[s]")), "holds timedelta64[s]"),
    "really-an-npz.npy": Bad(archive(image=GOOD), "is an archive of several arrays"),
    "integers.npy": Bad(numbers(np.zeros((3, 8, 8, 3), int)), "the model's input 'image' takes"),
    "grey.npy": Bad(numbers(GOOD[..., :1]), WANTS),
    "channels-first.npy": Bad(numbers(GOOD.transpose(0, 3, 1, 2)), WANTS),
    "another-height.npy": Bad(numbers(GOOD[:, :7]), WANTS),
    "one-picture.npy": Bad(numbers(GOOD[0]), WANTS),
    "new\nline.npy": Bad(holds(b"no"), CANT_NPY),
}

UNUSABLE_ARCHIVES = {
    "zero-bytes.npz": Bad(holds(b""), CANT_NPZ),
    "garbage.npz": Bad(holds(b"PK\3\4" + b"garbage" * 99), CANT_NPZ),
    "really-an-npy.npz": Bad(numbers(GOOD), CANT_NPZ),
    "pickle.npz": Bad(pickled, CANT_NPZ),
    "objects.npz": Bad(pickled_archive, CANT_NPZ),
    "damaged.npz": Bad(damaged_archive, CANT_NPZ),
    "cut-member.npz": Bad(archive(**{"image.npy": saved(GOOD)[:-1]}), CANT_NPZ),
    "rows-by-the-million.npz": Bad(
        archive(**{"image.npy": npy("(1000000, 1000, 1000, 3)")}), CANT_NPZ
    ),
    "rows-of-nothing.npz": Bad(archive(**{"image.npy": npy("(1000000000000, 0)")}), "no rows"),
    "no-members.npz": Bad(archive(), "holds no rows"),
    "no-rows.npz": Bad(archive(image=GOOD[:0]), "holds no rows: image (0, 8, 8, 3)"),
    "0-d.npz": Bad(archive(image=np.zeros(())), "holds no rows: image ()"),
    "lengths.npz": Bad(archive(left=GOOD, right=GOOD[:2]), "has arrays of different lengths"),
    "text.npz": Bad(archive(image=GOOD, notes=b"text"), "holds 'notes', which is no array"),
    "strings.npz": Bad(archive(image=np.array(["a", "b"])), "holds <U1"),
    "other-names.npz": Bad(archive(left=GOOD, right=GOOD), "has 2 arrays: left, right"),
}

UNUSABLE = {**UNUSABLE_PATHS, **UNUSABLE_ARRAYS, **UNUSABLE_ARCHIVES}
