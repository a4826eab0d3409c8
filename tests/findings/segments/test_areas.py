"""Areas: values, errors, ties, boxes, sums and the best part of the picture, in closed form."""

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.findings.segments.areas import (
    MAX,
    SUM,
    Estimates,
    Ranking,
    magnitudes,
    ranking,
    reduced,
)

NOT_ESTIMATED = Estimates(np.nan, np.nan)
# Four strips of a 4 × 10 map.
STRIPS = [np.arange(10 * i, 10 * (i + 1)) for i in range(4)]


def strips(values: list[float], estimates: Estimates = NOT_ESTIMATED) -> Ranking:
    plane = np.repeat(values, 10).reshape(4, 10).astype(np.float64)
    return ranking(plane, np.abs(plane), STRIPS, estimates)


def test_values_are_means_and_the_highest_comes_first() -> None:
    found = strips([1.0, 4.0, -2.0, 3.0])
    assert [area.value for area in found.areas] == [4.0, 3.0, 1.0, -2.0]
    assert [area.rank for area in found.areas] == [1, 2, 3, 4]
    assert [area.box for area in found.areas] == [
        (0, 1, 10, 2), (0, 3, 10, 4), (0, 0, 10, 1), (0, 2, 10, 3),
    ]  # fmt: skip
    assert found.numbers[:, 0].tolist() == [2, 0, 3, 1]
    assert found.plane[:, 0].tolist() == [1.0, 4.0, -2.0, 3.0]


def test_errors_are_a_share_of_the_magnitude_and_the_bound_is_of_the_whole() -> None:
    found = strips([1.0, 4.0, -2.0, 3.0], Estimates(0.05, 0.01))
    # 2 δ = 0.02 is less than ε; ‖A‖₁ is 100.
    assert [area.error for area in found.areas] == pytest.approx([0.08, 0.06, 0.02, 0.04])
    assert [area.bound for area in found.areas] == pytest.approx([0.5] * 4)
    of_pixels = strips([1.0, 4.0, -2.0, 3.0], Estimates(0.05, np.nan))
    assert of_pixels.areas[0].error == pytest.approx(0.2)
    assert sum(area.error * area.count for area in of_pixels.areas) == pytest.approx(0.05 * 100)
    assert Estimates(0.01, 0.02).share == 0.01
    assert all(np.isnan((area.error, area.bound)).all() for area in strips([1, 2, 3, 4]).areas)


def test_areas_are_tied_with_the_first_that_errors_do_not_tell_them_from() -> None:
    # 4 ± 0.4 and 3.3 ± 0.33 are tied; 2.9 ± 0.29 is not with the first of them; 2.5 ± 0.25 is
    # with that.
    found = strips([3.3, 4.0, 2.5, 2.9], Estimates(0.1, np.nan))
    assert [area.value for area in found.areas] == pytest.approx([4.0, 3.3, 2.9, 2.5])
    assert [area.rank for area in found.areas] == [1, 1, 3, 3]
    assert found.rank_plane[:, 0].tolist() == [1, 1, 3, 3]
    # A quarter of the area is a strip; ties stand together, half of them below.
    assert found.standing[:, 0].tolist() == [0.75, 0.75, 0.25, 0.25]


def test_without_errors_equal_values_alone_are_tied() -> None:
    assert [area.rank for area in strips([2.0, 1.0, 2.0, 0.0]).areas] == [1, 1, 3, 4]


@pytest.mark.parametrize(
    ("share", "rows"),
    [(0.01, [1]), (0.25, [1]), (0.26, [1, 3]), (0.5, [1, 3]), (1.0, [0, 1, 2, 3])],
)
def test_the_top_is_as_few_areas_as_hold_the_share(share: float, rows: list[int]) -> None:
    best = strips([1.0, 4.0, -2.0, 3.0]).top(share)
    assert np.flatnonzero(best.all(axis=1)).tolist() == rows
    assert best.any(axis=1).sum() == len(rows)


@pytest.mark.parametrize("how", [SUM, MAX])
def test_the_sum_is_that_of_the_map(how: str) -> None:
    random = np.random.default_rng(4)
    values = random.standard_normal((60, 50, 3)).astype(np.float32)
    pixels = np.array_split(random.permutation(3000), 40)
    areas = [np.sort(one) for one in pixels]
    plane = reduced(values, how)
    found = ranking(plane, magnitudes(values), areas, NOT_ESTIMATED)
    off = found.plane.sum(dtype=np.float64) - plane.sum()
    assert abs(off) <= 1e-6 * np.abs(values).sum()


def test_channels_are_summed_or_the_greatest_is_taken() -> None:
    values = np.array([[[1.0, -3.0], [2.0, 5.0]]], np.float32)
    plain: Array = reduced(values, SUM)
    assert plain.tolist() == [[-2.0, 7.0]]
    assert reduced(values, MAX).tolist() == [[1.0, 5.0]]
    assert magnitudes(values).tolist() == [[4.0, 7.0]]
    assert reduced(values[..., 0], SUM).tolist() == [[1.0, 2.0]]
