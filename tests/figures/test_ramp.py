import matplotlib
import numpy as np
import pytest

from igcli.figures.ramp import Ramp

WHITE, GREEN, RED = [255, 255, 255], [0, 128, 0], [255, 0, 0]


@pytest.mark.parametrize(
    ("sign", "ends", "colours"),
    [
        ("all", (-2.0, 2.0), [RED, WHITE, GREEN]),
        ("positive", (0.0, 2.0), [WHITE, [128, 192, 128], GREEN]),
        ("absolute", (0.0, 2.0), [WHITE, [128, 192, 128], GREEN]),
        ("negative", (-2.0, 0.0), [RED, [255, 128, 128], WHITE]),
    ],
)
def test_nothing_is_neutral_but_zero_in_a_diverging_map(
    sign: str, ends: tuple[float, float], colours: list[list[int]]
) -> None:
    ramp = Ramp("red-white-green", sign, 2.0)
    assert (ramp.low, ramp.high) == ends
    assert ramp.gradient(3).tolist() == colours
    assert ramp.colours(np.array(0.0)).tolist() == WHITE


@pytest.mark.parametrize(
    ("sign", "numbers"),
    [("all", [-2.0, 0.0, 2.0]), ("positive", [0.0, 1.0, 2.0]), ("negative", [0.0, -1.0, -2.0])],
)
def test_another_map_runs_over_the_numbers_that_are_shown(sign: str, numbers: list[float]) -> None:
    expected = matplotlib.colormaps["viridis"]([0, 127, 255])[:, :3] * 255
    found = Ramp("viridis", sign, 2.0).colours(np.array(numbers))
    np.testing.assert_allclose(found, expected, atol=2)
    turned = Ramp("viridis", sign, 2.0, reverse=True).colours(np.array(numbers))
    np.testing.assert_allclose(turned, expected[::-1], atol=2)


def test_numbers_beyond_the_top_have_its_colour() -> None:
    ramp = Ramp("red-white-green", "all", 0.5)
    assert ramp.colours(np.array([-9.0, 9.0])).tolist() == [RED, GREEN]


@pytest.mark.parametrize(("cmap", "colour"), [("PiYG", [247] * 3), ("gray", [0] * 3)])
def test_a_map_of_zeros_has_the_colour_of_zero(cmap: str, colour: list[int]) -> None:
    ramp = Ramp(cmap, "absolute", 0.0)
    assert ramp.colours(np.zeros(2)).tolist() == [colour] * 2
    assert ramp.gradient(2).tolist() == [colour] * 2
