"""What `smooth` draws of cells, against scipy's Gaussian and scikit-image's contours."""

import numpy as np
import pytest

from igcli.common.regions import Regions
from igcli.figures.smoothed.smooth import (
    away_from_level,
    covered,
    level_of,
    of_signs,
    resized,
    smooth_plane,
)

CELLS = Regions((32, 48, 3), 8)


def masses(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((2, 4, 6)).astype(np.float32)


def test_equal_cells_are_a_flat_plane_also_where_those_at_the_edge_are_smaller() -> None:
    cells = Regions((30, 45), 8)
    even = cells.masses(np.full((30, 45), 0.5))
    np.testing.assert_allclose(smooth_plane(even, cells, "absolute"), 32.0, rtol=1e-6)
    np.testing.assert_allclose(smooth_plane(even, cells, "all"), 32.0, rtol=1e-6)
    np.testing.assert_array_equal(smooth_plane(even, cells, "negative"), 0.0)


def test_one_cell_spreads_as_the_gaussian_says() -> None:
    one = np.zeros((2, 4, 6))
    one[0, 1, 2] = 3.0
    plane = smooth_plane(one, CELLS, "positive")
    # Centres of cells are at 4, 12, 20, …; of pixels at 0.5, 1.5, …
    down, across = ((np.arange(n) + 0.5)[:, None] - (4 + 8 * np.arange(m)) for n, m in
                    ((32, 4), (48, 6)))  # fmt: skip
    shares = [np.exp(-0.5 * (away / 4.8) ** 2) for away in (down, across)]
    rows, columns = (share / share.sum(axis=1, keepdims=True) for share in shares)
    np.testing.assert_allclose(plane, 3.0 * np.outer(rows[:, 1], columns[:, 2]), atol=1e-12)
    top = np.unravel_index(plane.argmax(), plane.shape)
    assert plane.max() <= 3.0 and 8 <= top[0] < 16 and 16 <= top[1] < 24


def test_signs_add_up() -> None:
    found = {s: smooth_plane(masses(), CELLS, s) for s in ("all", "absolute", "positive",
                                                           "negative")}  # fmt: skip
    np.testing.assert_allclose(found["positive"] + found["negative"], found["all"], atol=1e-12)
    np.testing.assert_allclose(found["positive"] - found["negative"], found["absolute"])
    assert (found["negative"] <= 0.0).all()
    np.testing.assert_array_equal(of_signs(masses(), "negative"), -masses()[1].astype(float))


def test_the_plane_stays_within_its_cells_numbers() -> None:
    plane = smooth_plane(masses(), CELLS, "absolute")
    cells = masses().sum(axis=0, dtype=float)
    assert cells.min() <= plane.min() and plane.max() <= cells.max()


@pytest.mark.parametrize(("share", "level"), [(0.3, 4.0), (0.4, 4.0), (0.5, 3.0), (0.8, 2.0)])
def test_a_level_bounds_the_smallest_part_with_a_share_of_the_mass(
    share: float, level: float
) -> None:
    assert level_of(np.array([[1.0, 4.0], [3.0, 2.0]]), share) == level


def test_levels_of_nothing_are_zero() -> None:
    assert level_of(np.zeros((3, 3)), 0.5) == 0.0
    assert level_of(-np.ones((3, 3)), 0.5) == 0.0


def test_a_contour_is_where_scikit_image_has_it_and_as_wide_as_asked() -> None:
    measure = pytest.importorskip("skimage.measure")
    y, x = np.mgrid[:80, :90].astype(float)
    plane = 40.0 - np.hypot(y - 40.0, x - 45.0)
    line = covered(away_from_level(plane, 15.0), 3.0)
    (points,) = measure.find_contours(plane, 15.0)
    near = np.min(np.hypot(*(points[:, :, None, None] - np.stack([y, x])[None]).swapaxes(0, 1)),
                  axis=0)  # fmt: skip
    assert (line[near < 0.9] == 1.0).all() and (line[near > 2.1] == 0.0).all()
    # A circle of radius 25, 3 pixels wide.
    assert line.sum() == pytest.approx(2 * np.pi * 25 * 3, rel=0.01)


def test_no_line_is_drawn_on_a_plateau_or_through_a_row() -> None:
    assert covered(away_from_level(np.full((5, 5), 2.0), 1.0), 3.0).sum() == 0.0
    assert np.isinf(away_from_level(np.ones((1, 9)), 1.0)).all()


def test_a_plane_is_resized_between_its_numbers() -> None:
    ramp = np.tile(np.arange(10.0), (4, 1))
    assert resized(ramp, (30, 8)).shape == (8, 30)
    np.testing.assert_allclose(resized(ramp, (30, 8))[:, 1::3], np.tile(ramp, (2, 1)), atol=1e-5)
