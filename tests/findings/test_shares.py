"""Closed forms of how densities lie."""

import numpy as np
import pytest

from igcli.common.regions import Regions
from igcli.findings.shares import sameness, sameness_unaligned, shape_of

REGIONS = Regions((40, 20, 1), 2)


def test_an_even_density_has_border_one_entropy_one_and_no_gini() -> None:
    shape = shape_of(np.full((1, 20, 10), 1 / 200), REGIONS).means()
    assert shape["border"] == pytest.approx(1.0)
    assert shape["x"] == pytest.approx(0.5)
    assert shape["y"] == pytest.approx(0.5)
    assert shape["entropy"] == pytest.approx(1.0)
    assert shape["gini"] == pytest.approx(0.0, abs=1e-12)
    # Of an even rectangle of half the width: √((1² + ½²) / 12), but for the cells' own extent.
    assert shape["radius"] == pytest.approx(np.sqrt(1.25 / 12), rel=0.01)


def test_all_in_one_corner() -> None:
    values = np.zeros((1, 20, 10))
    values[0, 0, 9] = 1.0
    shape = shape_of(values, REGIONS).means()
    # The ring is 36 % of the area.
    assert shape["border"] == pytest.approx(1 / 0.36)
    assert shape["x"] == pytest.approx(0.95)
    assert shape["y"] == pytest.approx(0.025)
    assert shape["radius"] == pytest.approx(0.0, abs=1e-7)
    assert shape["entropy"] == pytest.approx(0.0)
    assert shape["gini"] == pytest.approx(199 / 200)


def test_nothing_in_the_ring() -> None:
    values = np.zeros((1, 20, 10))
    values[0, 9:11, 4:6] = 0.25
    assert shape_of(values, REGIONS).means()["border"] == 0.0


def test_a_ring_of_parts_of_cells_is_counted_by_area() -> None:
    # 10 % of 30 pixels are 3: one and a half cells of 2.
    regions = Regions((30, 30, 1), 2)
    assert shape_of(np.full((1, 15, 15), 1 / 225), regions).means()["border"] == pytest.approx(1.0)


def test_cells_at_the_edge_may_be_smaller() -> None:
    regions = Regions((5, 5, 1), 2)
    values = np.zeros((1, 3, 3))
    values[0, 2, 2] = 1.0
    assert shape_of(values, regions).means()["x"] == pytest.approx(0.9)


def test_sameness_is_the_mean_cosine_of_pairs() -> None:
    rows = np.random.default_rng(0).random((6, 3, 4))
    flat = rows.reshape(6, -1)
    pairs = [
        flat[i] @ flat[j] / np.linalg.norm(flat[i]) / np.linalg.norm(flat[j])
        for i in range(6)
        for j in range(i)
    ]
    assert sameness(rows) == pytest.approx(np.mean(pairs))
    assert sameness(np.stack([rows[0]] * 3)) == pytest.approx(1.0)
    assert np.isnan(sameness(rows[:1]))


def test_shuffled_sameness_is_what_shuffling_gives() -> None:
    random = np.random.default_rng(1)
    rows = random.random((8, 50)) ** 3
    shuffled = [sameness(np.stack([random.permutation(row) for row in rows])) for _ in range(500)]
    assert sameness_unaligned(rows) == pytest.approx(np.mean(shuffled), abs=0.005)
