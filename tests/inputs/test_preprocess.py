from dataclasses import replace

import numpy as np
import pytest

from igcli.common.errors import ConfigError
from igcli.common.model_spec import InputSpec, parts_of
from igcli.common.sample import SourceKind
from igcli.common.shapes import is_image_shape, with_channels
from igcli.inputs.preprocess import PREPROCESS, Space, Spaces


def space(
    shape: tuple[int, ...],
    preprocess: str = "unit",
    kind: SourceKind = "pixels",
    dtype: str = "float32",
) -> Space:
    return Space(kind, preprocess, InputSpec("image", shape, np.dtype(dtype)))


@pytest.mark.parametrize(
    ("name", "pixel", "expected"),
    [
        ("unit", (0.0, 51.0, 255.0), (0.0, 0.2, 1.0)),
        ("symmetric", (0.0, 127.5, 255.0), (-1.0, 0.0, 1.0)),
        ("raw", (0.0, 127.5, 255.0), (0.0, 127.5, 255.0)),
        ("caffe", (123.68, 116.779, 103.939), (0.0, 0.0, 0.0)),
        ("caffe", (10.0, 20.0, 30.0), (-73.939, -96.779, -113.68)),
        ("torch", (123.675, 116.28, 103.53), (0.0, 0.0, 0.0)),
        ("torch", (255.0, 255.0, 255.0), (515 / 229, 544 / 224, 594 / 225)),
    ],
)
def test_pixel_in_model_space(
    name: str, pixel: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    pixels = np.array([[pixel]], np.float32)
    model = space((1, 1, 3), name).to_model(pixels)
    np.testing.assert_allclose(model[0, 0], expected, rtol=1e-5, atol=1e-5)


def test_there_are_these_preprocessings() -> None:
    assert set(PREPROCESS) == {"unit", "symmetric", "raw", "caffe", "torch"}


@pytest.mark.parametrize("name", ["unit", "symmetric", "raw", "caffe", "torch"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", ">f4"])
def test_model_input_has_the_models_dtype_and_is_contiguous(name: str, dtype: str) -> None:
    pixels = np.zeros((4, 2, 3), dtype).transpose(1, 0, 2)
    model = space((2, 4, 3), name).to_model(pixels)
    assert model.dtype == np.dtype("float32") and model.dtype.isnative
    assert model.flags.c_contiguous and model.shape == (2, 4, 3)


@pytest.mark.parametrize("name", ["unit", "symmetric", "raw", "caffe", "torch"])
def test_pixels_are_not_changed_in_place(name: str) -> None:
    pixels = np.full((1, 1, 3), 100, np.float32)
    space((1, 1, 3), name).to_model(pixels)
    assert (pixels == 100).all()


def test_a_half_precision_model_gets_half_precision() -> None:
    model = space((1, 1, 3), dtype="float16").to_model(np.full((1, 1, 3), 51.0))
    assert model.dtype == np.float16
    np.testing.assert_allclose(model, 0.2, rtol=1e-3)


def test_floats_pass_untouched_whatever_the_preprocessing() -> None:
    numbers = np.array([[-3.5, 1e6]], np.float32)
    assert (space((1, 2), "symmetric", "floats").to_model(numbers) == numbers).all()


@pytest.mark.parametrize("name", ["caffe", "torch"])
@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 8, 4), (8,)])
def test_imagenet_means_need_three_channels(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=f"--preprocess {name} needs three colour channels"):
        space(shape, name)


@pytest.mark.parametrize("name", ["caffe", "torch"])
def test_imagenet_means_do_not_matter_for_floats(name: str) -> None:
    assert space((8,), name, "floats").shape == (8,)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28), True),
        ((28, 28, 1), True),
        ((28, 28, 3), True),
        ((28, 28, 4), True),
        ((None, None, 3), True),
        ((28, 28, 2), True),
        ((64, 48, 10), True),
        ((11, 11, 200), True),
        ((None, None, 12), True),
        ((28, 28, None), False),
        ((3, 28, 28), False),
        ((10, 64, 64), False),
        ((3, 480, 640), False),
        ((3, 640, 480), False),
        ((28, 28, 28), False),
        ((28,), False),
        ((), False),
        ((2, 28, 28, 3), False),
    ],
)
def test_what_can_be_shown_as_a_picture(shape: tuple[int | None, ...], expected: bool) -> None:
    assert is_image_shape(shape) is expected


def test_with_channels_adds_the_axis_a_grey_model_leaves_out() -> None:
    assert with_channels((5, 7)) == (5, 7, 1)
    assert with_channels((5, 7, 3)) == (5, 7, 3)


