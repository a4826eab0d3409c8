"""Welch's test against SciPy's, and Holm's correction."""

import numpy as np
import pytest

from igcli.findings.welch import moments, standing_out, z_scores


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


def test_holm() -> None:
    # Chances 0.001, 0.004, 0.02, 0.5 against 0.0025, 0.0033, 0.005, 0.01: the second fails.
    z = np.array([[3.0902, 2.6521], [2.0537, 0.0]])
    assert standing_out(z, 0.01).tolist() == [[True, False], [False, False]]
    assert standing_out(z, 0.05).tolist() == [[True, True], [True, False]]
