import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from igcli.common.arrays import Array
from igcli.figures.overlay import blend, draw_overlay
from igcli.figures.pixels import enlarge
from igcli.figures.scale import scale_signed

unhurried = settings(deadline=None)  # other work on the machine is no failure

values = st.lists(st.integers(-1000, 1000), min_size=1, max_size=30)


def captum_scale(numbers: list[int], clip_percent: int) -> int:
    """Captum's _cumulative_sum_threshold: sort |a|, sum up, first to reach 100 − clip percent."""
    magnitudes = sorted(abs(n) for n in numbers)
    total, running = sum(magnitudes), 0
    for magnitude in magnitudes:
        running += magnitude
        assume(100 * running != (100 - clip_percent) * total or clip_percent == 0)
        if 100 * running >= (100 - clip_percent) * total:
            return magnitude
    raise AssertionError("unreachable")


@unhurried
@given(values, st.sampled_from([0, 2, 10, 50]))
def test_the_scale_is_captums(numbers: list[int], clip_percent: int) -> None:
    scale = captum_scale(numbers, clip_percent)
    expected = [max(-1.0, min(1.0, n / scale)) if scale else 0.0 for n in numbers]
    np.testing.assert_allclose(scale_signed(np.array(numbers, float), clip_percent), expected)


@pytest.mark.parametrize(
    ("numbers", "clip_percent", "expected"),
    [
        ([0, 0, 0], 2, [0, 0, 0]),
        ([5], 2, [1]),
        ([-5], 2, [-1]),
        ([3, 3, 3, 3], 2, [1, 1, 1, 1]),
        ([-1, -2, -4], 2, [-0.25, -0.5, -1]),
        ([0, 1, -2], 0, [0, 0.5, -1]),
        # 100 ones and one 2: mass 102, 98 % of it is 99.96, reached at a one.
        ([1] * 100 + [-2], 2, [1] * 100 + [-1]),
        # 10 ones and one 90: 98 % is reached at the 90 only; at 91 % clipped it is a one.
        ([1] * 10 + [90], 2, [1 / 90] * 10 + [1]),
        ([1] * 10 + [90], 91, [1] * 10 + [1]),
    ],
)
def test_scale_by_hand(numbers: list[float], clip_percent: float, expected: list[float]) -> None:
    scaled = scale_signed(np.array(numbers, float), clip_percent)
    np.testing.assert_allclose(scaled, expected)


@pytest.mark.parametrize("shape", [(4, 6), (1, 1), (3,)])
@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1.0, 1e300])
def test_the_scale_knows_no_unit_and_gives_no_nan(shape: tuple[int, ...], factor: float) -> None:
    numbers = np.random.default_rng(0).normal(size=shape)
    scaled = scale_signed(numbers * factor, 2)
    assert scaled.shape == shape and np.isfinite(scaled).all()
    np.testing.assert_allclose(scaled, scale_signed(numbers, 2))
    assert np.abs(scaled).max() == 1


@unhurried
@given(values)
def test_signs_and_order_are_kept(numbers: list[int]) -> None:
    array = np.array(numbers, float)
    scaled = scale_signed(array, 2)
    assert (np.sign(scaled) == np.sign(array)).all()
    assert (np.diff(scaled[np.argsort(array)]) >= 0).all()


def flat(image: list[int], *shape: int) -> Array:
    return np.broadcast_to(np.array(image, np.uint8), (*shape, len(image)))


def test_the_overlay_is_half_heat_and_half_grey_image() -> None:
    mixed = blend(np.array([[1.0, -1.0, 0.0]]), flat([100, 100, 100], 1, 3))
    # (0, 128, 0), (255, 0, 0) and white, each halved, plus 50.
    assert mixed.dtype == np.uint8
    assert mixed.tolist() == [[[50, 114, 50], [178, 50, 50], [178, 178, 178]]]


