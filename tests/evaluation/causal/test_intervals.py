"""Intervals against published numbers and simulated coverage, and the rule of the verdict."""

import numpy as np
import pytest

from igcli.evaluation.causal.causal_verdict import CAUSAL, NOT_CAUSAL, NOT_CLEAR, verdict_of
from igcli.evaluation.causal.effects import Compared, compared
from igcli.evaluation.causal.intervals import of_difference, of_mean, of_share
from igcli.evaluation.causal.probe import Change


def test_wilsons_interval_is_as_published() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    assert of_share(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert of_share(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert of_share(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert of_share(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)
    assert of_share(0, 0) == (0.0, 1.0)


def test_a_difference_of_nothing_has_a_width() -> None:
    low, high = of_difference([False] * 18, [False] * 18)
    assert high == -low == pytest.approx(1.959964 / 20)


def test_a_difference_in_closed_form() -> None:
    # Nine more, one less, of 28: centre 8 / 30.
    first = [True] * 9 + [False] * 19
    second = [False] * 9 + [True] + [False] * 18
    half = 1.959964 * (11 - 64 / 30) ** 0.5 / 30
    assert of_difference(first, second) == pytest.approx((8 / 30 - half, 8 / 30 + half))


@pytest.mark.parametrize(("count", "share", "other"), [(15, 0.3, 0.1), (60, 0.1, 0.02)])
def test_differences_are_covered(count: int, share: float, other: float) -> None:
    random = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        first, second = random.random(count) < share, random.random(count) < other
        low, high = of_difference(first.tolist(), second.tolist())
        hits += low <= share - other <= high
    assert hits / 2000 >= 0.93


def test_means_are_covered_and_seeded() -> None:
    random = np.random.default_rng(0)
    hits = 0
    for i in range(200):
        low, high = of_mean(random.normal(1.0, 2.0, 40), 0, str(i)) or (0.0, 0.0)
        hits += low <= 1.0 <= high
    assert 0.9 <= hits / 200 <= 0.99
    values = random.normal(size=30)
    assert of_mean(values, 0, "a") == of_mean(values, 0, "a") != of_mean(values, 1, "a")
    assert of_mean(values[:1], 0, "a") is None


def pairs(flips: int, random: int, of: int) -> Compared | None:
    """Covered images of which so many flip, and others with random cells."""
    changes = [
        Change(str(i), "own", edit, 1, 0.9, 0.5, 1, 0 if i < count else 1)
        for edit, count in (("covered", flips), ("random", random))
        for i in range(of)
    ]
    return compared(changes, "covered", "random", lambda change: change.is_flip, 0)


@pytest.mark.parametrize(
    ("covered", "pasted", "verdict"),
    [
        ((30, 0, 40), (0, 0, 40), CAUSAL),
        ((0, 0, 40), (30, 1, 40), CAUSAL),
        ((0, 0, 40), (1, 0, 40), NOT_CAUSAL),
        # As much as random cells do is nothing.
        ((20, 20, 40), (0, 0, 40), NOT_CAUSAL),
        # Too few images to tell.
        ((1, 0, 8), (0, 0, 40), NOT_CLEAR),
        # Certain, but of fewer than 5 %.
        ((0, 0, 200), (8, 0, 200), NOT_CLEAR),
        # Nothing to paste into.
        ((0, 0, 40), (0, 0, 0), NOT_CLEAR),
        ((30, 0, 40), (0, 0, 0), CAUSAL),
    ],
)
def test_the_verdict(
    covered: tuple[int, int, int], pasted: tuple[int, int, int], verdict: str
) -> None:
    assert verdict_of(pairs(*covered), pairs(*pasted)) == verdict
