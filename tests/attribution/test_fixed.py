"""The engine on closed forms: values, batching, laziness, and numbers that are not finite."""

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from igcli.attribution.batches import Batches
from igcli.attribution.fixed import FixedRule
from igcli.attribution.integral import Integral, Job
from igcli.attribution.path import StraightLine
from igcli.attribution.quadrature import RULES, Rule
from igcli.common.arrays import Array
from tests.fakes import FakeModel, Kink, Linear, NanMaker, Power, batches


def jobs(xs: Array, baseline: float = 0.0, target: int = 0) -> list[Job]:
    return [
        Job(key, StraightLine(x, np.full_like(x, baseline)), target) for key, x in enumerate(xs)
    ]


def integrate(sent: Batches, work: Iterable[Job], rule: Rule) -> Iterator[Integral]:
    return FixedRule("a rule", rule, memory=0).integrate(sent, work)


def maps(
    model: FakeModel, work: list[Job], method: str, steps: int, batch: int, streams: int = 1
) -> Array:
    integrals = list(integrate(batches(model, batch, streams), work, RULES[method](steps)))
    assert [integral.key for integral in integrals] == [job.key for job in work]
    return np.stack([i.attribution for i in integrals if i.attribution is not None])


XS = np.random.default_rng(3).normal(size=(5, 2, 3)).astype(np.float32)


@pytest.mark.parametrize("method", RULES)
def test_linear_model_gives_weight_times_difference(method: str) -> None:
    weights = np.arange(12.0).reshape(2, 6)
    got = maps(Linear((2, 3), weights), jobs(XS, 0.5, target=1), method, 4, 3)
    np.testing.assert_allclose(got, weights[1].reshape(2, 3) * (XS - 0.5), rtol=1e-6)


def test_power_model_gives_the_closed_form_integral() -> None:
    got = maps(Power((2, 3), 2, power=5), jobs(XS, target=1), "gausslegendre", 3, 4)
    np.testing.assert_allclose(got, 2 * XS.astype(float) ** 5, rtol=1e-5, atol=1e-9)


def test_kink_gives_the_share_of_the_path_beyond_it() -> None:
    x = np.full((1, 4), 1.0, np.float32)
    got = maps(Kink((4,), kink=1.0), jobs(x), "riemann_middle", 1000, 64)
    np.testing.assert_allclose(got, 0.75 * x, atol=1e-3)


def test_attributions_are_float32_of_the_input_shape() -> None:
    (integral,) = integrate(batches(Kink((2, 3), 0.0), 8), jobs(XS[:1]), RULES["riemann_left"](2))
    assert integral.attribution is not None
    assert integral.attribution.dtype == np.float32
    assert integral.attribution.shape == (2, 3)
    assert integral.steps == 2


@pytest.mark.parametrize("batch", [1, 7, 64, 10_000])
def test_batch_size_changes_nothing(batch: int) -> None:
    reference = maps(Power((2, 3), 1, 4), jobs(XS), "riemann_left", 10, 10)
    got = maps(Power((2, 3), 1, 4), jobs(XS), "riemann_left", 10, batch)
    np.testing.assert_allclose(got, reference, rtol=1e-6)


def test_an_input_alone_equals_itself_among_others() -> None:
    among = maps(Power((2, 3), 1, 4), jobs(XS), "riemann_left", 10, 7)
    alone = maps(Power((2, 3), 1, 4), jobs(XS[2:3]), "riemann_left", 10, 7)
    np.testing.assert_allclose(alone[0], among[2], rtol=1e-6)


