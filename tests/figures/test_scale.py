from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igcli.common.arrays import Array
from igcli.figures.scale import common_scale, shares_of, signed_scale

unhurried = settings(deadline=None)  # other work on the machine is no failure


def test_the_common_scale_by_hand() -> None:
    # 100 ones in two maps, and one 2: mass 102, 98 % of it is reached at a one.
    maps = [np.ones((5, 10)), np.append(-np.ones(50), 2.0)]
    assert common_scale(lambda: maps, 2) == 1.0
    assert common_scale(lambda: maps, 0) == 2.0
    assert common_scale(lambda: maps, 1) == 2.0
    assert common_scale(lambda: [np.zeros((2, 2))] * 2, 2) == 0.0
    assert common_scale(lambda: [np.zeros((2, 2))] * 2, 0) == 0.0
    assert common_scale(lambda: [], 2) == common_scale(lambda: [], 0) == 0.0


@pytest.mark.parametrize("factor", [1e-40, 1e-3, 1.0, 1e30])
@pytest.mark.parametrize("clip", [0.0, 0.5, 2.0, 10.0, 90.0, 99.9])
def test_the_common_scale_is_that_of_all_numbers_together(factor: float, clip: float) -> None:
    random = np.random.default_rng(3)
    maps = [random.normal(size=(20, 30)) ** 3 * factor * (i + 1) for i in range(7)]
    together = np.sort(np.abs(np.concatenate([m.ravel() for m in maps])))
    mass = np.cumsum(together)
    expected = together[np.argmax(mass >= mass[-1] * (1 - clip / 100))]
    assert common_scale(lambda: maps, clip) == pytest.approx(expected, rel=1e-8)


@unhurried
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=30), st.sampled_from([0, 2, 10, 50]))
def test_of_one_map_it_is_its_own(numbers: list[int], clip: int) -> None:
    plane = np.array(numbers, float)
    own = signed_scale(plane, clip)
    assert common_scale(lambda: [plane], clip) == pytest.approx(own)


def test_maps_are_read_twice_at_most_and_never_kept() -> None:
    passes = 0

    def planes() -> Iterator[Array]:
        nonlocal passes
        passes += 1
        for i in range(5):
            yield np.full((4, 4), 1.0 + i)

    assert common_scale(planes, 2) == 5.0 and passes == 2
    assert common_scale(planes, 0) == 5.0 and passes == 3


def test_shares_beyond_a_scale_are_cut() -> None:
    shares = shares_of(np.array([-4.0, -1.0, 0.0, 0.5, 3.0]), 2.0)
    assert shares.tolist() == [-1.0, -0.5, 0.0, 0.25, 1.0]
    assert shares_of(np.array([-4.0, 3.0]), 0.0).tolist() == [0.0, 0.0]
    assert shares_of(np.array([1e300, -1e300]), 1e-300).tolist() == [1.0, -1.0]
