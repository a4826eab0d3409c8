"""Every method on every problem: rules to their degree, no further; adaptive to its tolerance."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.attribution.integral import Integral, Job
from igcli.attribution.methods import METHODS, Method, choose_method
from igcli.attribution.path import StraightLine
from igcli.attribution.quadrature import RULES
from igcli.common.arrays import Array
from igcli.common.choices import ADAPTIVE
from igcli.common.config import RunConfig
from tests.fakes import FakeModel, NanMaker, Power, batches
from tests.problems import (
    PROBLEMS,
    Parabola,
    Polyline,
    Problem,
    Product,
    degree,
    error_beyond,
)

every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
every_method = pytest.mark.parametrize("name", METHODS)


def method(name: str, **settings: Any) -> Method:
    return choose_method(RunConfig(Path("m"), Path("i"), Path("o"), name, **settings))


def solve(how: Method, model: FakeModel, paths: Sequence[Any], size: int = 16) -> list[Integral]:
    jobs = [Job(key, path, 0) for key, path in enumerate(paths)]
    done = how.integrate(batches(model, size, streams=2), jobs)
    return sorted(done, key=lambda integral: integral.key)


def map_of(integral: Integral) -> Array:
    assert integral.attribution is not None
    return integral.attribution


def score(model: FakeModel, point: Array) -> float:
    return float(model.scores(point[None])[0, 0])


@every_problem
def test_the_table_is_complete_and_its_tangents_are_those_of_its_points(problem: Problem) -> None:
    path, model = problem.path, problem.model()
    rise = score(model, path.point(1.0)) - score(model, path.point(0.0))
    assert problem.exact.shape == path.shape
    assert problem.exact.sum() == pytest.approx(rise, rel=1e-6, abs=1e-12)
    h = 1e-6
    for alpha in (0.2, 0.6, 0.9):
        slope = (path.point(alpha + h) - path.point(alpha - h)) / (2 * h)
        np.testing.assert_allclose(path.tangent(alpha), slope, atol=1e-6)


@every_problem
@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("steps", [10, 101])
def test_a_rule_is_off_by_no_more_than_its_gradients_vary_between_nodes(
    problem: Problem, name: str, steps: int
) -> None:
    """Each node stands for a part of the path, none wider than π / 2n."""
    (integral,) = solve(method(name, steps=steps), problem.model(), [problem.path])
    assert integral.steps == steps
    off = np.abs(map_of(integral) - problem.exact).sum()
    assert off <= 0.5 * np.pi * problem.variation / steps + 1e-6 * np.abs(problem.exact).sum()


@every_problem
@pytest.mark.parametrize("tolerance", [0.05, 0.01])
def test_adaptive_steps_meet_the_tolerance_and_own_up_to_the_error(
    problem: Problem, tolerance: float
) -> None:
    (integral,) = solve(method(ADAPTIVE, tolerance=tolerance), problem.model(), [problem.path])
    assert integral.converged and integral.error_estimate is not None
    assert problem.error(map_of(integral)) <= integral.error_estimate <= tolerance
    assert map_of(integral).shape == problem.path.shape


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("steps", [2, 3])
def test_a_rule_is_exact_to_its_degree_and_not_beyond(name: str, steps: int) -> None:
    """The gradient of x^p along the way from zero is p α^(p − 1) x^p."""
    x = np.array([1.0, -0.5, 2.0], np.float32)
    path, highest = StraightLine(x, np.zeros_like(x)), degree(name, steps)
    for power in range(1, highest + 2):
        (integral,) = solve(method(name, steps=steps), Power((3,), 1, power), [path])
        np.testing.assert_allclose(map_of(integral), x.astype(float) ** power, rtol=1e-6)
    power = highest + 2
    (integral,) = solve(method(name, steps=steps), Power((3,), 1, power), [path])
    want = (1.0 + power * error_beyond(name, steps)) * x.astype(float) ** power
    np.testing.assert_allclose(map_of(integral), want, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "square"),
    [
        ("gausslegendre", 1 / 3),
        ("riemann_left", (0 + 1 / 4) / 2),
        ("riemann_middle", (1 / 16 + 9 / 16) / 2),
        ("riemann_right", (1 / 4 + 1) / 2),
        ("riemann_trapezoid", (0 + 1) / 2),
    ],
)
def test_the_tangent_adds_to_the_degree_that_is_asked_of_a_rule(name: str, square: float) -> None:
    """x · y on (α, α²): y dx is α² dα, and x dy is 2 α² dα."""
    (integral,) = solve(method(name, steps=2), Product(), [Parabola()])
    np.testing.assert_allclose(map_of(integral), [square, 2 * square], rtol=1e-6)


@every_method
def test_what_a_straight_path_gives_it_gives_as_any_other_path(name: str) -> None:
    """The same points and tangents, sent one by one."""

    class Unknown:
        def __init__(self, line: StraightLine) -> None:
            self.shape, self.point, self.tangent = line.shape, line.point, line.tangent

    for problem in PROBLEMS:
        if isinstance(problem.path, StraightLine):
            straight, other = solve(
                method(name), problem.model(), [problem.path, Unknown(problem.path)]
            )
            assert straight.steps == other.steps
            np.testing.assert_allclose(map_of(other), map_of(straight), rtol=1e-5, atol=1e-7)
            np.testing.assert_allclose(other.profile.scores, straight.profile.scores, rtol=1e-5)


@every_method
@pytest.mark.parametrize("size", [1, 7, 64])
def test_straight_and_other_paths_share_batches_and_change_nothing(name: str, size: int) -> None:
    line = StraightLine(np.array([1.0, 0.5], np.float32), np.zeros(2, np.float32))
    paths = [line, Parabola(), Parabola(), line, line, Parabola()]
    model = Product()
    together = solve(method(name), model, paths, size)
    assert sum(i.steps for i in together) >= len(model.points) > 0
    for path, integral in zip(paths, together, strict=True):
        (alone,) = solve(method(name), Product(), [path])
        assert (integral.steps, integral.converged) == (alone.steps, alone.converged)
        np.testing.assert_allclose(map_of(integral), map_of(alone), rtol=1e-6)
        np.testing.assert_array_equal(integral.profile.alphas, alone.profile.alphas)


@every_method
def test_a_number_that_is_not_finite_fails_its_curved_path_alone(name: str) -> None:
    safe = Polyline(np.array([[0.0, 0.0], [0.5, 0.25]]))
    model = NanMaker((2,), np.array([[1.0, 3.0]]), above=0.62)
    broken, whole = solve(method(name), model, [Parabola(), safe], 5)
    assert broken.attribution is None
    assert broken.bad_alpha is not None and 0.62 < broken.bad_alpha < 0.7
    np.testing.assert_allclose(map_of(whole), [0.5, 0.75], rtol=1e-5)


def test_a_trapezoid_with_a_node_at_each_corner_is_the_sum_over_the_ways_between() -> None:
    """Σ ½ (∇F(p) + ∇F(q)) ⊙ (q − p): what methods that find their own points add up."""
    corners = np.random.default_rng(3).uniform(size=(8, 2))
    (integral,) = solve(
        method("riemann_trapezoid", steps=8), Product(), [Polyline(corners)], size=3
    )
    want = sum(0.5 * (p + q)[::-1] * (q - p) for p, q in pairwise(corners))
    np.testing.assert_allclose(map_of(integral), want, rtol=1e-6)
    rise = corners[-1].prod() - corners[0].prod()
    assert map_of(integral).sum() == pytest.approx(rise, rel=1e-6)
