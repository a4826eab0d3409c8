"""Deletion and insertion on models whose curves are known in closed form."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.evaluation.faithfulness.case import Case
from igcli.evaluation.faithfulness.curves import Steps, area, measure_curves, squares

SIDE = 16


def case_of(x: Array) -> Case:
    return Case("one", 0, x, np.zeros_like(x), np.zeros_like(x))


def asking(score: Callable[[Array], float]) -> Callable[[Iterable[Array]], list[float]]:
    return lambda images: [score(image) for image in images]


def test_area_of_rise_by_hand() -> None:
    # (Σ − first/2 − last/2) / n of four steps: (3.0 − 0.5 − 0.05) / 4.
    scores, shares = np.array([1.0, 0.9, 0.6, 0.4, 0.1]), np.linspace(0.0, 1.0, 5)
    assert area(scores, shares) == pytest.approx(0.6125)


def test_the_perfect_case_of_xplique() -> None:
    """A score that falls with the first pixel, or rises with it, 16 × 16 in 256 steps."""
    x = np.random.default_rng(0).uniform(0.1, 1.0, (SIDE, SIDE, 1))
    case, steps = case_of(x), Steps(np.arange(SIDE * SIDE), 1)
    orders = {"map": x[..., 0]}
    whole, any_ = asking(lambda i: float((i != 0).all())), asking(lambda i: float((i != 0).any()))
    deletion = measure_curves(case, orders, steps, (x, case.baseline), whole)["map"]
    insertion = measure_curves(case, orders, steps, (case.blurred, x), any_)["map"]
    assert len(deletion.curve) == len(insertion.curve) == 257
    # Half a step is what a trapezoid can't tell.
    assert deletion.value == pytest.approx(0.5 / 256)
    assert insertion.value == pytest.approx(1.0 - 0.5 / 256)


def test_curves_of_a_sum_are_its_cumulated_parts() -> None:
    x = np.arange(1.0, 13.0).reshape(2, 2, 3)
    case, steps = case_of(x), Steps(np.arange(4), 1)
    orders = {"up": np.array([[4.0, 3.0], [2.0, 1.0]]), "down": np.array([[1.0, 2.0], [3.0, 4.0]])}
    found = measure_curves(
        case, orders, steps, (x, case.baseline), asking(lambda i: float(i.sum()))
    )
    assert [y for _, y in found["up"].curve] == [78.0, 72.0, 57.0, 33.0, 0.0]
    assert [y for _, y in found["down"].curve] == [78.0, 45.0, 21.0, 6.0, 0.0]
    assert [share for share, _ in found["up"].curve] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_steps_end_with_whole_units_and_ties_are_broken() -> None:
    units = squares((3, 3), 2)
    assert units.tolist() == [0, 0, 1, 0, 0, 1, 2, 2, 3]
    plane = np.zeros((3, 3))
    plane[2, 2] = 5.0
    cuts = Steps(units, 3).cuts(plane, np.array([2, 0, 1, 3]))
    # The corner and the first of the ties make a step; units of two pixels and of four the others.
    assert [sorted(pixels.tolist()) for pixels in cuts] == [[2, 5, 8], [0, 1, 3, 4, 6, 7]]
