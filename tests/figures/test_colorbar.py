import numpy as np
import pytest

from igcli.figures.colorbar import Bar, bar_of, horizontal_bar, in_digits, vertical_bar
from igcli.figures.ramp import Ramp


def ramp(sign: str = "all", top: float = 0.5) -> Ramp:
    return Ramp("red-white-green", sign, top)


@pytest.mark.parametrize(
    ("sign", "halves", "texts"),
    [
        ("all", False, ["-0.5", "0", "+0.5"]),
        ("all", True, ["-0.5", "-0.25", "0", "+0.25", "+0.5"]),
        ("positive", True, ["0", "0.25", "0.5"]),
        ("absolute", False, ["0", "0.25", "0.5"]),
        ("negative", False, ["-0.5", "-0.25", "0"]),
    ],
)
def test_numbers_stand_where_they_belong(sign: str, halves: bool, texts: list[str]) -> None:
    ticks = Bar(ramp(sign), "x").ticks(halves)
    assert [text for _, text in ticks] == texts
    assert [place for place, _ in ticks] == list(np.linspace(0, 1, len(texts)))


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (0.0, True, "0"),
        (0.012345, True, "+0.0123"),
        (-0.012345, False, "-0.0123"),
        (1e-40, False, "1e-40"),
        (123456.0, False, "1.23e+05"),
        (1.0, True, "+1"),
    ],
)
def test_numbers_have_three_digits(value: float, signed: bool, text: str) -> None:
    assert in_digits(value, signed) == text


@pytest.mark.parametrize(
    ("sign", "numbers", "below", "above"),
    [
        ("all", [-0.5, 0.5], False, False),
        ("all", [-0.6, 0.5], True, False),
        ("all", [-0.5, 0.6], False, True),
        ("all", [-0.5, 0.5 + 1e-9], False, False),
        ("positive", [0.0, 0.6], False, True),
        ("negative", [-0.6, 0.0], True, False),
    ],
)
def test_a_bar_is_pointed_where_numbers_go_on(
    sign: str, numbers: list[float], below: bool, above: bool
) -> None:
    bar = bar_of(ramp(sign), "x", [np.zeros((1, 2)), np.array([numbers])])
    assert (bar.below, bar.above) == (below, above)
    corners = np.asarray(horizontal_bar(bar, 200))[5, [5, 194]]
    assert [(corner == 255).all() for corner in corners] == [below, above]


def test_a_map_of_zeros_says_so() -> None:
    bar = bar_of(ramp(top=0.0), "attribution", [np.zeros((2, 2))])
    assert bar.label == "attribution (all are 0)" and bar.ticks() == [(0.5, "0")]


def test_the_colours_run_from_left_to_right_and_from_below_to_above() -> None:
    flat = np.asarray(horizontal_bar(Bar(ramp(), "x"), 211))
    assert flat.shape == (5 + 12 + 3 + 2 * 16, 211, 3)
    across = flat[5 + 6, [6, 105, 204]].astype(int)
    high = vertical_bar(Bar(ramp(), "x"), 201)
    assert high.height == 201 + 12
    up = np.asarray(high)[[6 + 199, 6 + 100, 6 + 1], 8].astype(int)
    for found in (across, up):
        np.testing.assert_allclose(found, [[255, 0, 0], [255, 255, 255], [0, 128, 0]], atol=3)


def test_a_long_label_may_use_the_room_beside_the_bar() -> None:
    bar = Bar(ramp(), "a label that is longer than its bar")
    assert vertical_bar(bar, 60).height == 72
    assert 150 < vertical_bar(bar, 60, room=100).height < 260
    assert vertical_bar(bar, 60, room=20).height == 100
