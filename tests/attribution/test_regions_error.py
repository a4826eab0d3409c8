"""Densities over cells: their error estimate holds on paths whose exact maps are known."""

from collections.abc import Callable

import numpy as np
import pytest

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.mesh import Mesh
from igcli.attribution.node_gradients import HostGradients
from igcli.attribution.regions_error import Cells
from igcli.common.arrays import Array
from igcli.common.regions import Regions

SIDE = 12
REGIONS = Regions((SIDE, SIDE, 3), 4)


def total_variation(found: Array, exact: Array) -> float:
    """The largest of the three: whole mass, positive, negative; none of a twentieth or less."""
    worst = 0.0
    parts = [(found.sum(0), exact.sum(0)), (found[0], exact[0]), (found[1], exact[1])]
    for one, other in parts:
        if other.sum() >= 0.05 * exact.sum():
            worst = max(worst, 0.5 * np.abs(one / one.sum() - other / other.sum()).sum())
    return float(worst)


def mesh_of(
    gradient: Callable[[float], Array],
    value: Callable[[float], float],
    tolerance: float = 0.05,
    certified: bool = True,
    max_steps: int = 256,
) -> Mesh:
    accuracy = Accuracy(tolerance, 9, max_steps)
    mesh = Mesh(accuracy, HostGradients(3 * SIDE * SIDE), Cells(REGIONS), certified)
    while not mesh.done:
        for alpha in mesh.pending:
            mesh.add(alpha, gradient(alpha).astype(np.float32), value(alpha))
        mesh.advance()
    return mesh


def relu_path(seed: int, count: int = 40) -> tuple[Mesh, Array, Mesh]:
    """Jumps at random places along a path, each in a patch of the picture; the same by pixels."""
    dice = np.random.default_rng(seed)
    at = dice.uniform(0, 1, count)
    size = dice.standard_exponential(count) ** 2
    jumps = np.zeros((count, SIDE, SIDE, 3))
    for i in range(count):
        row, column = dice.integers(0, SIDE - 4, 2)
        jumps[i, row : row + 5, column : column + 5] = size[i] * dice.normal(size=(5, 5, 3))
    slope = dice.normal(size=(SIDE, SIDE, 3))
    exact = np.einsum("kijc,k->ijc", jumps, 1 - at) + slope

    def gradient(alpha: float) -> Array:
        total: Array = jumps[at < alpha].sum(axis=0) + slope
        return total

    def value(alpha: float) -> float:
        return float(jumps.sum((1, 2, 3)) @ np.maximum(0, alpha - at) + slope.sum() * alpha)

    return mesh_of(gradient, value), exact, mesh_of(gradient, value, certified=False)


def test_the_estimate_holds_on_known_paths_and_is_no_guess() -> None:
    ratios, errors, shares = [], [], []
    for seed in range(60):
        mesh, exact, by_pixels = relu_path(seed)
        assert mesh.converged and mesh.regions_error is not None
        assert mesh.regions_error <= 0.05
        found = REGIONS.masses(mesh.attribution())
        errors.append(total_variation(found, REGIONS.masses(exact)))
        ratios.append(mesh.regions_error / errors[-1])
        shares.append(mesh.steps / by_pixels.steps)
    assert max(errors) <= 0.05
    # One in sixty may be below the truth; the median is not far above.
    assert sum(ratio < 1.0 for ratio in ratios) <= 1
    assert 1.2 < np.median(ratios) < 4.0
    # What costs most is never asked for.
    assert np.median(shares) < 0.8


def test_both_errors_are_known_whichever_is_certified() -> None:
    mesh, exact, by_pixels = relu_path(5)
    norm = np.abs(exact).sum()
    for one in (mesh, by_pixels):
        error = np.abs(one.attribution().reshape(exact.shape) - exact).sum() / norm
        assert error <= one.error_estimate < np.inf
        assert one.regions_error is not None and one.regions_error > 0.0
    assert mesh.error_estimate > 0.05 >= by_pixels.error_estimate
    assert by_pixels.regions_error is not None and mesh.regions_error is not None
    assert by_pixels.regions_error < mesh.regions_error <= 0.05


def test_too_few_steps_do_not_converge() -> None:
    dice = np.random.default_rng(0)
    first, second = dice.normal(size=(2, SIDE, SIDE, 3))

    def gradient(alpha: float) -> Array:
        values: Array = first if alpha < 0.37 else second
        return values

    mesh = mesh_of(gradient, lambda alpha: 0.0, 0.001, max_steps=12)
    assert mesh.steps == 12 and not mesh.converged
    assert mesh.regions_error is not None and mesh.regions_error > 0.001


def test_a_constant_gradient_is_exact_and_none_at_all_has_no_error() -> None:
    slope = np.random.default_rng(0).normal(size=(SIDE, SIDE, 3))
    mesh = mesh_of(lambda alpha: slope, lambda alpha: float(slope.sum() * alpha))
    assert mesh.steps == 9 and mesh.regions_error is not None and mesh.regions_error < 2e-5
    flat = mesh_of(lambda alpha: 0.0 * slope, lambda alpha: 1.0)
    assert (flat.steps, flat.regions_error) == (9, 0.0)


def test_one_jump_moves_the_mass_by_hand() -> None:
    """Two cells: one has mass 1, the other 1 + u, |u| ≤ 1/2: its share is (1 + u) / (2 + u)."""
    regions = Regions((2, 4), 2)
    cells = Cells(regions)
    left = np.kron([[1.0, 0.0]], np.full((2, 2), 0.25))
    right = np.kron([[0.0, 1.0]], np.full((2, 2), 0.25))
    cells.append(left + 0.5 * right)
    cells.append(left + 1.5 * right)
    error = cells.error(np.array([0.5, 0.5]), [0, 1], np.array([0.5]), np.zeros(2))
    # Of ½ − 1 / (2 + u), u uniform: mean 0.0647, deviation 0.0396 by quadrature; lognormal.
    spread = np.sqrt(np.log1p((0.0396 / 0.0647) ** 2))
    expected = 1.6 * 0.0647 * np.exp(2 * spread - spread**2 / 2)
    assert error == pytest.approx(expected, rel=0.2)
    assert cells.nbytes == 2 * 8 * 4
