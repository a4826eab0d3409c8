"""Histograms: every number is counted once, edges are round."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igcli.report.page.histogram import histogram

NUMBERS = st.lists(
    st.one_of(st.floats(-1e9, 1e9), st.sampled_from([math.inf, -math.inf])), min_size=1
)


@given(NUMBERS)
@settings(deadline=None)
def test_every_number_is_counted_once(values: list[float]) -> None:
    bins = histogram(values)
    assert sum(bins.counts) + bins.below + bins.above == len(values)
    assert len(bins.edges) == len(bins.counts) + 1 <= 35
    assert all(a < b for a, b in zip(bins.edges, bins.edges[1:], strict=False))


@given(st.lists(st.integers(0, 5000), min_size=1))
@settings(deadline=None)
def test_whole_numbers_have_bins_of_whole_width(values: list[int]) -> None:
    bins = histogram(values, whole=True)
    assert all(edge == round(edge) for edge in bins.edges)
    assert bins.below == bins.above == 0 and sum(bins.counts) == len(values)
    assert max(values) < bins.edges[-1]


def test_edges_are_round() -> None:
    bins = histogram([0.0, 0.011, 0.029])
    assert bins.edges[:3] == (0.0, 0.001, 0.002) and bins.edges[-1] == pytest.approx(0.029)
    assert bins.counts[0] == bins.counts[11] == bins.counts[-1] == 1


def test_one_number_and_equal_numbers() -> None:
    for values in ([0.0], [0.25] * 7, [-3.0] * 200, [math.inf], [5e-324], [1e15, 1e15 + 1]):
        bins = histogram(values)
        assert sum(bins.counts) + bins.above == len(values)
        assert bins.above == (values == [math.inf])


def test_a_single_whole_number_has_room_around_it() -> None:
    bins = histogram([20.0] * 9, whole=True)
    assert list(bins.edges) == [17, 18, 19, 20, 21, 22, 23, 24]
    assert list(bins.counts) == [0, 0, 0, 9, 0, 0, 0]


def test_far_tails_of_many_numbers_are_counted_apart() -> None:
    values = [*np.linspace(0.0, 1.0, 1000).tolist(), 500.0, -math.inf]
    bins = histogram(values)
    assert -0.1 < bins.edges[0] and bins.edges[-1] < 1.1
    # The first and the last hundredth lie near enough to be drawn or counted.
    assert bins.above >= 1 and bins.below >= 1
    assert sum(bins.counts) + bins.above + bins.below == 1002


def test_no_numbers() -> None:
    with pytest.raises(ValueError, match="no numbers"):
        histogram([])
