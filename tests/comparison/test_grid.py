"""Maps reduced to a grid, against a slow loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igcli.common.arrays import Array
from igcli.comparison.grid import DEFAULT_GRID, mean_magnitudes, reduce_map, reduced_shape


def cells(size: int, most: int) -> list[range]:
    """Which indices lie in which cell: cells of ⌊size/most⌋ or one more, all in order."""
    if size <= most:
        return [range(i, i + 1) for i in range(size)]
    edges = [i * size // most for i in range(most + 1)]
    return [range(a, b) for a, b in zip(edges, edges[1:], strict=False)]


def slowly(values: Array, grid: int) -> Array:
    if values.ndim in (2, 3):
        rows, columns = (cells(side, grid) for side in values.shape[:2])
        return np.array(
            [
                [sum(float(values[i, j].sum(dtype=float)) for i in r for j in c) for c in columns]
                for r in rows
            ]
        )
    flat = values.ravel().tolist()
    return np.array([sum(flat[i] for i in cell) for cell in cells(len(flat), grid * grid)])


SHAPES = st.one_of(
    st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 4)),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.integers(1, 90)),
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.integers(1, 3)),
)


@given(SHAPES, st.integers(1, 12), st.integers(0, 99))
@settings(deadline=None)
def test_any_shape(shape: tuple[int, ...], grid: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = (random.standard_normal(shape).astype(np.float32) for _ in range(2))
    reduced = reduce_map(a, grid)
    assert reduced.dtype == np.float64 and reduced.shape == reduced_shape(shape, grid)
    assert all(side <= (grid if reduced.ndim == 2 else grid * grid) for side in reduced.shape)
    np.testing.assert_allclose(reduced, slowly(a, grid), atol=1e-9)
    assert reduced.sum() == pytest.approx(a.sum(dtype=np.float64), abs=1e-9)
    assert np.abs(reduced).sum() <= np.abs(a.astype(np.float64)).sum() + 1e-9
    # What bounds the error of the map bounds that of the reduced map.
    difference = np.abs(reduce_map(b, grid) - reduced).sum()
    assert difference <= np.abs(b.astype(np.float64) - a).sum() + 1e-9


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((224, 224, 3), (56, 56)),
        ((28, 28, 1), (28, 28)),
        ((57, 300, 3), (56, 56)),
        ((100, 5, 2), (56, 5)),
        ((64, 64), (56, 56)),
        ((40,), (40,)),
        ((10_000,), (3136,)),
        ((7, 7, 4, 128), (3136,)),
    ],
)
def test_shapes_on_the_usual_grid(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert reduced_shape(shape, DEFAULT_GRID) == expected


def test_by_hand() -> None:
    values = np.arange(15, dtype=np.float32).reshape(3, 5, 1)
    assert reduce_map(values, 2).tolist() == [
        [0 + 1, 2 + 3 + 4],
        [5 + 6 + 10 + 11, 7 + 8 + 9 + 12 + 13 + 14],
    ]
    assert reduce_map(np.arange(9.0), 2).tolist() == [0 + 1, 2 + 3, 4 + 5, 6 + 7 + 8]


def test_the_largest_floats_do_not_overflow() -> None:
    assert reduce_map(np.full((4, 4, 3), 3e38, np.float32), 1).tolist() == [
        [pytest.approx(48 * 3e38, rel=1e-6)]
    ]


def test_means_of_magnitudes_by_hand() -> None:
    values = np.array([[1.0, -3.0, 5.0], [-7.0, 9.0, -11.0]])[..., None] * [1.0, -1.0]
    # Columns are 1 and 2 wide.
    assert mean_magnitudes(values, 2).tolist() == [[1.0, 4.0], [7.0, 10.0]]
    assert mean_magnitudes(np.array([2.0, -4.0, -6.0]), 1).tolist() == [4.0]
