"""The quantile of an error made of jumps, against its worst case and against random draws."""

import numpy as np
import pytest

from igcli.attribution.error_estimate import jump_error
from igcli.common.arrays import Array


def of(jumps: Array, at_least: float) -> float:
    """Of jumps that are the differences of ascending nodes."""
    nodes = np.concatenate([np.zeros_like(jumps[:1]), np.cumsum(jumps, axis=0)])
    worst = float(np.abs(jumps).sum())
    return jump_error(list(nodes), np.ones(len(jumps)), worst, at_least)


def test_components_have_their_scale() -> None:
    jumps = np.random.default_rng(1).normal(size=(5, 300)).astype(np.float32)
    scale = np.array([0.5, 2.0, 0.0, 1.0, 3.0])
    scaled = (scale[:, None] * jumps).astype(np.float32)
    nodes = np.concatenate([np.zeros_like(jumps[:1]), np.cumsum(jumps, axis=0)])
    got = jump_error(list(nodes), scale, float(np.abs(scaled).sum()), np.inf)
    assert got == pytest.approx(of(scaled, np.inf), rel=1e-4)


def test_jump_error_of_one_jump_is_its_worst_case() -> None:
    jump = np.random.default_rng(0).normal(size=(1, 500)).astype(np.float32)
    assert of(jump, np.inf) == pytest.approx(np.abs(jump).sum(), rel=1e-6)


@pytest.mark.parametrize("features", [1, 10, 1000])
def test_jump_error_exceeds_nearly_all_random_sums(features: int) -> None:
    random = np.random.default_rng(features)
    jumps = random.normal(size=(12, features)).astype(np.float32)
    sums = np.abs(random.uniform(-1, 1, (4000, 12)) @ jumps).sum(axis=1)
    estimate = of(jumps, np.inf)
    assert 0.95 <= np.mean(sums <= estimate)
    assert estimate <= 1.6 * np.quantile(sums, 0.975)


def test_jump_error_stops_at_the_mean_when_that_is_too_much_already() -> None:
    jumps = np.random.default_rng(0).normal(size=(12, 50)).astype(np.float32)
    assert of(jumps, 0.0) < of(jumps, np.inf)
    assert of(np.zeros((3, 5), np.float32), np.inf) == 0.0


def test_a_large_error_is_known_from_a_sample_of_the_columns() -> None:
    jumps = np.random.default_rng(3).normal(size=(12, 40_000)).astype(np.float32)
    mean = np.sqrt(2 / np.pi) * np.sqrt((jumps**2).sum(0) / 3).sum()
    assert of(jumps, 0.5 * mean) == pytest.approx(mean, rel=0.02)
