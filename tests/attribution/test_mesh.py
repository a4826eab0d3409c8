"""Adaptive meshes on closed forms: the estimate holds, steps go where they are needed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.mesh import Mesh
from igcli.attribution.node_gradients import HostGradients
from igcli.common.arrays import Array


@dataclass(frozen=True)
class Function:
    """A function of alpha: its value, its gradient times the difference, and the exact map."""

    value: Callable[[float], float]
    gradient: Callable[[float], Array]
    exact: Array


def solve(
    function: Function, tolerance: float = 0.05, min_steps: int = 9, max_steps: int = 256
) -> Mesh:
    mesh = Mesh(Accuracy(tolerance, min_steps, max_steps), HostGradients(len(function.exact)))
    while not mesh.done:
        for alpha in mesh.pending:
            mesh.add(alpha, np.asarray(function.gradient(alpha), np.float32), function.value(alpha))
        mesh.advance()
    return mesh


def error(mesh: Mesh, function: Function) -> float:
    norm = np.abs(function.exact).sum()
    return float(np.abs(mesh.attribution() - function.exact).sum() / norm)


def kinks(at: Array, sizes: Array, slope: Array | float = 0.0) -> Function:
    """Σ_k size_k max(0, alpha − at_k) + slope alpha, sizes of shape (kinks, features)."""
    slopes = np.broadcast_to(slope, sizes.shape[1:])
    return Function(
        lambda a: float(sizes.sum(1) @ np.maximum(0, a - at) + slopes.sum() * a),
        lambda a: sizes[at < a].sum(0) + slopes,
        sizes.T @ (1 - at) + slopes,
    )


def sigmoid(z: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(z, -700, 700))))


def step(at: float, slope: float = 500.0) -> Function:
    return Function(
        lambda a: sigmoid(slope * (a - at)),
        lambda a: np.array([slope * sigmoid(slope * (a - at)) * sigmoid(slope * (at - a))]),
        np.array([sigmoid(slope * (1 - at)) - sigmoid(-slope * at)]),
    )


PLACES = np.random.default_rng(0).uniform(0.01, 0.99, 200)
SINGLE = [kinks(np.array([at]), np.ones((1, 1))) for at in PLACES]
STEEP = [step(at) for at in PLACES]
CANCELLING = [
    kinks(np.array([a, b]), np.array([[1.0, 0.0], [0.0, -(1 - a) / (1 - b)]]))
    for a, b in np.random.default_rng(1).uniform(0.05, 0.95, (200, 2))
]


@pytest.mark.parametrize(
    "tolerance", [0.1, 0.05, *(pytest.param(t, marks=pytest.mark.slow) for t in (0.02, 0.005))]
)
@pytest.mark.parametrize(
    ("functions", "most"),
    [(SINGLE, 20), (STEEP, 80), (CANCELLING, 25)],
    ids=["one kink", "steep sigmoid", "two kinks that cancel in the sum"],
)
def test_the_estimate_holds_and_so_does_the_tolerance(
    functions: list[Function], most: int, tolerance: float
) -> None:
    for function in functions:
        mesh = solve(function, tolerance)
        assert mesh.converged and mesh.steps <= most
        assert error(mesh, function) <= mesh.error_estimate <= tolerance


def random_kinks(count: int, features: int, seed: int) -> Function:
    random = np.random.default_rng(seed)
    sizes = random.normal(size=(count, features))
    return kinks(random.uniform(size=count), sizes, 2 * random.normal(size=features))


@pytest.mark.parametrize("count", [2, 5, 20])
@pytest.mark.parametrize("features", [1, 300])
def test_the_estimate_holds_for_many_jumps(count: int, features: int) -> None:
    for seed in range(50):
        function = random_kinks(count, features, seed)
        mesh = solve(function)
        assert error(mesh, function) <= mesh.error_estimate


def test_the_estimate_is_statistical_where_many_jumps_share_few_features() -> None:
    """Twenty jumps of random direction in ten features: 97.5 % is the promise."""
    holds = []
    for seed in range(200):
        function = random_kinks(20, 10, seed)
        mesh = solve(function)
        holds.append(error(mesh, function) <= mesh.error_estimate)
    assert np.mean(holds) >= 0.975


def monomial(power: int) -> Function:
    return Function(lambda a: a**power, lambda a: np.array([power * a ** (power - 1)]), np.ones(1))


def test_smooth_polynomials_take_few_steps() -> None:
    for power in (2, 3, 5):
        mesh = solve(function := monomial(power))
        assert mesh.steps <= 13
        assert error(mesh, function) <= mesh.error_estimate <= 0.05


def test_a_peak_beside_a_jump_is_not_taken_for_flat() -> None:
    """Between 5/8 and 6/8 the gradient peaks, with equal ends; features of both signs."""
    direction = np.array([-1.6, -1.0, 2.7, 0.9])

    def bell(a: float) -> float:
        return 10.0 * sigmoid(16 * (a - 0.6875)) * sigmoid(16 * (0.6875 - a))

    grid = np.linspace(0, 1, 20_001)
    profile = np.array([bell(a) + (a < 0.508) for a in grid])
    cumulative = np.concatenate([[0], np.cumsum((profile[1:] + profile[:-1]) / 2)]) / 20_000
    function = Function(
        lambda a: float(np.interp(a, grid, cumulative) * direction.sum()),
        lambda a: (bell(a) + (a < 0.508)) * direction,
        cumulative[-1] * direction,
    )
    for tolerance in (0.05, 0.02, 0.01):
        mesh = solve(function, tolerance)
        assert error(mesh, function) <= mesh.error_estimate <= tolerance


def test_constant_and_linear_functions_take_the_first_mesh() -> None:
    flat = Function(lambda a: 3.0, lambda a: np.zeros(2), np.zeros(2))
    line = Function(lambda a: 3.0 * a, lambda a: np.array([3.0, 0.0]), np.array([3.0, 0.0]))
    assert (solve(flat).steps, solve(flat).error_estimate) == (9, 0.0)
    assert solve(line).steps == 9
    np.testing.assert_allclose(solve(line).attribution(), [3.0, 0.0], rtol=1e-6)


def test_seen_parts_that_cancel_exactly_are_not_taken_for_nothing() -> None:
    def slope(a: float) -> float:
        return 1.0 if a < 0.45 else 0.0 if a < 0.57 else -1.0

    function = Function(
        lambda a: 0.0, lambda a: slope(a) * np.array([1.0, -1.0]), np.array([0.02, -0.02])
    )
    mesh = solve(function)
    assert mesh.steps > 9
    assert error(mesh, function) <= mesh.error_estimate


def bump(at: float, width: float) -> Function:
    """A gradient of zero but for one rectangle, after which the function falls back."""
    return Function(
        lambda a: 0.0,
        lambda a: np.array([1.0, -1.0]) * (abs(a - at) < width / 2),
        np.array([width, -width]),
    )


def test_a_bump_between_the_first_nodes_is_missed_unless_min_steps_is_finer() -> None:
    hidden = bump(at=0.55, width=0.03)
    assert solve(hidden).steps == 9 and error(solve(hidden), hidden) == 1.0
    seen = solve(hidden, min_steps=65)
    assert seen.converged and error(seen, hidden) <= 0.05


@pytest.mark.parametrize(("asked", "nodes"), [(2, 3), (3, 3), (4, 5), (9, 9), (10, 17), (65, 65)])
def test_the_first_mesh_is_uniform_and_has_at_least_min_steps_nodes(asked: int, nodes: int) -> None:
    pending = Mesh(Accuracy(0.05, asked, 256), HostGradients(1)).pending
    np.testing.assert_array_equal(pending, np.linspace(0, 1, nodes))


def test_max_steps_is_never_exceeded_and_said() -> None:
    mesh = solve(random_kinks(100, 10, 0), tolerance=0.001, max_steps=50)
    assert mesh.steps == 50 and not mesh.converged and mesh.error_estimate > 0.001


def test_a_tolerance_below_float32_ends_unconverged() -> None:
    mesh = solve(step(0.37, slope=20.0), tolerance=1e-7, max_steps=5000)
    assert not mesh.converged and mesh.done
    assert mesh.rounding > 1e-7


def test_no_node_is_asked_for_twice() -> None:
    function = random_kinks(20, 10, 3)
    mesh = Mesh(Accuracy(0.01, 9, 256), HostGradients(10))
    asked: list[float] = []
    while not mesh.done:
        for alpha in mesh.pending:
            asked.append(alpha)
            mesh.add(alpha, function.gradient(alpha).astype(np.float32), function.value(alpha))
        mesh.advance()
    assert len(asked) == len(set(asked)) == mesh.steps


def test_the_map_is_the_trapezoid_of_its_nodes() -> None:
    function = random_kinks(5, 3, 4)
    mesh = Mesh(Accuracy(0.05, 9, 9), HostGradients(3))
    nodes = mesh.pending
    for alpha in nodes:
        mesh.add(alpha, function.gradient(alpha).astype(np.float32), function.value(alpha))
    mesh.advance()
    gradients = np.array([function.gradient(alpha) for alpha in nodes])
    np.testing.assert_allclose(
        mesh.attribution(), np.trapezoid(gradients, nodes, axis=0), rtol=1e-6
    )


def test_nodes_are_taken_in_whatever_order_they_come_back() -> None:
    function = random_kinks(20, 10, 3)
    mesh = Mesh(Accuracy(0.01, 9, 256), HostGradients(10))
    random = np.random.default_rng(0)
    while not mesh.done:
        for alpha in random.permutation(mesh.pending):
            mesh.add(alpha, function.gradient(alpha).astype(np.float32), function.value(alpha))
        mesh.advance()
    in_order = solve(function, tolerance=0.01)
    assert mesh.steps == in_order.steps
    assert mesh.error_estimate == pytest.approx(in_order.error_estimate, rel=1e-3)
    np.testing.assert_allclose(mesh.attribution(), in_order.attribution(), rtol=1e-5)


def test_a_node_that_was_not_asked_for_is_not_taken() -> None:
    mesh = Mesh(Accuracy(0.05, 9, 256), HostGradients(1))
    mesh.add(0.125, np.ones(1, np.float32), 0.0)
    for alpha in (0.125, 0.3):
        with pytest.raises(KeyError):
            mesh.add(alpha, np.ones(1, np.float32), 0.0)
