"""One image file → pixels: float32 0–255, (height, width, channels), at the model's size."""

import io
import stat
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from igcli.common.arrays import Array
from igcli.common.errors import InputError, reason
from igcli.inputs.readers.resize import RESIZE, Size

EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_MOST_BYTES = 2**30
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})


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


def decode(data: bytes, size: Size, channels: int, resize: str) -> Array:
    """Decode a file's first frame, upright (EXIF), at the model's size and channels.

    Colour becomes grey by ITU-R 601 luma, alpha is dropped (as Keras' ``load_img`` does), and
    16-bit grey keeps its precision.

    Parameters
    ----------
    data : bytes
        The whole file.
    size : Size
        (width, height) of the result.
    channels : {1, 3, 4}
        Grey, RGB or RGBA.
    resize : str
        A name from RESIZE.

    Returns
    -------
    ndarray
        float32, shape (height, width, channels), 0–255.

    Raises
    ------
    InputError
        When Pillow can't read the data, or finds it truncated or absurdly large.
    """
    if not data:
        raise InputError("the file is empty")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _refuse_bomb(image)
            image.load()
            _check_sums(data, image.format)
            return _to_pixels(ImageOps.exif_transpose(image), size, channels, resize)
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


def _refuse_bomb(image: Image.Image) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        raise InputError(f"{image.width}×{image.height} pixels: refused as a decompression bomb")


def _check_sums(data: bytes, form: str | None) -> None:
    """Raise where a PNG's checksums are wrong or its end is missing: `load` looks at neither."""
    if form == "PNG":
        with Image.open(io.BytesIO(data), formats=(form,)) as image:
            image.verify()


def _to_pixels(image: Image.Image, size: Size, channels: int, resize: str) -> Array:
    if image.mode in _DEEP_MODES:
        grey = np.asarray(_place(_deep_to_float(image), size, resize), dtype=np.float32)
        planes = np.repeat(grey[:, :, None], channels, axis=2)
        if channels == 4:
            planes[..., 3] = 255.0
        return planes
    plain = _place(_plain(image, _MODES[channels]), size, resize)
    return np.asarray(plain, dtype=np.float32).reshape(size[1], size[0], channels)


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
    return image if image.mode == mode else image.convert(mode)


def _deep_to_float(image: Image.Image) -> Image.Image:
    """Scale 16-bit samples from 0–65535 to 0–255, as mode F."""
    if image.mode == "F":
        raise InputError("has float pixels of unknown range: save it with 8 or 16 bits")
    numbers = np.asarray(image, dtype=np.float32)
    if numbers.min() < 0 or numbers.max() > 65535:
        raise InputError("has pixels outside 0 to 65535: save it with 8 or 16 bits")
    return Image.fromarray(numbers * np.float32(255.0 / 65535.0))
