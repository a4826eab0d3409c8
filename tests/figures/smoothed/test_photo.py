import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.figures.ramp import Ramp
from igcli.figures.smoothed.photo import outlined, pane_size, photo_and_heat


@pytest.mark.parametrize(
    ("shape", "aspect", "size", "expected"),
    [
        ((224, 224), (1280, 720), None, (398, 224)),
        ((224, 224), (720, 1280), None, (224, 398)),
        ((224, 224), None, None, (224, 224)),
        ((64, 64), (300, 200), None, (336, 224)),
        ((300, 600), None, None, (600, 300)),
        ((2000, 3000), None, None, (672, 448)),
        ((224, 224), (1000, 100), None, (896, 90)),
        ((224, 224), (1280, 720), 90, (160, 90)),
        ((224, 224), (1000, 100), 90, (360, 36)),
    ],
)
def test_panes_have_the_images_own_aspect(
    shape: tuple[int, int], aspect: tuple[int, int] | None, size: int | None,
    expected: tuple[int, int],
) -> None:  # fmt: skip
    assert pane_size(shape, aspect, size) == expected


def test_a_single_pane_is_wide_enough_unless_it_is_a_tower() -> None:
    assert pane_size((224, 224), (300, 400), None, 448) == (448, 597)
    assert pane_size((224, 224), (100, 400), None, 448) == (224, 896)
    assert pane_size((224, 224), (300, 400), 150, 448) == (150, 200)


def hill() -> Array:
    y, x = np.mgrid[:40, :40]
    plane: Array = np.exp(-((y - 10.0) ** 2 + (x - 25.0) ** 2) / 60.0)
    return plane


def test_left_is_the_image_and_right_its_heat_over_darker_grey() -> None:
    image = np.full((40, 40, 3), (200, 100, 60), np.uint8)
    drawn = photo_and_heat(hill(), image, (40, 40), Ramp("inferno", "absolute", 1.0), 0.75)
    assert drawn.shape == (40, 88, 3) and (drawn[:, 40:48] == 255).all()
    assert (drawn[:, :40] == image).all()
    heat = drawn[:, 48:]
    # Far off it is 0.75 of the mean of the image's colours; at the top three quarters of the full
    # colour, fcffa4, over that.
    assert heat[39, 0].tolist() == [90, 90, 90]
    np.testing.assert_allclose(heat[10, 25], 0.25 * 90 + 0.75 * np.array([252, 255, 164]), atol=1)


def test_the_line_is_around_half_of_the_mass() -> None:
    image = np.zeros((40, 40, 1), np.uint8)
    drawn = outlined(hill(), image, (40, 40), "positive").max(axis=2)
    # Half of a Gaussian's mass lies within sigma · sqrt(2 ln 2), here 6.449 pixels.
    assert drawn[10, 25 + 6] > 200 or drawn[10, 25 + 7] > 200
    assert drawn[10 + 6, 25] > 200 and drawn[10, 25] == 0 and drawn[39, 0] == 0
    # Four fifths: sigma · sqrt(2 ln 5) = 9.83.
    assert drawn[10 + 10, 25] > 60


def test_both_signs_have_lines_of_their_own_colours() -> None:
    plane = hill() - hill()[:, ::-1]
    drawn = outlined(plane, np.zeros((40, 40, 4), np.uint8), (40, 40), "all").astype(int)
    right, left = drawn[:, 22:].reshape(-1, 3).max(axis=0), drawn[:, :18].reshape(-1, 3).max(axis=0)
    assert right.tolist() == [140, 235, 90] and left.tolist() == [255, 130, 215]


def test_an_image_of_many_channels_is_grey() -> None:
    many = np.zeros((40, 40, 5), np.uint8)
    many[..., 0] = 100
    drawn = outlined(np.zeros((40, 40)), many, (40, 40), "absolute")
    assert (drawn == 20).all()
