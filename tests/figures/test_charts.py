import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igcli.common.arrays import Array
from igcli.figures.charts import Chart, chart_row, line_chart, nice_ticks, path_charts

unhurried = settings(deadline=None)  # other work on the machine is no failure


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 0.8, [0.0, 0.2, 0.4, 0.6, 0.8]),
        (-1.0, 1.0, [-1.0, -0.5, 0.0, 0.5, 1.0]),
        (0.0, 10.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (0.0, 1.2, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (3.1e-7, 8.8e-7, [4e-7, 6e-7, 8e-7]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    np.testing.assert_allclose(nice_ticks(low, high), ticks, atol=1e-20)


@unhurried
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_there_are_a_few_ticks_inside_any_range(low: float, width: float) -> None:
    high = low + width
    if high - low > 1e-9 * max(abs(low), abs(high)):
        ticks = nice_ticks(low, high)
        assert 1 <= len(ticks) <= 6
        slack = 1e-6 * width + 1e-9 * abs(low)
        assert low - slack <= ticks[0] and ticks[-1] <= high + slack


def chart(x: list[float], y: list[float]) -> Chart:
    return Chart(np.array(x), np.array(y), "title", "x", "y")


def blue(pixels: Array) -> Array:
    found: Array = (pixels[..., 2].astype(int) - pixels[..., 0]) > 100
    return found


def test_a_line_goes_up_from_corner_to_corner() -> None:
    found = blue(np.asarray(line_chart(chart([0, 1], [0, 1]))))
    ys, xs = np.nonzero(found)
    assert np.corrcoef(xs, ys)[0, 1] < -0.999
    assert xs.max() - xs.min() > 300 and ys.max() - ys.min() > 200


def test_edges_are_smooth_and_twice_as_large_is_twice_as_large() -> None:
    small, large = (line_chart(chart([0, 1], [0, 3]), scale) for scale in (1, 2))
    assert small.size == (440, 330) and large.size == (880, 660)
    shades = np.unique(np.asarray(small)[blue(np.asarray(small))], axis=0)
    assert len(shades) > 5


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([0.0, 0.5, 1.0], [2.0, 2.0, 2.0]),
        ([0.0, 1.0], [0.0, 0.0]),
        ([0.5], [1.0]),
        ([], []),
        ([0.0, 0.5, 1.0], [1.0, float("nan"), 2.0]),
        ([0.0, 1.0], [1e-30, 3e-30]),
        ([0.0, 1.0], [-1e20, 1e20]),
    ],
)
def test_odd_lines_draw(x: list[float], y: list[float]) -> None:
    picture = line_chart(chart(x, y))
    assert picture.size == (440, 330)
    assert blue(np.asarray(picture)).any() == bool(x)


def test_a_path_has_its_score_and_its_gradient() -> None:
    alphas = np.linspace(0, 1, 5)
    row = chart_row(path_charts(alphas, alphas, 1 - alphas))
    assert row.size == (880, 330)
    for half, slope in ((0, -1), (440, 1)):
        ys, xs = np.nonzero(blue(np.asarray(row)[:, half : half + 440]))
        assert np.corrcoef(xs, ys)[0, 1] * slope > 0.999
