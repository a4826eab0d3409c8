import numpy as np
import pytest

from igcli.figures.caption import font
from igcli.figures.channels import REDUCTIONS, SIGNS, UNSIGNED, label, of_sign, plane_of

CHANNELS = np.array([[[1.0, -3.0, 0.5], [2.0, 2.0, -1.0]]], np.float32)


@pytest.mark.parametrize(
    ("reduce", "expected"),
    [
        ("sum", [-1.5, 3.0]),
        ("abs-sum", [4.5, 5.0]),
        ("max", [-3.0, 2.0]),
        ("l2", [10.25**0.5, 3.0]),
    ],
)
def test_channels_become_one_number(reduce: str, expected: list[float]) -> None:
    plane = plane_of(CHANNELS, reduce)
    assert plane.dtype == np.float64 and plane.shape == (1, 2)
    np.testing.assert_allclose(plane[0], expected)


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1)])
def test_one_channel_is_taken_as_it_is_or_its_magnitude(
    reduce: str, shape: tuple[int, ...]
) -> None:
    plane = plane_of(np.array([1.0, -2.0, 0.0]).reshape(shape), reduce)
    assert plane.tolist() == [[1.0, 2.0 if reduce in UNSIGNED else -2.0, 0.0]]


def test_channels_are_summed_in_float64() -> None:
    assert plane_of(np.array([[[1e8, 1.0, -1e8]]], np.float32), "sum").tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        ("all", [-2, 0, 3]),
        ("positive", [0, 0, 3]),
        ("negative", [-2, 0, 0]),
        ("absolute", [2, 0, 3]),
    ],
)
def test_a_sign_is_kept_and_the_other_is_zero(sign: str, expected: list[float]) -> None:
    assert of_sign(np.array([[-2.0, 0.0, 3.0]]), sign).tolist() == [expected]


@pytest.mark.parametrize(
    ("sign", "reduce", "channels", "said"),
    [
        ("all", "sum", 1, "attribution"),
        ("absolute", "l2", 1, "|attribution|"),
        ("negative", "sum", 1, "negative attribution"),
        ("all", "sum", 3, "attribution: channel sum"),
        ("positive", "max", 3, "positive attribution: largest channel"),
        ("absolute", "sum", 3, "attribution: |channel sum|"),
        ("absolute", "abs-sum", 3, "attribution: sum of |channels|"),
    ],
)
def test_the_bar_says_what_its_numbers_are(
    sign: str, reduce: str, channels: int, said: str
) -> None:
    assert label(sign, reduce, channels) == said


def test_every_label_fits_below_the_smallest_picture() -> None:
    labels = [label(s, r, c) for s in SIGNS for r in REDUCTIONS for c in (1, 3)]
    assert max(font().getlength(text) for text in labels) < 214
