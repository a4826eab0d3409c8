"""decode: an image file as float32 pixels of 0–255, (height, width, channels), at a size."""

import io
import stat
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from igcli.common.arrays import Array
from igcli.common.errors import InputError, reason
from igcli.common.orientation import ORIENTATION, upright
from igcli.common.picture_files import READ
from igcli.common.placement import RESIZE, Size
from igcli.inputs.readers.bit_depth import own_numbers, png_full
from igcli.inputs.readers.png_colours import deep_colours, has_deep_colours
from igcli.inputs.readers.samples import Samples, with_bands
from igcli.inputs.readers.tiff_bands import banded_tiff

# What a Pillow may have been built without.
_NOT_BUILT = frozenset(() if features.check("avif") else {".avif"}) | frozenset(
    () if features.check("jpg_2000") else {".jp2", ".j2k", ".jpx"}
)
EXTENSIONS = READ - _NOT_BUILT
_FORMATS = tuple(
    ["PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "PPM"]
    + (["JPEG2000"] if features.check("jpg_2000") else [])
    + (["AVIF"] if features.check("avif") else [])
)
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_MOST_BYTES = 2**30
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
_PNG = b"\x89PNG"
_MAY_BE_DEEP = (_PNG, b"II", b"MM", b"P5", b"P6")


def read_file(path: Path) -> bytes:
    """Return what is in an image file; raise InputError where that can't be had."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            # To read a pipe or a device may never end.
            raise InputError("can't be read: it is no regular file")
        if status.st_size > _MOST_BYTES:
            raise InputError(f"can't be read: it has {status.st_size} bytes, more than 1 GiB")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"can't be read: {reason(error)}") from error


def decode(data: bytes, size: Size, channels: int, resize: str, depth: int | None = None) -> Array:
    """Decode a file's first frame, upright (EXIF), at the model's size and channels.

    Colour becomes grey by ITU-R 601 luma, alpha is dropped (as Keras' ``load_img`` does), and
    samples of more than 8 bits keep their precision.

    Parameters
    ----------
    data : bytes
        The whole file.
    size : Size
        (width, height) of the result.
    channels : int
        1 for grey, 3 for RGB, 4 for RGBA; others are a file's own bands.
    resize : str
        A name from RESIZE.
    depth : int, optional
        How many bits samples of more than 8 bits have; by default what the file tells, else 16.

    Returns
    -------
    ndarray
        float32, shape (height, width, channels), 0–255.

    Raises
    ------
    InputError
        When Pillow can't read the data, or finds it truncated or absurdly large.
    """
    found = _read(data, channels)
    if isinstance(found, Samples):
        pixels = with_bands(found.pixels(depth), channels, found.has_alpha)
        bands = [Image.fromarray(np.ascontiguousarray(band)) for band in np.moveaxis(pixels, 2, 0)]
        placed = [np.asarray(_place(band, size, resize), np.float32) for band in bands]
        return np.stack(placed, axis=2)
    plain = _place(found, size, resize)
    return np.asarray(plain, dtype=np.float32).reshape(size[1], size[0], channels)


def undeclared_peak(data: bytes, channels: int) -> float:
    """Return the largest number of a file that does not tell how many of its 16 bits are used.

    0 for every other file, and for one that can't be read.
    """
    if not data.startswith(_MAY_BE_DEEP) or (data.startswith(_PNG) and data[24:25] != b"\x10"):
        return 0.0
    try:
        found = _read(data, channels)
    except InputError:
        return 0.0
    if not isinstance(found, Samples) or found.full or not found.whole:
        return 0.0
    return float(found.numbers.max())


def _read(data: bytes, channels: int) -> Samples | Image.Image:
    """Return a file's samples where these are no photo's of 8 bits; else the photo in its mode."""
    if not data:
        raise InputError("the file is empty")
    try:
        bands = banded_tiff(data, channels)
        return bands if bands is not None else _read_by_pillow(data, channels)
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError("not an image that Pillow can read") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"refused as a decompression bomb: {error}") from None
    except Exception as error:
        # Broken files make Pillow's decoders raise nearly anything: OSError, SyntaxError,
        # struct.error, IndexError, zlib.error, MemoryError, …
        cause = " ".join(str(error).replace("\0", " ").split()) or type(error).__name__
        raise InputError(f"can't be decoded: {cause}") from error


def _read_by_pillow(data: bytes, channels: int) -> Samples | Image.Image:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        _refuse_bomb(image)
        image.load()
        _check_sums(data, image.format)
        if has_deep_colours(data):
            numbers = deep_colours(data).astype(np.float32)
            full, has_alpha = png_full(data, numbers), numbers.shape[2] != 3
            turned = upright(numbers, image.getexif().get(ORIENTATION, 1))
            return Samples(turned, full, has_alpha=has_alpha)
        turned_image = ImageOps.exif_transpose(image)
        if image.mode in _DEEP_MODES:
            numbers = np.asarray(turned_image, np.float32)
            tags = getattr(image, "tag_v2", {})
            numbers, full = own_numbers(numbers, image.format or "", data, tags)
            return Samples(numbers[..., None], full, whole=image.mode != "F")
        if channels in _MODES:
            return _plain(turned_image, _MODES[channels])
        own = _plain(turned_image, image.mode if image.mode in {"L", "LA", "RGBA"} else "RGB")
        numbers = np.asarray(own, np.float32).reshape(own.height, own.width, -1)
        return Samples(numbers, 255.0)


def _refuse_bomb(image: Image.Image) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        raise InputError(f"{image.width}×{image.height} pixels: refused as a decompression bomb")


def _check_sums(data: bytes, form: str | None) -> None:
    """Raise where a PNG's checksums are wrong or its end is missing: `load` looks at neither."""
    if form == "PNG":
        with Image.open(io.BytesIO(data), formats=(form,)) as image:
            image.verify()


def _place(image: Image.Image, target: Size, resize: str) -> Image.Image:
    placement = RESIZE[resize](image.size, target)
    # Bilinear and antialiased: Pillow widens the kernel when it shrinks.
    inner = image.resize(placement.size, Image.Resampling.BILINEAR, box=placement.box)
    if placement.size == target:
        return inner
    canvas = Image.new(image.mode, target)
    canvas.paste(inner, placement.offset)
    return canvas


def _plain(image: Image.Image, mode: str) -> Image.Image:
    if image.mode in {"P", "PA"} and mode != "RGBA":
        image = image.convert("RGBA").convert("RGB")
    if image.mode == "LAB":
        # Pillow has a way to RGB alone.
        image = image.convert("RGB")
    return image if image.mode == mode else image.convert(mode)
