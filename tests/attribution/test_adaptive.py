"""The queue of adaptive rows: full batches, bounded memory, and no influence between inputs."""

import numpy as np
import pytest

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.adaptive import Adaptive
from igcli.attribution.integral import Integral, Job
from igcli.attribution.path import StraightLine
from igcli.common.arrays import Array
from tests.fakes import FakeModel, Kink, NanMaker, Power, batches

ACCURACY = Accuracy(0.02, 9, 256)
XS = np.random.default_rng(2).uniform(0.5, 2.0, (40, 6)).astype(np.float32)
PLENTY = 2**30


def solve(
    model: FakeModel,
    xs: Array,
    batch: int,
    memory: int = PLENTY,
    accuracy: Accuracy = ACCURACY,
    streams: int = 1,
) -> list[Integral]:
    jobs = [Job(key, StraightLine(x, np.zeros_like(x)), 0) for key, x in enumerate(xs)]
    done = list(
        Adaptive("adaptive", accuracy, memory).integrate(batches(model, batch, streams), jobs)
    )
    return sorted(done, key=lambda integral: integral.key)


def test_every_job_meets_the_tolerance() -> None:
    for x, integral in zip(XS, solve(Kink((6,), 1.3), XS, 32), strict=True):
        exact = x * (1 - 1.3 / x.sum(dtype=np.float64))
        assert integral.attribution is not None and integral.converged
        assert integral.attribution.dtype == np.float32
        error = np.abs(integral.attribution - exact).sum() / np.abs(exact).sum()
        assert integral.error_estimate is not None
        assert error <= integral.error_estimate <= 0.02


@pytest.mark.parametrize(("batch", "memory"), [(1, PLENTY), (7, PLENTY), (64, PLENTY), (32, 1)])
def test_company_batch_size_and_memory_change_nothing(batch: int, memory: int) -> None:
    reference = solve(Power((6,), 1, 7), XS, 16)
    for ours, theirs in zip(solve(Power((6,), 1, 7), XS, batch, memory), reference, strict=True):
        assert (ours.steps, ours.error_estimate) == (theirs.steps, theirs.error_estimate)
        np.testing.assert_array_equal(ours.attribution, theirs.attribution)
    (alone,) = solve(Power((6,), 1, 7), XS[5:6], batch, memory)
    np.testing.assert_array_equal(alone.attribution, reference[5].attribution)


@pytest.mark.parametrize("batch", [4, 32, 100])
def test_batches_are_full_while_there_are_inputs_and_no_row_is_evaluated_twice(batch: int) -> None:
    model = Kink((6,), 1.3)
    integrals = solve(model, XS, batch)
    assert sum(i.steps for i in integrals) == len(set(model.evaluated))
    # Once the last input is admitted, its rounds can no longer be filled up by others.
    first_partial = next((i for i, n in enumerate(model.batches) if n < batch), None)
    assert first_partial is not None
    admitted = {x for x, _ in model.evaluated[: sum(model.batches[: first_partial + 1])]}
    assert len(admitted) == len(XS)


def test_memory_bounds_how_many_are_live() -> None:
    model = Kink((6,), 1.3)
    solve(model, XS, 1000, memory=1)
    # Nine rows, filled up to a power of two.
    assert max(model.batches) == 16
    model = Kink((6,), 1.3)
    solve(model, XS, 1000)
    assert max(model.batches) == 512 > 9 * len(XS)


def test_a_number_that_is_not_finite_fails_that_input_alone() -> None:
    xs = np.array([[0.2, 0.1], [1.0, 0.0], [0.3, 0.3]], np.float32)
    model = NanMaker((2,), np.ones((1, 2)), above=0.62)
    first, second, third = solve(model, xs, 5)
    assert second.attribution is None and second.bad_alpha == 0.625
    for integral, x in ((first, xs[0]), (third, xs[2])):
        assert integral.attribution is not None
        np.testing.assert_allclose(integral.attribution, x, rtol=1e-5)


def test_the_profile_has_every_node_in_order() -> None:
    (integral,) = solve(Kink((6,), 1.3), XS[:1], 8)
    profile = integral.profile
    assert len(profile.alphas) == integral.steps
    assert (np.diff(profile.alphas) > 0).all()
    total = XS[0].sum(dtype=np.float64)
    np.testing.assert_allclose(
        profile.scores, np.maximum(0, profile.alphas * total - 1.3), rtol=1e-6
    )
    np.testing.assert_array_equal(profile.gradient_norms, 6.0 * (profile.alphas * total > 1.3))
