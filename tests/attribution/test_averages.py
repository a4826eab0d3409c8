"""Averages over several paths, on closed forms: one estimate holds for all, errors of draws too."""

from collections.abc import Sequence

import numpy as np
import pytest

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.adaptive import Adaptive
from igcli.attribution.averages import AveragedPaths, Draws, Leg, bend_of
from igcli.attribution.fixed import FixedRule
from igcli.attribution.integral import Integral, Job
from igcli.attribution.path import StraightLine
from igcli.attribution.quadrature import RULES
from igcli.common.arrays import Array
from tests.fakes import Edges, FakeModel, Linear, NanMaker, batches

PLENTY = 2**30
ADAPTIVE = Adaptive("adaptive", Accuracy(0.05, 9, 256), PLENTY)
FIXED = [FixedRule(n, RULES[n](51), 0) for n in ("gausslegendre", "riemann_trapezoid")]
MIDDLE = FixedRule("riemann_middle", RULES["riemann_middle"](1), 0)


class SquaredSum(FakeModel):
    """f = (2 x₁ + x₂)²: at (3, 3), (54, 27) from (0, 0) and (48, 24) from (1, 1)."""

    def __init__(self) -> None:
        super().__init__((2,), 1)

    def value(self, x: Array) -> Array:
        result: Array = ((2 * x[:, 0] + x[:, 1]) ** 2)[:, None]
        return result

    def gradient(self, x: Array, target: int) -> Array:
        z = 2 * (2 * x[0] + x[1])
        return np.array([2 * z, z])


def paths_from(
    x: Array, baselines: Sequence[Array], drawn: bool = False, keeps: int = 0
) -> AveragedPaths:
    legs = [
        Leg(b, "x", b, 0 if drawn else None, bend_of(b) if drawn else 0.0)
        for b in range(len(baselines))
    ]
    draws = [Draws(len(baselines))] if drawn else []
    x = x.astype(np.float32)
    return AveragedPaths(
        x.shape, legs, lambda b: StraightLine(x, baselines[b].astype(np.float32)), draws, keeps
    )


def average(
    model: FakeModel, method: Adaptive | FixedRule, paths: Sequence[AveragedPaths], batch: int = 16
) -> list[Integral]:
    jobs = [Job(key, path, 0) for key, path in enumerate(paths)]
    return sorted(method.integrate(batches(model, batch), jobs), key=lambda found: found.key)


@pytest.mark.parametrize("method", [ADAPTIVE, *FIXED], ids=lambda method: method.name)
def test_two_baselines_of_the_closed_form(method: Adaptive | FixedRule) -> None:
    x, ends = np.array([3.0, 3.0]), [np.zeros(2), np.ones(2)]
    for baselines in (ends, ends[::-1]):
        (found,) = average(SquaredSum(), method, [paths_from(x, baselines, keeps=2)])
        assert found.attribution is not None and found.averaged is not None
        np.testing.assert_allclose(found.attribution, [51.0, 25.5], rtol=1e-6)
        assert found.averaged.norm_ratio == pytest.approx(1.0)
        assert found.averaged.sampling_error is None
        maps = found.averaged.maps
        assert maps is not None
        np.testing.assert_allclose(sorted(maps.tolist()), [[48, 24], [54, 27]], rtol=1e-6)


def test_the_mean_score_of_the_starts_is_seen() -> None:
    found = average(
        SquaredSum(), ADAPTIVE, [paths_from(np.array([3.0, 3.0]), [np.zeros(2), np.ones(2)])]
    )[0]
    assert found.start == 4.5


def test_baselines_on_both_sides_cancel() -> None:
    model = Linear((2,), np.array([[1.0, 1.0]]))
    baselines = [np.array([0.0, 0.0]), np.array([2.0, 1.0])]
    (found,) = average(model, ADAPTIVE, [paths_from(np.array([1.0, 1.0]), baselines)])
    assert found.attribution is not None
    # (1, 1) and (−1, 0) average to (0, ½): ½ of the mean of 2 and 1.
    assert found.averaged is not None
    np.testing.assert_allclose(found.attribution, [0.0, 0.5])
    assert found.averaged.norm_ratio == pytest.approx(1 / 3)


def drawn_paths(count: int, size: int, inputs: int) -> list[AveragedPaths]:
    random = np.random.default_rng(5)
    return [
        paths_from(random.uniform(size=size), list(random.uniform(size=(count, size))), drawn=True)
        for _ in range(inputs)
    ]


