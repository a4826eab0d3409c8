"""The relative distance of two arrays."""

from math import inf, sqrt

import numpy as np
import pytest

from igcli.common.distance import relative_distance


def test_distances_by_hand() -> None:
    one, other = np.array([[3.0, -4.0]], np.float32), np.array([[2.0, -2.0]], np.float32)
    assert relative_distance(one, other) == 3 / 4
    assert relative_distance(one, other, 2) == pytest.approx(sqrt(5) / sqrt(8))
    assert relative_distance(one, one) == 0.0


def test_a_reference_of_zeros() -> None:
    nothing = np.zeros(3)
    assert relative_distance(nothing, nothing) == 0.0
    assert relative_distance(np.ones(3), nothing) == inf


def test_float32_is_summed_in_float64() -> None:
    """In float32, 2²⁴ + 1 is 2²⁴."""
    reference = np.array([2.0**24, 1.0], np.float32)
    assert relative_distance(np.zeros(2, np.float32), reference) == 1.0
    assert relative_distance(reference + np.float32(0.0), 2 * reference) == 0.5
