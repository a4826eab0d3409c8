"""TIFF bytes: rows of packed samples as numbers, predictors undone."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError

_KINDS = {1: "u", 2: "i", 3: "f"}
_NONE, _HORIZONTAL, _FLOATING = 1, 2, 3
Shape: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Packing:
    """How a TIFF's samples lie in its bytes.

    Attributes
    ----------
    bits, form : int
        Bits of a sample, and TIFF's SampleFormat: 1 unsigned, 2 signed, 3 floating.
    order : {"<", ">"}
        The order of a sample's bytes.
    predictor : int
        TIFF's: 1 none, 2 differences to the pixel at the left, 3 those of bytes of floats.
    tile : int
        After so many pixels differences begin anew.
    """

    bits: int
    form: int
    order: str
    predictor: int
    tile: int

    @property
    def kind(self) -> str:
        """NumPy's letter for what a sample is."""
        if self.form not in _KINDS:
            raise InputError(f"is a TIFF of sample format {self.form}, which igcli does not read")
        return _KINDS[self.form]


def numbers_of(raw: Array, shape: Shape, packing: Packing) -> Array:
    """Return samples out of rows of bytes.

    Parameters
    ----------
    raw : Array
        uint8 (height, bytes of a row).
    shape : tuple of int
        (height, width, bands) of the result; whole tiles wide.
    packing : Packing
        How they lie there.

    Raises
    ------
    InputError
        When that is not known here.
    """
    if packing.predictor == _FLOATING and not packing.bits % 8:
        return _of_floating(raw, shape, packing)
    if packing.predictor not in (_NONE, _HORIZONTAL) or (
        packing.bits % 8 and packing.predictor > 1
    ):
        raise InputError(f"is a TIFF with predictor {packing.predictor}, which igcli does not read")
    if packing.bits % 8:
        return _of_bits(raw, shape, packing)
    # Differences are those of integers, whatever these stand for, and their sums wrap around.
    kind = packing.kind if packing.predictor == _NONE else "u"
    stored = np.dtype(f"{packing.order}{kind}{packing.bits // 8}")
    found = np.ascontiguousarray(raw).view(stored).reshape(shape)
    numbers = found.astype(stored.newbyteorder("="))
    if packing.predictor == _HORIZONTAL:
        for start in range(0, shape[1], packing.tile):
            part = numbers[:, start : start + packing.tile]
            part[...] = np.cumsum(part, axis=1, dtype=numbers.dtype)
    return numbers.view(f"{packing.kind}{packing.bits // 8}")


def _of_bits(raw: Array, shape: Shape, packing: Packing) -> Array:
    height, width, bands = shape
    if packing.bits > 16 or packing.kind != "u":
        raise InputError(f"is a TIFF of {packing.bits} bits a sample, which igcli does not read")
    single = np.unpackbits(raw, axis=1)[:, : width * bands * packing.bits]
    weights = 1 << np.arange(packing.bits - 1, -1, -1, dtype=np.uint32)
    packed = single.reshape(height, width * bands, packing.bits) @ weights
    return packed.astype(np.uint16).reshape(shape)


def _of_floating(raw: Array, shape: Shape, packing: Packing) -> Array:
    """Return floats whose bytes lie sorted by their weight, the heaviest first."""
    height, width, bands = shape
    size, tile = packing.bits // 8, packing.tile
    tiles = raw.reshape(height, width // tile, size * tile, bands)
    sums = np.cumsum(tiles, axis=2, dtype=np.uint8)
    planes = sums.reshape(height, width // tile, size, tile * bands)
    numbers = np.ascontiguousarray(planes.swapaxes(2, 3)).view(f">f{size}")
    return numbers.reshape(shape).astype(f"f{size}")