def exact(model: Edges, paths: AveragedPaths) -> Array:
    """Return the mean of maps of 1,000 nodes a path."""
    alphas = (np.arange(1000) + 0.5) / 1000
    maps = []
    for number in range(len(paths.legs)):
        line = paths.line(number)
        points = line.baseline + alphas[:, None] * line.difference
        on = points @ model._weights.T > model._kinks
        maps.append((on @ model._weights).mean(axis=0) * line.difference)
    result: Array = np.mean(maps, axis=0)
    return result


@pytest.mark.parametrize(
    "memory", [PLENTY, 4 * 40 * (8 + 3 * 17)], ids=["at once", "three at a time"]
)
def test_one_estimate_holds_for_all_paths_and_takes_fewer_rows(memory: int) -> None:
    model = Edges((40,), count=150, most=4.0)
    method = Adaptive("adaptive", ADAPTIVE.accuracy, memory)
    several = drawn_paths(9, 40, 4)
    found = average(model, method, several)
    for integral, paths in zip(found, several, strict=True):
        truth = exact(model, paths)
        assert integral.attribution is not None and integral.error_estimate is not None
        error = np.abs(integral.attribution - truth).sum() / np.abs(truth).sum()
        assert error <= integral.error_estimate <= 0.05 and integral.converged
    singles = [Job(k, p.line(b), 0) for k, p in enumerate(several) for b in range(9)]
    alone = sum(one.steps for one in method.integrate(batches(model, 16), singles))
    assert sum(one.steps for one in found) < (0.6 if memory == PLENTY else 1.0) * alone


def test_like_paths_are_no_independent_ones() -> None:
    """Nine baselines that are one: the error of their mean is that of each."""
    model, random = Edges((40,), count=150, most=4.0), np.random.default_rng(6)
    for _ in range(2):
        x, baseline = random.uniform(size=(2, 40))
        paths = paths_from(x, [baseline] * 9)
        (found,) = average(model, ADAPTIVE, [paths])
        assert found.attribution is not None
        truth = exact(model, paths)
        error = np.abs(found.attribution - truth).sum() / np.abs(truth).sum()
        assert found.error_estimate is not None and error <= found.error_estimate


def test_points_that_paths_share_are_asked_for_once() -> None:
    model = SquaredSum()
    (found,) = average(model, ADAPTIVE, [paths_from(np.array([3.0, 3.0]), [np.zeros(2)] * 3)])
    assert (found.steps, len(model.evaluated), len(model.points)) == (13, 16, 1)


@pytest.mark.parametrize("population", [None, 40])
def test_sampling_error_is_the_distance_to_the_mean_of_all(population: int | None) -> None:
    """Maps of a linear model differ as the baselines do: the distance is known."""
    model, random = Linear((200,), np.ones((1, 200))), np.random.default_rng(8)
    said, seen = [], []
    for _ in range(20):
        pool = random.normal(size=(population or 20, 200))
        paths = paths_from(np.full(200, 2.0), list(pool[:20]), drawn=True)
        drawn = [Draws(20, population)]
        (found,) = average(
            model, MIDDLE, [AveragedPaths(paths.shape, paths.legs, paths.line, drawn)]
        )
        assert found.averaged is not None and found.attribution is not None
        assert found.averaged.sampling_error is not None
        all_of_them = 2.0 - (pool.mean(axis=0) if population else np.zeros(200))
        distance = np.abs(found.attribution - all_of_them).sum()
        seen.append(distance / np.abs(found.attribution).sum())
        said.append(found.averaged.sampling_error)
    assert float(np.mean(said)) == pytest.approx(float(np.mean(seen)), rel=0.05)


@pytest.mark.parametrize("method", [ADAPTIVE, FIXED[0]], ids=lambda method: method.name)
def test_a_number_that_is_not_finite_fails_the_average(method: Adaptive | FixedRule) -> None:
    model = NanMaker((2,), np.ones((1, 2)), 5.0)
    baselines = [np.zeros(2), np.array([9.0, 0.0])]
    bad, good = average(
        model,
        method,
        [paths_from(np.ones(2), baselines), paths_from(np.ones(2), [np.zeros(2)] * 2)],
    )
    assert bad.attribution is None and bad.bad_alpha is not None and bad.bad_alpha < 0.51
    assert good.attribution is not None
    np.testing.assert_allclose(good.attribution, [1.0, 1.0], rtol=1e-6)
