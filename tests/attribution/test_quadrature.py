import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import roots_sh_legendre

from igcli.attribution.quadrature import RULES, Rule
from igcli.common.errors import ConfigError
from tests.problems import degree, error_beyond

unhurried = settings(deadline=None)  # other work on the machine is no failure

NAMES = ("gausslegendre", "riemann_left", "riemann_middle", "riemann_right", "riemann_trapezoid")
any_rule = st.sampled_from(NAMES)


def moment_error(rule: Rule, power: int) -> float:
    return float(rule.weights @ rule.alphas**power) - 1 / (power + 1)


def test_there_are_these_rules_and_no_others() -> None:
    assert tuple(sorted(RULES)) == NAMES


@unhurried
@given(any_rule, st.integers(2, 120))
def test_weights_sum_to_one_and_nodes_ascend_inside_the_path(name: str, n: int) -> None:
    rule = RULES[name](n)
    assert rule.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert (rule.weights > 0).all()
    assert (np.diff(rule.alphas) > 0).all()
    assert rule.alphas[0] >= 0 and rule.alphas[-1] <= 1


@unhurried
@given(any_rule, st.integers(2, 120))
def test_n_steps_are_n_float64_nodes(name: str, n: int) -> None:
    rule = RULES[name](n)
    assert rule.alphas.shape == rule.weights.shape == (n,)
    assert rule.alphas.dtype == rule.weights.dtype == np.float64


@unhurried
@given(any_rule, st.integers(2, 40), st.data())
def test_exact_up_to_the_rules_degree(name: str, n: int, data: st.DataObject) -> None:
    power = data.draw(st.integers(0, degree(name, n)))
    assert moment_error(RULES[name](n), power) == pytest.approx(0.0, abs=1e-12)


@unhurried
@given(any_rule, st.integers(2, 6))
def test_misses_the_next_degree_by_the_textbook_error(name: str, n: int) -> None:
    error = moment_error(RULES[name](n), degree(name, n) + 1)
    assert error == pytest.approx(error_beyond(name, n), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "n", "alphas"),
    [
        ("riemann_left", 1, [0.0]),
        ("riemann_left", 4, [0.0, 0.25, 0.5, 0.75]),
        ("riemann_right", 1, [1.0]),
        ("riemann_right", 4, [0.25, 0.5, 0.75, 1.0]),
        ("riemann_middle", 1, [0.5]),
        ("riemann_middle", 4, [0.125, 0.375, 0.625, 0.875]),
        ("riemann_trapezoid", 2, [0.0, 1.0]),
        ("riemann_trapezoid", 5, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("gausslegendre", 1, [0.5]),
        ("gausslegendre", 2, [0.5 - 1 / 12**0.5, 0.5 + 1 / 12**0.5]),
        ("gausslegendre", 3, [0.5 - 0.15**0.5, 0.5, 0.5 + 0.15**0.5]),
    ],
)
def test_nodes(name: str, n: int, alphas: list[float]) -> None:
    np.testing.assert_allclose(RULES[name](n).alphas, alphas, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "n", "weights"),
    [
        ("riemann_left", 4, [0.25] * 4),
        ("riemann_right", 4, [0.25] * 4),
        ("riemann_middle", 4, [0.25] * 4),
        ("riemann_trapezoid", 2, [0.5, 0.5]),
        ("riemann_trapezoid", 5, [0.125, 0.25, 0.25, 0.25, 0.125]),
        ("gausslegendre", 1, [1.0]),
        ("gausslegendre", 3, [5 / 18, 8 / 18, 5 / 18]),
    ],
)
def test_weights(name: str, n: int, weights: list[float]) -> None:
    np.testing.assert_allclose(RULES[name](n).weights, weights, rtol=0, atol=1e-15)


@pytest.mark.parametrize("n", [5, 50, 300])
def test_gauss_legendre_agrees_with_scipys_roots_on_the_unit_interval(n: int) -> None:
    nodes, weights = roots_sh_legendre(n)
    rule = RULES["gausslegendre"](n)
    np.testing.assert_allclose(rule.alphas, nodes, rtol=0, atol=1e-13)
    np.testing.assert_allclose(rule.weights, weights, rtol=0, atol=1e-13)


def test_trapezoid_does_not_copy_alibis_weights_which_sum_to_four_fifths() -> None:
    alibi = np.array([0.1, 0.2, 0.2, 0.2, 0.1])
    ours = RULES["riemann_trapezoid"](5).weights
    assert alibi.sum() == pytest.approx((5 - 1) / 5)
    assert ours.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(ours * 4 / 5, alibi)


def test_the_tutorials_fifty_m_steps_are_fifty_one_nodes() -> None:
    gradients = (np.arange(51) / 50) ** 2
    tutorial = ((gradients[:-1] + gradients[1:]) / 2).mean()
    assert RULES["riemann_trapezoid"](51).weights @ gradients == pytest.approx(tutorial, rel=1e-14)


def test_trapezoid_refuses_one_node() -> None:
    with pytest.raises(ConfigError, match="--steps 1 is too few for riemann_trapezoid"):
        RULES["riemann_trapezoid"](1)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "riemann_trapezoid"])
def test_other_rules_take_one_node(name: str) -> None:
    assert RULES[name](1).weights.tolist() == [1.0]


@pytest.mark.parametrize("n", [1, 2, 3, 10, 50, 51, 300, 1000])
def test_gausslegendre_equals_numpys(n: int) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    rule = RULES["gausslegendre"](n)
    np.testing.assert_allclose(rule.alphas, (1 + nodes) / 2, rtol=0, atol=1e-14)
    np.testing.assert_allclose(rule.weights, weights / 2, rtol=0, atol=1e-13)


def test_a_reference_run_of_many_nodes_is_cheap() -> None:
    rule = RULES["gausslegendre"](5000)
    assert (np.diff(rule.alphas) > 0).all() and rule.weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert rule.weights @ rule.alphas**99 == pytest.approx(0.01, rel=1e-12)
