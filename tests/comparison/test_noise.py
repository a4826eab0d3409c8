"""The disturbance that stands for a map's own error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igcli.comparison.noise import disturbed, noise_of
from igcli.comparison.similarity import METRICS, measured

MAP = np.random.default_rng(0).standard_normal((9, 7, 3)).astype(np.float32)


@given(st.floats(0, 10), st.integers(0, 1000), st.sampled_from([(28, 28, 1), (9, 7, 3), (40,)]))
@settings(deadline=None, max_examples=60)
def test_the_share_that_is_moved_is_the_share_asked(
    share: float, seed: int, shape: tuple[int, ...]
) -> None:
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    moved = disturbed(values, share, f"image-{seed}")
    assert moved.shape == values.shape and moved.dtype == np.float64
    found = np.abs(moved - values).sum() / np.abs(values.astype(np.float64)).sum()
    assert found == pytest.approx(share, rel=1e-9, abs=1e-12)
    assert noise_of(values, share, f"image-{seed}")[list(METRICS).index("l1")] == pytest.approx(
        share, rel=1e-9, abs=1e-12
    )


def test_the_key_alone_decides() -> None:
    np.testing.assert_array_equal(disturbed(MAP, 0.1, "a"), disturbed(MAP, 0.1, "a"))
    assert not np.array_equal(disturbed(MAP, 0.1, "a"), disturbed(MAP, 0.1, "b"))
    # Pinned: what a gate says must not change from one release of igcli to the next.
    assert disturbed(np.array([1.0, -1.0, 2.0]), 0.5, "ü f") == pytest.approx(
        [1.0814653515023775, -0.9044374352734682, 0.17702791622890945], rel=1e-12
    )


def test_a_map_of_zeros_stays() -> None:
    zeros = np.zeros((4, 4, 1), np.float32)
    np.testing.assert_array_equal(disturbed(zeros, 0.5, "a"), zeros)
    assert noise_of(zeros, 0.5, "a").tolist() == [m.same for m in METRICS.values()]


def test_noise_is_of_the_map_and_its_disturbance() -> None:
    expected = measured(MAP, disturbed(MAP, 0.2, "k"))
    np.testing.assert_array_equal(noise_of(MAP, 0.2, "k"), expected)


def test_where_the_map_is_small_there_is_some_noise_too_but_none_where_it_is_zero() -> None:
    values = np.zeros((8, 8, 1))
    values[2:5] = 1e-6
    values[2, 2] = 5.0
    moved = np.abs(disturbed(values, 0.1, "k") - values)
    assert (moved[values == 0.0] == 0.0).all()
    small = moved[values == 1e-6]
    assert (small > 1e-5).all() and moved[2, 2, 0] > small.mean()


def test_zeros_do_not_set_a_rank_correlation_a_bound() -> None:
    """Of a digit's map most are zeros: noise in them would leave 0.75 at any tolerance."""
    values = np.zeros((28, 28, 1))
    values[7:21, 7:21] = np.random.default_rng(1).standard_normal((14, 14, 1))
    ranks = [noise_of(values, share, "k")[list(METRICS).index("spearman")] for share in (0.1, 1e-4)]
    assert 0.9 < ranks[0] < 0.999 and ranks[1] > 0.9999
