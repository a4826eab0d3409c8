from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import LinearSegmentedColormap

from igcli.figures.colormaps import COLORMAPS, DIVERGING, colours, red_white_green


@pytest.mark.parametrize(
    ("value", "colour"),
    [
        (-1.0, (255, 0, 0)),
        (-0.5, (255, 127.5, 127.5)),
        (0.0, (255, 255, 255)),
        (0.5, (127.5, 191.5, 127.5)),
        (1.0, (0, 128, 0)),
        (-7.0, (255, 0, 0)),
        (7.0, (0, 128, 0)),
    ],
)
def test_red_is_against_white_is_nothing_and_green_is_for(
    value: float, colour: tuple[float, ...]
) -> None:
    np.testing.assert_allclose(red_white_green(np.array(value)), colour)


@pytest.mark.parametrize("shape", [(3,), (2, 5), (1, 1)])
def test_the_colour_is_a_last_axis(shape: tuple[int, ...]) -> None:
    assert red_white_green(np.zeros(shape)).shape == (*shape, 3)


@pytest.mark.parametrize("name", COLORMAPS)
def test_256_values_are_matplotlibs(name: str) -> None:
    theirs: Any
    if name == "red-white-green":
        theirs = LinearSegmentedColormap.from_list(name, ["red", "white", "green"])
    else:
        theirs = matplotlib.colormaps[name]
    expected = theirs(np.arange(256))[:, :3] * 255
    np.testing.assert_allclose(colours(name, np.arange(256) / 255), expected, atol=2)


@pytest.mark.parametrize("name", COLORMAPS)
def test_beyond_its_ends_a_map_stays_at_them(name: str) -> None:
    ends = colours(name, np.array([0.0, 1.0]))
    np.testing.assert_array_equal(colours(name, np.array([-3.0, 3.0])), ends)


@pytest.mark.parametrize(
    ("name", "middle"),
    [("red-white-green", 255), ("PiYG", 247), ("coolwarm", 221)],
)
def test_diverging_maps_have_a_neutral_middle(name: str, middle: int) -> None:
    assert name in DIVERGING and len(DIVERGING) == 3
    np.testing.assert_array_equal(colours(name, np.array(0.5)), [middle] * 3)
