"""Welch's test against SciPy's, and Holm's correction."""

import numpy as np
import pytest

from igcli.findings.welch import moments, moments_of_rest, standing_out, z_scores


@pytest.mark.parametrize("counts", [(10, 12), (15, 400), (300, 500)])
def test_z_has_the_chance_of_welchs_t(counts: tuple[int, int]) -> None:
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(0)
    some, others = random.gamma(1.0, 1.5, (counts[0], 9)), random.gamma(1.0, 1.0, (counts[1], 9))
    chances = stats.ttest_ind(some, others, equal_var=False, alternative="greater").pvalue
    expected = stats.norm.isf(chances)
    assert z_scores(moments(some), moments(others)) == pytest.approx(expected, abs=0.03)


def test_what_varies_in_neither_is_certain_or_nothing() -> None:
    some, others = np.array([[1.0, 2.0]] * 5), np.array([[1.0, 1.0]] * 5)
    z = z_scores(moments(some), moments(others))
    assert z[0] == 0.0
    assert z[1] > 100.0


def test_the_rest_of_a_whole() -> None:
    values = np.random.default_rng(0).gamma(1.0, 1e-3, (500, 6))
    values[:, 4] = 0.1
    values[:, 5] = np.arange(500) < 20
    found = moments_of_rest(moments(values), moments(values[:20]))
    expected = moments(values[20:])
    assert found.count == 480
    assert found.mean == pytest.approx(expected.mean, rel=1e-9, abs=1e-15)
    assert found.variance == pytest.approx(expected.variance, rel=1e-6, abs=1e-15)
    z = z_scores(moments(values[:20]), found)
    assert z[4] == 0.0 and z[5] > 100.0


def test_holm() -> None:
    # Chances 0.001, 0.004, 0.02, 0.5 against 0.0025, 0.0033, 0.005, 0.01: the second fails.
    z = np.array([[3.0902, 2.6521], [2.0537, 0.0]])
    assert standing_out(z, 0.01).tolist() == [[True, False], [False, False]]
    assert standing_out(z, 0.05).tolist() == [[True, True], [True, False]]
