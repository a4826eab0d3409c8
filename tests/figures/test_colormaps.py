import numpy as np
import pytest

from igcli.figures.colormaps import red_white_green


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
