"""Masks of objects: PNG files, or maps of classes, as large as the original images."""

from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError, first_line

ENDING = ".png"
# One number a pixel: of a palette, its place there.
SINGLE = frozenset({"1", "L", "P", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
_COLOURS = {"LA": 1, "RGB": 3, "RGBA": 3, "PA": 1}


def list_masks(folder: Path, flag: str = "--masks") -> dict[str, Path]:
    """Return the masks below a folder, by their paths there; `flag` says who asks.

    Raises
    ------
    InputError
        When there is none.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() == ENDING]
    if not files:
        raise InputError(
            f"{flag} {folder} holds no mask",
            f"there is no {ENDING} file",
            "name the folder that has a PNG file for each image, called as the image is",
        )
    return {path.relative_to(folder).as_posix(): path for path in files}


def read_mask(path: Path, value: int | None) -> Array:
    """Return where an object is, bool (height, width).

    Parameters
    ----------
    path : Path
        The file.
    value : int or None
        What the object's pixels are; None for all that are not 0.

    Raises
    ------
    InputError
        When it can't be read, or has colours where one value is asked for.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as image:
            mode, numbers = image.mode, np.asarray(image)
    except Exception as error:
        # Broken files make Pillow's decoders raise nearly anything.
        raise InputError(f"the mask {path} can't be read: {first_line(error)}") from error
    if mode in SINGLE:
        found: Array = numbers != 0 if value is None else numbers == value
        return found
    if mode not in _COLOURS or (value is not None and _COLOURS[mode] != 1):
        raise InputError(f"the mask {path} has colours, not one class's number a pixel")
    plain = numbers[..., : _COLOURS[mode]]
    chosen: Array = (plain != 0 if value is None else plain == value).any(axis=2)
    return chosen
