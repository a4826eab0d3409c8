"""The images read again: where a run kept no pixels, from the files that it read."""

import hashlib
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.inputs.readers.decode import decode, read_file

_FIX = "use --style regions, or run again with --store pixels"


def read_again(
    row: Explanation, shape: tuple[int, ...], resize: str | None, depth: int | None
) -> Array:
    """Return what the model saw of a row's image, uint8 of a shape, from the image's file.

    Raises
    ------
    InputError
        When it is no image file, is not there any more, or is not what it was.
    """
    height, width, channels = shape
    if resize is None or channels not in (1, 3, 4):
        raise InputError(
            f"the image of {row.id} is not there",
            "it was run with --store regions, which keeps none, and it is no photo's file",
            _FIX,
        )
    try:
        data = read_file(Path(row.path))
        if hashlib.sha256(data).hexdigest() != row.sha256:
            raise InputError("it is not what it was")
        pixels = decode(data, (width, height), channels, resize, depth)
    except InputError as error:
        cause = f"it was run with --store regions, which keeps none, and {row.path}: {error}"
        raise InputError(f"the image of {row.id} is not there", cause, _FIX) from error
    rounded: Array = np.rint(pixels).clip(0, 255).astype(np.uint8)
    return rounded
