"""Pictures of fewer bits than their files have room for are as bright as they are."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.inputs.readers.decode import decode, undeclared_peak
from tests.inputs.readers.files import png16, tiff

OF_12 = np.array([[0, 1024, 2047], [3000, 4094, 4095]], np.uint16)
OF_10 = np.array([[0, 256, 511], [700, 1022, 1023]], np.uint16)


def grey(data: bytes, depth: int | None = None, channels: int = 1) -> Array:
    with Image.open(io.BytesIO(data)) as image:
        size = image.size
    return decode(data, size, channels, "stretch", depth)[..., 0]


def pgm(numbers: Array, most: int) -> bytes:
    height, width = numbers.shape
    return (
        f"P5\n# made by hand\n{width} {height}\n{most}\n".encode() + numbers.astype(">u2").tobytes()
    )


@pytest.mark.parametrize(
    ("data", "numbers", "full"),
    [
        (png16(OF_12, sbit=12), OF_12, 4095),
        (png16(OF_10, sbit=10), OF_10, 1023),
        (tiff(OF_12, tags={281: [4095]}), OF_12, 4095),
        (tiff(OF_10, tags={281: [1023]}, order=">"), OF_10, 1023),
        (tiff(OF_12, tags={270: '<OME><Pixels SignificantBits="12" Type="uint16"/></OME>'}),
         OF_12, 4095),
        (tiff(OF_12, bits=12, tags={339: [1]}), OF_12, 4095),
        (pgm(OF_12, 4095), OF_12, 4095),
        (pgm(OF_10, 1023), OF_10, 1023),
        # 16 bits, all of them used.
        (png16(OF_12 * 16), OF_12 * 16, 65535),
        (tiff(OF_12 * 16), OF_12 * 16, 65535),
        (pgm(OF_12 * 16, 65535), OF_12 * 16, 65535),
    ],
)  # fmt: skip
def test_what_a_file_tells_of_its_bits_counts(data: bytes, numbers: Array, full: int) -> None:
    np.testing.assert_allclose(grey(data), numbers * (255.0 / full), rtol=1e-5)
    assert undeclared_peak(data, 1) == (float(numbers.max()) if full == 65535 else 0.0)


def test_ten_bits_that_fill_no_bytes_are_unpacked() -> None:
    """Pillow opens no such file."""
    data = tiff(OF_10, bits=10, tags={339: [1]})
    found = decode(data, (3, 2), 3, "stretch")
    np.testing.assert_allclose(found, np.repeat(OF_10[..., None], 3, 2) * (255 / 1023), rtol=1e-5)


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("way", ["shifted", "repeated", "scaled"])
def test_numbers_that_are_stretched_as_the_standard_has_it_are_not_stretched_again(
    bits: int, way: str
) -> None:
    own = np.array([[0, 1, 2**bits // 3], [5, 2 ** (bits - 1), 2**bits - 1]])
    full = 65535
    if way == "scaled":
        stored = np.rint(own * (65535 / (2**bits - 1)))
    else:
        stored = own << (16 - bits)
        if way == "repeated":
            stored = stored | own >> (2 * bits - 16)
        else:
            full = (2**bits - 1) << (16 - bits)
    found = grey(png16(stored, sbit=bits))
    np.testing.assert_allclose(found, own * (255 / (2**bits - 1)) * full / 65535, atol=0.01)
    # A dark one, too, whose numbers alone could be either.
    dark = np.minimum(stored, stored[0, 1])
    np.testing.assert_allclose(grey(png16(dark, sbit=bits)), dark * (255 / 65535), rtol=1e-5)


@pytest.mark.parametrize("data", [png16(OF_12), tiff(OF_12), pgm(OF_12, 65535)])
def test_bits_may_be_said_where_the_file_does_not(data: bytes) -> None:
    np.testing.assert_allclose(grey(data, 12), OF_12 * (255 / 4095), rtol=1e-5)
    np.testing.assert_allclose(grey(data, 16), OF_12 * (255 / 65535), rtol=1e-5)
    np.testing.assert_allclose(grey(data), OF_12 * (255 / 65535), rtol=1e-5)
    assert undeclared_peak(data, 1) == 4095
    with pytest.raises(InputError, match="from 0 to 4095, and --bit-depth 10 allows 0 to 1023"):
        grey(data, 10)


def test_what_is_said_goes_before_what_the_file_tells() -> None:
    np.testing.assert_allclose(grey(png16(OF_10, sbit=12), 10), OF_10 * (255 / 1023), rtol=1e-5)
    np.testing.assert_allclose(grey(pgm(OF_10, 4095), 10), OF_10 * (255 / 1023), rtol=1e-5)


def test_a_tag_with_the_largest_number_of_one_image_is_no_bit_depth() -> None:
    """It would make each image as bright as the others."""
    data = tiff(OF_12 // 2, tags={281: [2047 - 3]})
    np.testing.assert_allclose(grey(data), (OF_12 // 2) * (255 / 65535), rtol=1e-5)


def test_a_tag_that_is_less_than_the_numbers_is_named() -> None:
    with pytest.raises(InputError, match="from 0 to 4095, and its own tags allow 0 to 1023"):
        grey(tiff(OF_12, tags={281: [1023]}))


def test_eight_bits_are_what_they_are() -> None:
    data = io.BytesIO()
    Image.fromarray(np.array([[0, 100]], np.uint8)).save(data, "PNG")
    assert grey(data.getvalue(), 12).tolist() == [[0, 100]]
    assert undeclared_peak(data.getvalue(), 1) == 0.0


@pytest.mark.parametrize("bands", [2, 3, 4])
@pytest.mark.parametrize("sbit", [0, 12])
def test_colours_of_sixteen_bits_keep_their_precision(bands: int, sbit: int) -> None:
    numbers = np.random.default_rng(0).integers(0, 4096, (5, 6, bands)).astype(np.uint16)
    numbers[0, 0] = 4095
    data = png16(numbers, sbit)
    full = 4095 if sbit else 65535
    found = decode(data, (6, 5), 4 if bands == 4 else 3, "stretch")
    wanted: Any = numbers if bands > 2 else np.repeat(numbers[..., :1], 3, axis=2)
    np.testing.assert_allclose(found, wanted * (255 / full), rtol=1e-5)
    np.testing.assert_allclose(
        decode(data, (6, 5), 3, "stretch", 12), wanted[..., :3] * (255 / 4095), rtol=1e-5
    )
    assert undeclared_peak(data, 3) == (0 if sbit else 4095)


def test_colours_of_sixteen_bits_become_grey_by_luma() -> None:
    data = png16(np.full((2, 2, 3), (4000, 2000, 1000)), sbit=12)
    luma = 0.299 * 4000 + 0.587 * 2000 + 0.114 * 1000
    np.testing.assert_allclose(grey(data), np.full((2, 2), luma * 255 / 4095), rtol=1e-5)


@pytest.mark.parametrize("depth", [1, 16])
def test_floats_are_read_once_it_is_said_what_is_white(depth: int) -> None:
    numbers = np.array([[0.0, 0.25], [0.5, 1.0]], np.float32) * (2**depth - 1)
    data = tiff(numbers)
    np.testing.assert_allclose(grey(data, depth), [[0, 63.75], [127.5, 255]], rtol=1e-5)
    with pytest.raises(InputError, match="float pixels of unknown range.*--bit-depth 1 for 1.0"):
        grey(data)