@pytest.mark.parametrize(
    ("kind", "shape", "raw"),
    [
        ("pixels", (5, 7), (5, 7, 1)),
        ("pixels", (5, 7, 3), (5, 7, 3)),
        ("pixels", (9,), (9,)),
        ("floats", (5, 7), (5, 7)),
    ],
)
def test_pixels_always_carry_their_channel_axis(
    kind: SourceKind, shape: tuple[int, ...], raw: tuple[int, ...]
) -> None:
    assert space(shape, kind=kind).raw_shape == raw


def test_a_model_without_channel_axis_gets_its_own_shape() -> None:
    model = space((2, 3)).to_model(np.full((2, 3, 1), 255, np.float32))
    assert model.shape == (2, 3) and (model == 1).all()


def test_pixels_are_shown_as_they_are_whatever_the_preprocessing() -> None:
    pixels = np.array([[[0.0, 127.6, 255.0]]])
    shown = space((1, 1, 3), "caffe").to_display(pixels)
    assert shown is not None and shown.dtype == np.uint8
    assert shown.tolist() == [[[0, 128, 255]]]


def test_pixels_out_of_range_are_clipped_for_display() -> None:
    shown = space((1, 2)).to_display(np.array([[[-9.0], [300.0]]]))
    assert shown is not None and shown.tolist() == [[[0], [255]]]


def test_floats_are_stretched_for_display() -> None:
    shown = space((1, 3), kind="floats").to_display(np.array([[-1.0, 0.0, 3.0]], np.float32))
    assert shown is not None and shown.tolist() == [[[0], [64], [255]]]


def test_many_channels_are_shown_as_their_mean() -> None:
    pixels = np.zeros((6, 7, 5))
    pixels[0, :2] = [[0, 0, 10, 20, 20], [100, 100, 100, 50, 150]]
    shown = space(pixels.shape).to_display(pixels)
    assert shown is not None and shown.shape == (6, 7, 1) and shown[0, :2, 0].tolist() == [10, 100]
    assert space(pixels.shape).shown_channels == 1


def test_bands_are_shown_by_their_numbers_from_1() -> None:
    pixels = np.full((6, 7, 5), (1, 2, 3, 4, 5))
    for bands, expected in (((4, 3, 2), [4, 3, 2]), ((1,), [1])):
        chosen = replace(space(pixels.shape), bands=bands)
        shown = chosen.to_display(pixels)
        assert shown is not None and shown[5, 6].tolist() == expected
        assert chosen.shown_channels == len(expected)


def test_bands_of_floats_are_stretched_but_for_the_few_brightest() -> None:
    """A cloud of ten times the brightness would leave the land black."""
    floats = np.linspace(0.0, 1.0, 1000).reshape(20, 50, 1).repeat(4, axis=2)
    floats[0, 0] = 10.0
    shown = replace(space((20, 50, 4), kind="floats"), bands=(3, 2, 1)).to_display(floats)
    assert shown is not None and 120 < np.median(shown) < 135 and shown.max() == 255


@pytest.mark.parametrize(
    ("shape", "bands", "says"),
    [
        ((8, 8, 4), (5, 2, 1), "--bands 5,2,1: there is no band 5"),
        ((9,), (1,), "--bands 1 has no meaning for 'image'"),
    ],
)
def test_bands_that_are_not_there_are_refused(
    shape: tuple[int, ...], bands: tuple[int, ...], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        replace(space(shape, kind="floats"), bands=bands)


def test_constant_floats_are_shown_black() -> None:
    shown = space((2, 2), kind="floats").to_display(np.full((2, 2), 7.0))
    assert shown is not None and shown.tolist() == [[[0], [0]], [[0], [0]]]


@pytest.mark.parametrize("shape", [(9,), (2, 5, 5)])
def test_what_is_no_picture_is_not_shown(shape: tuple[int, ...]) -> None:
    assert space(shape, kind="floats").to_display(np.zeros(shape)) is None


def test_of_several_inputs_the_first_that_can_be_shown_is() -> None:
    """A table of integers has the shape of a grey picture, and is none."""
    kinds: list[tuple[str, SourceKind, tuple[int, ...]]] = [
        ("line", "floats", (3,)),
        ("tokens", "integers", (2, 2)),
        ("view", "pixels", (1, 2, 3)),
        ("rear", "pixels", (2, 2)),
    ]
    inputs = [InputSpec(name, shape, np.dtype("float32")) for name, _, shape in kinds]
    parts = parts_of([i.name for i in inputs], [i.known_shape for i in inputs], [False] * 4)
    vector = InputSpec("all", (17,), np.dtype("float32"))
    spaces = tuple(Space(kind, "unit", i) for i, (_, kind, _) in zip(inputs, kinds, strict=True))
    several = Spaces(parts, spaces, vector)
    assert several.pictured == "view"
    shown = several.to_display(np.arange(17.0))
    np.testing.assert_array_equal(shown, [[[7, 8, 9], [10, 11, 12]]])
    unseen = Spaces(parts[:2], spaces[:2], vector)
    assert unseen.pictured is None and unseen.to_display(np.arange(7.0)) is None