@pytest.mark.parametrize(("inputs", "steps", "batch"), [(5, 10, 7), (5, 3, 64), (1, 300, 32)])
def test_batches_are_full_but_the_last_and_no_row_is_evaluated_twice(
    inputs: int, steps: int, batch: int
) -> None:
    model = Power((2, 3), 1, 2)
    maps(model, jobs(XS[:inputs]), "riemann_middle", steps, batch)
    assert inputs * steps == len(set(model.evaluated))
    assert sum(model.batches[:-1]) < inputs * steps <= sum(model.batches)
    assert set(model.batches[:-1]) <= {batch}
    assert len(model.batches) == -(-inputs * steps // batch)


@pytest.mark.parametrize("streams", [2, 3])
@pytest.mark.parametrize(("inputs", "steps", "batch"), [(5, 10, 7), (5, 3, 64), (1, 50, 8)])
def test_streams_change_no_result_and_share_what_is_left(
    inputs: int, steps: int, batch: int, streams: int
) -> None:
    model = Power((2, 3), 1, 4)
    got = maps(model, jobs(XS[:inputs]), "riemann_left", steps, batch, streams)
    reference = maps(Power((2, 3), 1, 4), jobs(XS[:inputs]), "riemann_left", steps, batch)
    np.testing.assert_allclose(got, reference, rtol=1e-6)
    assert len(set(model.evaluated)) == inputs * steps
    assert len(model.batches) >= min(streams, inputs * steps)
    assert max(model.batches) <= batch


def test_jobs_are_read_only_when_the_next_batch_needs_them() -> None:
    taken = []

    def source() -> Iterator[Job]:
        for job in jobs(XS):
            taken.append(job.key)
            yield job

    results = integrate(batches(Power((2, 3), 1, 2), 10), source(), RULES["riemann_left"](10))
    next(results)
    assert taken == [0, 1]


def test_no_jobs_no_batches() -> None:
    model = Power((2, 3), 1, 2)
    assert list(integrate(batches(model, 10), [], RULES["riemann_left"](10))) == []
    assert model.batches == []


@pytest.mark.parametrize("where", ["gradient", "score"])
def test_a_number_that_is_not_finite_fails_that_input_with_its_first_alpha(where: str) -> None:
    xs = np.array([[0.2, 0.1], [1.0, 0.0], [0.3, 0.3]], np.float32)
    model = NanMaker((2,), np.ones((1, 2)), above=0.62, where=where)
    rule = RULES["riemann_right"](10)
    first, second, third = integrate(batches(model, 4), jobs(xs), rule)
    assert second.attribution is None
    assert second.bad_alpha == pytest.approx(0.7)
    for integral, x in ((first, xs[0]), (third, xs[2])):
        assert integral.attribution is not None
        np.testing.assert_allclose(integral.attribution, x, rtol=1e-6)


def test_a_nested_trapezoid_gives_an_error_estimate_for_free() -> None:
    """The gradient 3α²x³: a trapezoid of spacing h gives x³ (1 + h² / 2)."""
    model = Power((2, 3), 1, power=3)
    sent = batches(model, 7)
    odd = list(integrate(sent, jobs(XS), RULES["riemann_trapezoid"](5)))
    assert sent.rows == 5 * len(XS)
    for integral in odd:
        assert integral.error_estimate == pytest.approx((1 / 8 - 1 / 32) / (1 + 1 / 32))
    for method, steps in (("riemann_trapezoid", 6), ("gausslegendre", 5), ("riemann_left", 5)):
        for integral in integrate(batches(model, 7), jobs(XS), RULES[method](steps)):
            assert integral.error_estimate is None


def test_the_profile_has_each_nodes_score_and_gradient_norm() -> None:
    (integral,) = integrate(
        batches(Power((2, 3), 1, 2), 4), jobs(XS[:1]), RULES["riemann_middle"](10)
    )
    alphas = np.linspace(0.05, 0.95, 10)
    np.testing.assert_allclose(integral.profile.alphas, alphas)
    squares, sizes = float((XS[0].astype(float) ** 2).sum()), float(np.abs(XS[0]).sum())
    np.testing.assert_allclose(integral.profile.scores, alphas**2 * squares, rtol=1e-6)
    np.testing.assert_allclose(integral.profile.gradient_norms, 2 * alphas * sizes, rtol=1e-6)


def test_a_trapezoid_that_cancels_to_nothing_has_no_bound() -> None:
    class Tent(Kink):
        def gradient(self, x: Array, target: int) -> Array:
            return np.full(x.shape, {0.0: 0.0, 0.5: 1.0, 1.0: -2.0}[float(x[0])])

    (integral,) = integrate(
        batches(Tent((1,), 0.0), 4),
        jobs(np.ones((1, 1), np.float32)),
        RULES["riemann_trapezoid"](3),
    )
    assert integral.error_estimate == np.inf
