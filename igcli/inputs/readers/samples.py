"""Samples: the numbers of a file of more than eight bits, or of other bands than a photo has."""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError

_LUMA = (0.299, 0.587, 0.114)
_FULL = 65535.0
_OF_8_BITS = 255.0


@dataclass(frozen=True, slots=True)
class Samples:
    """An image as its file has it.

    Attributes
    ----------
    numbers : Array
        float32 (height, width, bands).
    full : float or None
        The number of full brightness, where the file tells.
    whole : bool
        Whether its numbers are integers.
    has_alpha : bool
        Whether the last band is opacity.
    white_is_zero : bool
        Whether its numbers count from white on, 0, to black.
    """

    numbers: Array
    full: float | None = None
    whole: bool = True
    has_alpha: bool = False
    white_is_zero: bool = False

    def pixels(self, depth: int | None) -> Array:
        """Return float32 pixels, 0–255, by what full brightness is.

        Parameters
        ----------
        depth : int or None
            How many bits the numbers have; None for what the file tells, else 16. It has no
            meaning for eight bits, which are what they are.

        Raises
        ------
        InputError
            When numbers are beyond that, or nothing tells what floats mean.
        """
        if self.full == _OF_8_BITS:
            return self._from_black(self.numbers, _OF_8_BITS)
        if depth is None and not self.whole:
            raise InputError(
                "has float pixels of unknown range: save it with 8 or 16 bits, or say what is "
                "white, --bit-depth 1 for 1.0, --bit-depth 16 for 65535"
            )
        full = float(2**depth - 1) if depth else self.full or _FULL
        least, most = float(self.numbers.min()), float(self.numbers.max())
        if not (least >= 0.0 and most <= full):
            told = f"--bit-depth {depth} allows" if depth else "its own tags allow"
            if not depth and not self.full:
                raise InputError(
                    "has pixels outside 0 to 65535: save it with 8 or 16 bits, or give --bit-depth"
                )
            raise InputError(f"has pixels from {least:g} to {most:g}, and {told} 0 to {full:g}")
        return self._from_black(self.numbers, full) * np.float32(255.0 / full)

    def _from_black(self, numbers: Array, full: float) -> Array:
        """Return numbers that count from black on; opacity does in any case."""
        if not self.white_is_zero:
            return numbers
        turned = np.float32(full) - numbers
        if self.has_alpha:
            turned[..., -1] = numbers[..., -1]
        return turned


def with_bands(pixels: Array, channels: int, has_alpha: bool) -> Array:
    """Return pixels (height, width, bands) with as many channels as a model takes.

    Grey is repeated, colour becomes grey by ITU-R 601 luma, and opacity is dropped, or added where
    four channels are wanted.

    Raises
    ------
    InputError
        When the bands are others than the channels.
    """
    bands = pixels.shape[2]
    if bands == channels:
        return pixels
    if has_alpha or (bands == 4 and channels == 3):
        opaque = pixels[..., :-1]
        if channels == 4 and bands == 2:
            return np.concatenate([np.repeat(opaque, 3, axis=2), pixels[..., -1:]], axis=2)
        return with_bands(opaque, channels, has_alpha=False)
    if channels == 4 and bands in (1, 3):
        full = np.full_like(pixels[..., :1], 255.0)
        return np.concatenate([with_bands(pixels, 3, has_alpha=False), full], axis=2)
    if bands == 1 and channels == 3:
        return np.repeat(pixels, 3, axis=2)
    if bands == 3 and channels == 1:
        luma: Array = pixels @ np.array(_LUMA, np.float32)
        return luma[..., None]
    raise InputError(f"has {bands} band{'s' if bands != 1 else ''}, and the model takes {channels}")