@pytest.mark.parametrize(
    ("image", "grey"),
    [([100], 100), ([90, 100, 110], 100), ([90, 100, 110, 0], 100), ([90, 100, 110, 255], 100)],
)
def test_grey_is_the_mean_of_the_colours_without_alpha(image: list[int], grey: int) -> None:
    mixed = blend(np.zeros((1, 1)), flat(image, 1, 1))
    assert mixed[0, 0, 0] == pytest.approx((255 + grey) / 2, abs=0.5)
    assert len(set(mixed[0, 0].tolist())) == 1


def test_channels_are_summed_with_their_sign() -> None:
    attribution = np.array([[[1.0, -3.0, 0.0], [2.0, 2.0, 0.0]]])  # −2 and 4
    mixed = blend(attribution, flat([0, 0, 0], 1, 2))
    assert mixed.tolist() == [[[128, 64, 64], [0, 64, 0]]]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_map_of_zeros_is_white(dtype: str) -> None:
    assert (blend(np.zeros((2, 2, 3), dtype), flat([255, 255, 255], 2, 2)) == 255).all()


def test_the_map_is_not_changed_in_place() -> None:
    attribution = np.array([[1.0, -2.0]])
    blend(attribution, flat([9], 1, 2))
    assert attribution.tolist() == [[1, -2]]


@pytest.mark.parametrize(
    ("shape", "enlarged"),
    [
        ((224, 224), (224, 224)),
        ((500, 300), (500, 300)),
        ((223, 300), (446, 600)),
        ((28, 28), (224, 224)),
        ((8, 10), (224, 280)),
        ((1, 1), (224, 224)),
        ((1, 5000), (1, 5000)),
        ((100, 2000), (200, 4000)),
        ((1, 100), (40, 4000)),
    ],
)
def test_small_pictures_are_enlarged_by_a_whole_factor(
    shape: tuple[int, int], enlarged: tuple[int, int]
) -> None:
    assert enlarge(np.zeros((*shape, 3), np.uint8)).shape == (*enlarged, 3)


def test_enlarging_repeats_pixels() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    larger = enlarge(pixels, 6)
    assert larger.shape == (6, 6, 3)
    for y in range(6):
        for x in range(6):
            assert (larger[y, x] == pixels[y // 3, x // 3]).all()


# A colour bar of 12 pixels with its margin, ticks, numbers and label; two lines with margins.
BELOW = (5 + 12 + 3 + 16 + 16) + (5 + 16 + 16 + 5)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((8, 8, 3), (224, 224 + BELOW)),
        ((28, 28, 1), (224, 224 + BELOW)),
        ((300, 400, 4), (400, 300 + BELOW)),
        ((1, 1, 3), (224, 224 + BELOW)),
        ((5000, 1, 3), (224, 5000 + BELOW)),
    ],
)
def test_bar_and_caption_stand_below_the_picture(
    shape: tuple[int, int, int], size: tuple[int, int]
) -> None:
    image = np.full(shape, 100, np.uint8)
    overlay = draw_overlay(np.zeros(shape), image, ["class 3 cat", "score 0.9"])
    assert (overlay.mode, overlay.size) == ("RGB", size)
    pixels = np.asarray(overlay)
    assert (pixels[: size[1] - BELOW, (size[0] - 1) // 2] == 178).all()
    strip = pixels[size[1] - 42 :]
    assert strip[0, 0].tolist() == [255, 255, 255] and strip.min() < 100


def test_a_narrow_picture_is_centred_on_white() -> None:
    pixels = np.asarray(draw_overlay(np.zeros((5000, 2)), np.zeros((5000, 2, 1), np.uint8), []))
    assert (pixels[100, 111:113] == 128).all()
    assert (pixels[100, :111] == 255).all() and (pixels[100, 113:] == 255).all()


def test_the_picture_is_what_blend_says_at_every_pixel() -> None:
    attribution = np.array([[1.0, -1.0], [0.0, 1.0]])
    overlay = draw_overlay(attribution, np.full((2, 2, 3), 100, np.uint8), ["x"])
    assert isinstance(overlay, Image.Image)
    corners = [overlay.getpixel((x, y)) for y in (0, 223) for x in (0, 223)]
    assert corners == [(50, 114, 50), (178, 50, 50), (178, 178, 178), (50, 114, 50)]
