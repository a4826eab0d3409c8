"""Normal limits: they cover what they say, and groups that stand out are beyond them."""

import numpy as np
import pytest

from igcli.comparison.drift.intervals import interval
from igcli.comparison.drift.normal import by_others, by_runs
from igcli.comparison.drift.scales import scale_of

SCALE = scale_of("moved")


@pytest.mark.parametrize("runs", [1, 2, 4])
def test_one_more_run_is_within_the_limits(runs: int) -> None:
    """By simulation: of 2,000 runs whose spread is as measured, about 0.1 % are beyond."""
    random = np.random.default_rng(runs)
    beyond = 0
    for _ in range(2000):
        odds = -1.2 + 0.10 * random.standard_normal(runs + 1)
        shares = 1.0 / (1.0 + np.exp(-odds))
        (found,) = by_runs(shares[:-1, None], np.array([100]), SCALE, 1)
        beyond += int(shares[-1] > found.limit)
    assert beyond <= 8


@pytest.mark.parametrize("runs", [0, 2])
def test_a_group_that_stands_out(runs: int) -> None:
    random = np.random.default_rng(0)
    counts = np.full(10, 12)
    missed = false = 0
    for _ in range(150):
        odds = -1.2 + 0.18 * random.standard_normal((runs + 1, 10))
        odds[0, 3] += 1.8
        shares = 1.0 / (1.0 + np.exp(-odds))
        limits = [n.limit for n in by_others(shares[0], shares[1:], counts, SCALE, 1)]
        beyond = shares[0] > np.array(limits)
        missed += int(not beyond[3])
        false += int(np.delete(beyond, 3).any())
    assert missed <= 3 and false <= 3


def test_a_level_of_its_own_is_no_outlier_where_runs_know_it() -> None:
    odds = np.full((4, 10), -1.2) + 0.02 * np.random.default_rng(0).standard_normal((4, 10))
    odds[:, 3] += 1.5
    shares = 1.0 / (1.0 + np.exp(-odds))
    counts = np.full(10, 12)
    alone = by_others(shares[0], shares[:0], counts, SCALE, 1)
    calibrated = by_others(shares[0], shares[1:], counts, SCALE, 1)
    assert shares[0, 3] > alone[3].limit and shares[0, 3] < calibrated[3].limit


def test_what_no_run_knows_has_no_limit() -> None:
    nothing, known = by_runs(np.array([[np.nan, 0.2]]), np.array([0, 10]), SCALE, 1)
    assert np.isnan(nothing.limit) and known.limit > known.centre == pytest.approx(0.2)


def test_scales_come_back() -> None:
    for measure in ("cosine", "moved", "l1", "prediction_changed", "accuracy_lost", "score"):
        scale = scale_of(measure)
        assert scale.back(float(scale.forth(np.array([0.3]))[0])) == pytest.approx(0.3)


def test_intervals() -> None:
    values = np.random.default_rng(0).standard_normal(400)
    low, high = interval(values, "mean")
    # 1.96 standard errors to both sides.
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.15)
    assert low < values.mean() < high
    low, high = interval(np.array([1.0, 2.0, np.inf]), "median")
    assert (low, high) == (1.0, np.inf)
    many = np.random.default_rng(0).standard_normal(20_000)
    low, high = interval(many, "mean")
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(20_000), rel=0.2)
