"""TIFF of many bands, as satellites and microscopes have them, in every form that is read."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.inputs.readers.decode import decode, undeclared_peak
from igcli.inputs.readers.tiff_bands import banded_tiff
from tests.inputs.readers.files import tiff

RANDOM = np.random.default_rng(3)
U8 = RANDOM.integers(0, 256, (7, 21, 10)).astype(np.uint8)
U16 = RANDOM.integers(0, 4000, (7, 21, 10)).astype(np.uint16)
I16 = RANDOM.integers(0, 4000, (7, 21, 10)).astype(np.int16)
F32 = RANDOM.uniform(0, 1, (7, 21, 10)).astype(np.float32)
F64 = RANDOM.uniform(0, 1, (7, 21, 10))


@pytest.mark.parametrize("numbers", [U8, U16, I16, F32, F64], ids=["u8", "u16", "i16", "f4", "f8"])
@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize("planar", [False, True])
def test_every_layout_gives_its_numbers(numbers: Array, tile: int, planar: bool) -> None:
    predictors = [1, 3] if numbers.dtype.kind == "f" else [1, 2]
    ways = itertools.product("<>", ["", "deflate", "tiff_lzw", "packbits"], predictors)
    for i, (order, compression, predictor) in enumerate(ways):
        part = numbers[..., : 2 if i % 3 else 10]
        data = tiff(
            part, order=order, compression=compression, predictor=predictor, tile=tile,
            planar=planar,
        )  # fmt: skip
        found = banded_tiff(data, part.shape[2])
        assert found is not None
        np.testing.assert_array_equal(found.numbers, part.astype(np.float32))
        assert found.whole is (numbers.dtype.kind != "f")


@pytest.mark.parametrize("bits", [10, 12])
def test_bands_of_bits_that_fill_no_bytes(bits: int) -> None:
    numbers = U16[..., :3] % 2**bits
    for planar in (False, True):
        found = banded_tiff(tiff(numbers, bits=bits, planar=planar), 3)
        assert found is not None and found.full == 2**bits - 1
        np.testing.assert_array_equal(found.numbers, numbers)


def test_pages_are_bands_where_the_model_takes_as_many() -> None:
    """As ImageJ stores channels."""
    data = tiff(U16, pages=10)
    found = banded_tiff(data, 10)
    assert found is not None
    np.testing.assert_array_equal(found.numbers, U16)
    assert banded_tiff(data, 3) is None and banded_tiff(data, 1) is None
    first = decode(data, (21, 7), 1, "stretch", 12)
    np.testing.assert_allclose(first[..., 0], U16[..., 0] * (255 / 4095), rtol=1e-5)


def test_bands_become_pixels_at_the_models_size() -> None:
    data = tiff(U16[..., :2], tags={281: [4095, 4095]})
    found = decode(data, (21, 7), 2, "stretch")
    np.testing.assert_allclose(found, U16[..., :2] * (255 / 4095), rtol=1e-5)
    small = decode(data, (9, 7), 2, "stretch")
    assert small.shape == (7, 9, 2)
    wide = Image.fromarray(np.ascontiguousarray(found[..., 1]))
    np.testing.assert_allclose(
        small[..., 1], np.asarray(wide.resize((9, 7), Image.Resampling.BILINEAR)), rtol=1e-5
    )


def test_four_bands_are_no_opacity_unless_they_are_said_to_be() -> None:
    near_infrared = tiff(U8[..., :4], tags={262: 2, 338: [0]})
    np.testing.assert_array_equal(decode(near_infrared, (21, 7), 4, "stretch"), U8[..., :4])
    np.testing.assert_array_equal(decode(near_infrared, (21, 7), 3, "stretch"), U8[..., :3])


def test_white_is_zero_where_the_file_says_so() -> None:
    found = decode(tiff(U8[..., :2], tags={262: 0}), (21, 7), 2, "stretch")
    np.testing.assert_array_equal(found, 255 - U8[..., :2])


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("compression", ["", "deflate"])
def test_deep_grey_from_white_on_is_no_negative(
    order: str, channels: int, compression: str
) -> None:
    """65535 is black there, and a file that tells of 12 bits has 4095 for it."""
    grey = U16[..., :1]
    data = tiff(65535 - grey, order=order, compression=compression, tags={262: 0})
    found = decode(data, (21, 7), channels, "stretch")
    np.testing.assert_allclose(found, np.repeat(grey / 257, channels, axis=2), rtol=1e-5)
    data = tiff(4095 - grey, order=order, compression=compression, tags={262: 0})
    found = decode(data, (21, 7), channels, "stretch", 12)
    wanted = np.repeat(grey * (255 / 4095), channels, axis=2)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    # Where nothing tells, it is dark at the other end, and asked about.
    assert undeclared_peak(data, channels) == 4095 - grey.min()
    few = tiff(4095 - grey, order=order, bits=12, tags={262: 0})
    np.testing.assert_allclose(decode(few, (21, 7), channels, "stretch"), wanted, rtol=1e-4)


def test_deep_grey_from_white_on_is_turned_upright() -> None:
    grey = U16[..., :1]
    data = tiff(65535 - grey, tags={262: 0, 274: 6})
    found = decode(data, (7, 21), 1, "stretch")
    np.testing.assert_allclose(found, np.rot90(grey, -1) / 257, rtol=1e-5)


def test_opacity_counts_from_nothing_on_in_any_case() -> None:
    data = tiff(U16[..., :2], tags={262: 0, 338: [2]})
    found = decode(data, (21, 7), 4, "stretch")
    np.testing.assert_allclose(found[..., 0], (65535 - U16[..., 0]) / 257, rtol=1e-5)
    np.testing.assert_allclose(found[..., 3], U16[..., 1] / 257, rtol=1e-5)


def test_unsigned_32_bits_have_no_sign() -> None:
    large = U16[..., :1].astype(np.uint32) << 20
    found = decode(tiff(large), (21, 7), 1, "stretch", 32)
    np.testing.assert_allclose(found, large * (255 / (2**32 - 1)), rtol=1e-5)
    with pytest.raises(InputError, match="outside 0 to 65535"):
        decode(tiff(large), (21, 7), 1, "stretch")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_bands_are_turned_upright(orientation: int) -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(grey).save(stream, "TIFF", exif=exif)
    size = (2, 3) if orientation >= 5 else (3, 2)
    wanted = decode(stream.getvalue(), size, 1, "stretch")
    data = tiff(np.stack([grey, grey + 10], axis=2), tags={274: orientation})
    found = decode(data, size, 2, "stretch")
    np.testing.assert_array_equal(found[..., :1], wanted)
    np.testing.assert_array_equal(found[..., 1:], wanted + 10)


@pytest.mark.parametrize(
    ("data", "channels", "says"),
    [
        (tiff(U16), 3, "has 10 bands, and the model takes 3"),
        (tiff(U16[..., :2]), 10, "has 2 bands, and the model takes 10"),
        (tiff(U16, tags={259: 7}), 10, "10 bands with compression 7: save it with deflate"),
        (tiff(U16, tags={317: 34892}), 10, "predictor 34892"),
        (tiff(U16, tags={339: [6] * 10}), 10, "sample format 6"),
        (tiff(I16 - 5000), 10, "pixels outside 0 to 65535"),
        (tiff(F32), 10, "float pixels of unknown range"),
        (tiff(U16)[:3000], 10, "an image that Pillow can read|can't be decoded"),
        (tiff(U16, tags={257: 2**20, 256: 2**20}), 10, "decompression bomb"),
        (tiff(U16, tags={273: [10**9] * 10, 279: [100] * 10}), 10, "can't be decoded"),
    ],
)
def test_what_is_not_read_is_named(data: bytes, channels: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        decode(data, (4, 4), channels, "stretch")


def test_a_photo_for_a_model_of_other_channels_is_named() -> None:
    stream = io.BytesIO()
    Image.fromarray(U8[..., :3]).save(stream, "PNG")
    with pytest.raises(InputError, match="has 3 bands, and the model takes 10"):
        decode(stream.getvalue(), (4, 4), 10, "stretch")


def test_grey_with_opacity_is_two_channels_for_a_model_of_two() -> None:
    stream = io.BytesIO()
    Image.fromarray(U8[..., :2], "LA").save(stream, "PNG")
    np.testing.assert_array_equal(decode(stream.getvalue(), (21, 7), 2, "stretch"), U8[..., :2])
