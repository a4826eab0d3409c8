import numpy as np
import pytest

from igcli.figures import pixels
from igcli.figures.pixels import (
    alpha_scaled,
    behind,
    blended,
    fitted,
    fitted_shape,
    heat,
    masked,
    rgb_of,
)
from igcli.figures.ramp import Ramp

RAMP = Ramp("red-white-green", "all", 1.0)
PLANE = np.array([[1.0, -0.5, 0.0]])
IMAGE = np.full((1, 3, 3), (200, 100, 0), np.uint8)


def test_heat_is_the_colours_alone() -> None:
    assert heat(PLANE, RAMP).tolist() == [[[0, 128, 0], [255, 128, 128], [255, 255, 255]]]


def test_the_opacity_is_that_of_what_lies_on_top() -> None:
    # A fifth of the heat over grey of 100; a fifth of the image over the heat.
    assert blended(PLANE, IMAGE, RAMP, 0.2)[0, 0].tolist() == [80, 106, 80]
    assert behind(PLANE, IMAGE, RAMP, 0.2)[0, 0].tolist() == [40, 122, 0]
    assert (blended(PLANE, IMAGE, RAMP, 1.0) == heat(PLANE, RAMP)).all()
    assert (behind(PLANE, IMAGE, RAMP, 1.0) == IMAGE).all()


def test_masks_show_the_share_of_the_image_that_is_attributed() -> None:
    assert masked(PLANE, IMAGE, 1.0).tolist() == [[[200, 100, 0], [100, 50, 0], [0, 0, 0]]]
    assert alpha_scaled(PLANE, IMAGE, 1.0).tolist() == [
        [[200, 100, 0], [228, 178, 128], [255, 255, 255]]
    ]
    assert (masked(PLANE, IMAGE, 0.0) == 0).all() and (alpha_scaled(PLANE, IMAGE, 0) == 255).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_are_shown_without_alpha(channels: int) -> None:
    image = np.arange(2 * channels, dtype=np.uint8).reshape(1, 2, channels)
    shown = rgb_of(image)
    expected = [[[0, 0, 0], [1, 1, 1]]] if channels == 1 else image[..., :3].tolist()
    assert shown.shape == (1, 2, 3) and shown.tolist() == expected


def test_bands_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    plane, image = random.normal(size=(50, 7)), random.integers(0, 256, (50, 7, 3), np.uint8)
    whole = blended(plane, image, RAMP, 0.5)
    monkeypatch.setattr(pixels, "_BAND", 20)
    assert (blended(plane, image, RAMP, 0.5) == whole).all()


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((28, 28), None, (224, 224)),
        ((28, 28), 56, (56, 56)),
        ((28, 28), 57, (84, 84)),
        ((28, 28), 28, (28, 28)),
        ((28, 28), 14, (14, 14)),
        ((28, 28), 20, (28, 28)),
        ((28, 28), 5, (6, 6)),
        ((30, 41), 10, (10, 14)),
        ((3000, 4000), None, (3000, 4000)),
        ((300, 400), 100, (100, 134)),
        ((1, 1), 1, (1, 1)),
        ((1, 300), 3, (3, 900)),
    ],
)
def test_sizes_change_by_whole_factors_to_the_least_that_is_enough(
    shape: tuple[int, int], size: int | None, expected: tuple[int, int]
) -> None:
    assert fitted_shape(*shape, size) == expected
    assert fitted(np.zeros((*shape, 3), np.uint8), size).shape == (*expected, 3)


def test_to_shrink_squares_are_averaged() -> None:
    squares = np.array([[0, 100, 10, 10], [100, 200, 10, 10]], np.uint8)
    shrunk = fitted(np.repeat(squares[..., None], 3, axis=2), 1)
    assert shrunk[..., 0].tolist() == [[100, 10]]
