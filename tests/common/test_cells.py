"""Cells of an array: all is counted, nothing twice, and the cells are where they should be."""

import numpy as np
import pytest

from igcli.common.cells import in_grid, in_squares, sums_over_cells


def test_cells_begin_where_they_are_told_to() -> None:
    values = np.arange(12.0).reshape(3, 4)
    sums = sums_over_cells(values, [np.array([0, 1]), np.array([0, 3])])
    assert sums.tolist() == [[0 + 1 + 2, 3], [4 + 5 + 6 + 8 + 9 + 10, 7 + 11]]
    assert sums_over_cells(values, [np.array([0])]).tolist() == [[12, 15, 18, 21]]


@pytest.mark.parametrize("side", [1, 2, 3, 20])
def test_squares_keep_the_sum(side: int) -> None:
    values = np.random.default_rng(0).standard_normal((11, 7))
    found = in_squares(values, side)
    assert found.shape == (-(-11 // side), -(-7 // side))
    assert found.sum() == pytest.approx(values.sum())
    assert found[0, 0] == pytest.approx(values[:side, :side].sum())


def test_a_grid_has_cells_of_much_the_same_size() -> None:
    assert in_grid(np.ones((5, 3)), 4).tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 1], [2, 2, 2]]
    assert in_grid(np.ones(10), 4).tolist() == [2, 3, 2, 3]
    assert in_grid(np.arange(3.0), 3).tolist() == [0, 1, 2]
