import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, features

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.inputs.readers.decode import EXTENSIONS, decode


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def picture(pixels: object, mode: str | None = None) -> Image.Image:
    image = Image.fromarray(np.asarray(pixels, np.uint8))
    return image if mode is None else image.convert(mode)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: list[bytes]) -> bytes:
    """A PNG by hand: colour type 0 grey, 2 RGB, 4 grey with alpha, 6 RGBA."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


def pixels_of(
    data: bytes, channels: int = 3, size: tuple[int, int] | None = None, resize: str = "stretch"
) -> Array:
    if size is None:
        with Image.open(io.BytesIO(data)) as image:
            size = image.size
    pixels = decode(data, size, channels, resize)
    assert pixels.dtype == np.float32 and pixels.shape == (size[1], size[0], channels)
    return pixels


NEEDS_AVIF = pytest.mark.skipif(not features.check("avif"), reason="a Pillow without AVIF")
NEEDS_JPEG2000 = pytest.mark.skipif(
    not features.check("jpg_2000"), reason="a Pillow without JPEG 2000"
)
RED_BLUE = [[[200, 0, 0], [0, 0, 100]]]
FLAT = np.full((8, 8, 3), (200, 100, 50))
NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


def test_these_extensions_are_images() -> None:
    usual = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
    assert usual | {".ppm", ".pgm", ".jfif", ".dib"} <= EXTENSIONS
    assert not {".heic", ".dcm", ".svs", ".txt", ""} & EXTENSIONS


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("GIF", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
        ("PPM", {}),
        pytest.param("JPEG2000", {"irreversible": False}, marks=NEEDS_JPEG2000),
    ],
)
def test_lossless_formats_give_their_pixels(form: str, options: dict[str, object]) -> None:
    data = encoded(picture(RED_BLUE), form, **options)
    assert pixels_of(data).tolist() == RED_BLUE


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"progressive": True}),
        ("MPO", {"save_all": True}),
        ("WEBP", {}),
        pytest.param("AVIF", {"quality": 95}, marks=NEEDS_AVIF),
    ],
)
def test_lossy_formats_give_nearly_their_pixels(form: str, options: dict[str, object]) -> None:
    data = encoded(picture(FLAT), form, **options)
    np.testing.assert_allclose(pixels_of(data), FLAT, atol=4)


@pytest.mark.parametrize("form", ["PNG", "GIF", "TIFF", "WEBP"])
def test_the_first_of_several_frames_is_taken(form: str) -> None:
    frames = [picture(np.full((2, 2, 3), colour)) for colour in ((10, 0, 0), (0, 200, 0))]
    options = {"lossless": True} if form == "WEBP" else {}
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert pixels_of(data)[0, 0].tolist() == [10, 0, 0]


def test_the_content_counts_and_not_the_extension() -> None:
    assert pixels_of(encoded(picture(FLAT), "JPEG")).shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("pixel", "mode", "channels", "expected"),
    [
        ([90], "L", 1, [90]),
        ([90], "L", 3, [90, 90, 90]),
        ([90], "L", 4, [90, 90, 90, 255]),
        ([90, 30], "LA", 1, [90]),
        ([90, 30], "LA", 3, [90, 90, 90]),
        ([90, 30], "LA", 4, [90, 90, 90, 30]),
        ([200, 100, 50], "RGB", 1, [124]),  # 0.299 R + 0.587 G + 0.114 B = 124.2
        ([200, 100, 50], "RGB", 3, [200, 100, 50]),
        ([200, 100, 50], "RGB", 4, [200, 100, 50, 255]),
        ([200, 100, 50, 0], "RGBA", 1, [124]),
        ([200, 100, 50, 0], "RGBA", 3, [200, 100, 50]),
        ([200, 100, 50, 30], "RGBA", 4, [200, 100, 50, 30]),
    ],
)
def test_channels_from_each_mode(
    pixel: list[int], mode: str, channels: int, expected: list[int]
) -> None:
    image = Image.frombytes(mode, (1, 1), bytes(pixel))
    assert pixels_of(encoded(image, "PNG"), channels)[0, 0].tolist() == expected


def test_one_bit_is_black_and_white() -> None:
    data = png(2, 1, 1, 0, [b"\x40"])
    assert pixels_of(data, 1).tolist() == [[[0], [255]]]
    assert pixels_of(data, 3).tolist() == [[[0, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize("transparency", [None, 0, b"\x00\x80"])
@pytest.mark.parametrize(
    ("channels", "expected"),
    [(1, [[[18], [124]]]), (3, [[[10, 20, 30], [200, 100, 50]]])],
)
def test_a_palette_gives_its_colours_and_its_transparency_is_dropped(
    transparency: int | bytes | None, channels: int, expected: list[list[list[int]]]
) -> None:
    assert pixels_of(palette_png(transparency), channels).tolist() == expected


@pytest.mark.parametrize(
    ("transparency", "alphas"), [(None, [255, 255]), (0, [0, 255]), (b"\x00\x80", [0, 128])]
)
def test_a_palettes_transparency_is_the_fourth_channel(
    transparency: int | bytes | None, alphas: list[int]
) -> None:
    assert pixels_of(palette_png(transparency), 4)[0, :, 3].tolist() == alphas


def palette_png(transparency: int | bytes | None) -> bytes:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    options = {} if transparency is None else {"transparency": transparency}
    return encoded(image, "PNG", **options)


def test_cmyk_becomes_rgb() -> None:
    image = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    red, green, blue = pixels_of(encoded(image, "JPEG", quality=95))[4, 4]
    assert red < 30 and green > 150 and blue > 200


DEEP = [[0, 65535], [257, 32768]]
DEEP_PIXELS: list[list[float]] = [[0, 255], [1, 32768 / 257]]


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bit_grey_keeps_its_precision(form: str, channels: int) -> None:
    data = encoded(Image.fromarray(np.array(DEEP, np.uint16)), form)
    pixels = pixels_of(data, channels)
    for c in range(min(channels, 3)):
        np.testing.assert_allclose(pixels[..., c], DEEP_PIXELS, rtol=1e-6)
    assert (pixels[..., 3:] == 255).all()


@pytest.mark.parametrize(
    ("colour", "samples", "expected"),
    [
        (2, (65535, 32896, 257), [255, 128, 1]),
        (6, (65535, 32896, 257, 0), [255, 128, 1]),
        (4, (32896, 257), [128, 128, 128]),
    ],
)
def test_sixteen_bit_colour_is_read(
    colour: int, samples: tuple[int, ...], expected: list[int]
) -> None:
    row = struct.pack(f">{len(samples)}H", *samples)
    assert pixels_of(png(1, 1, 16, colour, [row]))[0, 0].tolist() == expected


TURNED: dict[int, list[list[int]]] = {
    1: [[0, 40, 80], [120, 160, 200]],
    2: [[80, 40, 0], [200, 160, 120]],
    3: [[200, 160, 120], [80, 40, 0]],
    4: [[120, 160, 200], [0, 40, 80]],
    5: [[0, 120], [40, 160], [80, 200]],
    6: [[120, 0], [160, 40], [200, 80]],
    7: [[200, 80], [160, 40], [120, 0]],
    8: [[80, 200], [40, 160], [0, 120]],
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_images_are_turned_upright(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = TURNED[orientation]
    options = {"lossless": True} if form == "WEBP" else {}
    data = encoded(picture(TURNED[1]), form, exif=exif, **options)
    pixels = decode(data, (len(upright[0]), len(upright)), 1, "stretch")
    np.testing.assert_allclose(pixels[..., 0], upright, atol=8 if form == "JPEG" else 0)


def test_sixteen_bit_images_are_turned_upright_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.fromarray(np.array([[0, 257], [514, 771]], np.uint16)), "PNG", exif=exif)
    np.testing.assert_allclose(pixels_of(data, 1)[..., 0], [[2, 0], [3, 1]], rtol=1e-6)


def test_a_broken_exif_block_does_not_cost_the_image() -> None:
    data = encoded(picture(FLAT), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pixels_of(data).shape == (8, 8, 3)


@pytest.mark.parametrize(
    "form",
    ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"],
)
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_file_is_refused(form: str, kept: float) -> None:
    data = encoded(picture(NOISE), form)
    with pytest.raises(InputError, match="can't be decoded"):
        decode(data[: int(kept * len(data))], (64, 64), 3, "stretch")


def test_a_png_without_pixels_is_refused() -> None:
    with pytest.raises(InputError, match="can't be decoded"):
        decode(png(4, 4, 8, 2, []), (4, 4), 3, "stretch")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(InputError, match="the file is empty"):
        decode(b"", (4, 4), 3, "stretch")


@pytest.mark.parametrize(
    "data",
    [
        b"this is text, named .png",
        b"\x89PNG",
        b"%PDF-1.7 nothing igcli reads",
    ],
    ids=["text", "magic only", "pdf"],
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not an image that Pillow can read"):
        decode(data, (4, 4), 3, "stretch")


def test_postscript_is_never_run() -> None:
    with pytest.raises(InputError, match="not an image"):
        decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", (4, 4), 3, "stretch")


@pytest.mark.parametrize("side", [9_500, 30_000, 2**31 - 1])
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_decompression_bomb_is_refused_from_its_header(side: int, action: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error" if action == "error" else "ignore")
        with pytest.raises(InputError, match="decompression bomb"):
            decode(png(side, side, 8, 2, []), (4, 4), 3, "stretch")


def test_float_pixels_of_unknown_range_are_refused() -> None:
    data = encoded(Image.fromarray(np.zeros((2, 2), np.float32)), "TIFF")
    with pytest.raises(InputError, match="float pixels of unknown range"):
        decode(data, (2, 2), 1, "stretch")


@pytest.mark.parametrize("value", [-5, 65536])
def test_integers_beyond_sixteen_bits_are_refused(value: int) -> None:
    data = encoded(Image.fromarray(np.array([[value, 3]], np.int32)), "TIFF")
    with pytest.raises(InputError, match="outside 0 to 65535"):
        decode(data, (2, 1), 1, "stretch")


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 2), (2, 5)])
def test_a_single_pixel_image(size: tuple[int, int], resize: str) -> None:
    pixels = pixels_of(encoded(picture([[[9, 8, 7]]]), "PNG"), 3, size, resize)
    shown = pixels[pixels.any(axis=2)]
    covered = min(size) ** 2 if resize == "pad" else size[0] * size[1]
    assert shown.tolist() == [[9, 8, 7]] * covered


GREY = [[0, 40, 80, 120]]


@pytest.mark.parametrize(
    ("source", "size", "resize", "expected"),
    [
        (GREY, (4, 1), "stretch", [[0, 40, 80, 120]]),
        # Bilinear, antialiased: halving weighs 3/8 3/8 1/8, the outer ones renormalized.
        (GREY, (2, 1), "stretch", [[round(200 / 7), round(640 / 7)]]),
        ([[0, 100]], (4, 1), "stretch", [[0, 25, 75, 100]]),
        (GREY, (4, 3), "pad", [[0, 0, 0, 0], [0, 40, 80, 120], [0, 0, 0, 0]]),
        ([[50], [60]], (4, 2), "pad", [[0, 50, 0, 0], [0, 60, 0, 0]]),
        ([[50], [60]], (3, 2), "pad", [[0, 50, 0], [0, 60, 0]]),
        (GREY, (1, 1), "crop", None),
        (GREY, (2, 1), "crop", [[40, 80]]),
        ([[10], [20], [30], [40]], (1, 2), "crop", [[20], [30]]),
        ([[10, 20], [30, 40]], (2, 2), "crop", [[10, 20], [30, 40]]),
    ],
)
def test_resize_by_hand(
    source: list[list[int]], size: tuple[int, int], resize: str, expected: list[list[int]] | None
) -> None:
    pixels = pixels_of(encoded(picture(source), "PNG"), 1, size, resize)[..., 0]
    if expected is None:
        assert 40 <= pixels[0, 0] <= 80
    else:
        np.testing.assert_allclose(pixels, expected, atol=1)


def test_lab_becomes_grey_as_its_colours_do() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (2, 2), (200, 100, 50)).convert("LAB").save(stream, "TIFF")
    (red, green, blue) = decode(stream.getvalue(), (2, 2), 3, "stretch")[0, 0]
    assert (red, green, blue) == pytest.approx((200, 100, 50), abs=3)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    assert decode(stream.getvalue(), (2, 2), 1, "stretch")[0, 0, 0] == pytest.approx(luma, abs=1)
