"""Metrics of subsets, of complexity, and control maps, against closed forms."""

from math import log

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.choices import INFIDELITY, MUFIDELITY, SENSITIVITY_N
from igcli.evaluation.faithfulness.complexity import entropy, gini
from igcli.evaluation.faithfulness.control_maps import control_maps
from igcli.evaluation.faithfulness.subsets import infidelity, measure_grid, measure_sensitivity
from igcli.evaluation.sobel import sobel
from tests.evaluation.faithfulness.test_curves import asking, case_of

X = np.random.default_rng(1).uniform(0.1, 1.0, (18, 18, 1))
PLANES = {"map": X[..., 0], "against": -X[..., 0], "blurred": 2.0 * X[..., 0]}


def total(image: Array) -> float:
    return float(image.sum())


def test_a_sum_and_its_inputs_have_mufidelity_1_and_less_1() -> None:
    found = measure_grid(case_of(X), PLANES, (MUFIDELITY, INFIDELITY), False, asking(total))
    assert found[MUFIDELITY]["map"].value == pytest.approx(1.0)
    assert found[MUFIDELITY]["against"].value == pytest.approx(-1.0)
    assert found[INFIDELITY]["map"].value == pytest.approx(0.0, abs=1e-20)
    # Twice the map says twice what the score falls by; scaled, it is right.
    scaled = measure_grid(case_of(X), PLANES, (INFIDELITY,), True, asking(total))[INFIDELITY]
    assert found[INFIDELITY]["blurred"].value > 1.0
    assert scaled["blurred"].value == pytest.approx(0.0, abs=1e-20)


def test_infidelity_of_everything_taken_away_is_the_square_of_delta() -> None:
    said, fell = np.array([0.7]), np.array([0.45])
    assert infidelity(said, fell, normalize=False) == pytest.approx((0.7 - 0.45) ** 2)


def test_sensitivity_n_of_a_sum() -> None:
    found = measure_sensitivity(case_of(X), PLANES, np.arange(18 * 18), asking(total))
    values = found[SENSITIVITY_N]
    assert values["map"].value == pytest.approx(1.0)
    assert values["against"].value == pytest.approx(-1.0)
    assert values["map"].curve[0][0] == pytest.approx(0.01)


def test_complexity_of_equal_shares_and_of_one() -> None:
    even, one = np.full(10, 0.1), np.eye(10)[3]
    assert [entropy(even), entropy(one)] == pytest.approx([log(10.0), 0.0])
    assert [gini(even), gini(one)] == pytest.approx([0.0, 0.9])


def test_controls_of_an_image() -> None:
    raw = np.zeros((6, 8, 3))
    raw[:, 4:] = 10.0
    found = control_maps(raw, 0, "one")
    # A step of 10 is 4 · 10 to Sobel, on both of its sides.
    assert sobel(raw[..., 0])[2].tolist() == [0, 0, 0, 40, 40, 0, 0, 0]
    assert found["edges"][2].tolist() == [0, 0, 0, 40, 40, 0, 0, 0]
    assert found["intensity"][0].tolist() == [0, 0, 0, 0, 10, 10, 10, 10]
    # The first of the four pixels in the middle.
    assert found["centre"].argmax() == 2 * 8 + 3
    again, other = control_maps(raw, 0, "one"), control_maps(raw, 0, "two")
    assert (found["random"] == again["random"]).all()
    assert (found["random"] != other["random"]).any()
