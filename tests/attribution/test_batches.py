"""Batches of rows: halved when memory runs out, filled up to few sizes, timed and counted."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from igcli.attribution.batches import Batches, Batching
from igcli.attribution.gradient_model import PathRows, PointRows, RowValues
from igcli.common.arrays import Array
from igcli.common.errors import OutOfMemory
from tests.fakes import NanMaker, Power, batches

XS = np.random.default_rng(5).uniform(0.1, 1.0, size=(3, 2, 2)).astype(np.float32)


class Limited(Power):
    """F_c(x) = Σ (c + 1) x³, out of memory above `most` rows."""

    def __init__(self, most: int) -> None:
        super().__init__((2, 2), 2, power=3)
        self.most = most
        self.asked: list[int] = []

    def _row_gradients(self, rows: PathRows) -> RowValues:
        self.asked.append(len(rows))
        if len(rows) > self.most:
            raise OutOfMemory(f"{len(rows)} rows")
        return super()._row_gradients(rows)

    def gradients_at(self, rows: PointRows) -> RowValues:
        self.asked.append(len(rows))
        if len(rows) > self.most:
            raise OutOfMemory(f"{len(rows)} rows")
        return super().gradients_at(rows)


def rows_of(count: int, target: int = 1) -> PathRows:
    slot = np.sort(np.arange(count) % len(XS)).astype(np.int32)
    alpha = np.linspace(0.0, 1.0, count) if count > 1 else np.ones(1)
    return PathRows(XS, np.zeros_like(XS), slot, alpha, np.full(count, target, np.int32))


def closed_gradients(rows: PathRows) -> Array:
    """The gradient of (c + 1) Σ x³ at α x is 3 (c + 1) α² x²."""
    factors = 3.0 * (rows.target + 1) * rows.alpha**2
    result: Array = factors[:, None, None] * XS[rows.slot].astype(np.float64) ** 2
    return result


def check_rest(values: RowValues, rows: PathRows) -> None:
    cubes = (XS[rows.slot].astype(np.float64) ** 3).sum(axis=(1, 2))
    np.testing.assert_allclose(values.scores, (rows.target + 1) * rows.alpha**3 * cubes)
    np.testing.assert_allclose(values.norms, closed_gradients(rows).sum(axis=(1, 2)))


def check_sums(sent: Batches, rows: PathRows) -> None:
    weights = np.random.default_rng(len(rows)).normal(size=(2, len(rows)))
    values = sent.weighted_gradients(rows, weights)
    belongs = np.arange(len(XS)) == rows.slot[:, None]
    want = np.einsum("kr,rs,rij->ksij", weights, belongs, closed_gradients(rows))
    np.testing.assert_allclose(values.gradients, want, rtol=1e-6, atol=1e-12)
    check_rest(values, rows)


def check_products(sent: Batches, rows: PathRows) -> None:
    values = sent.row_products(rows)
    for i, gradient in enumerate(closed_gradients(rows)):
        np.testing.assert_allclose(values.gradients[i], gradient * XS[rows.slot[i]], rtol=1e-6)
    check_rest(values, rows)


def check_points(sent: Batches, rows: PathRows) -> None:
    points = rows.alpha[:, None, None] * XS[rows.slot].astype(np.float64)
    values = sent.gradients_at(PointRows(points, rows.target))
    for i, gradient in enumerate(closed_gradients(rows)):
        np.testing.assert_allclose(values.gradients[i], gradient, rtol=1e-6)
    check_rest(values, rows)


CHECKS = pytest.mark.parametrize("check", [check_sums, check_products, check_points])


@CHECKS
@pytest.mark.parametrize("most", [1, 2, 3, 5, 8, 23, 24])
def test_halving_changes_no_result(most: int, check: Callable[..., None]) -> None:
    model = Limited(most)
    sent = batches(model, 24)
    check(sent, rows_of(24))
    assert max(model.batches) <= most
    assert sent.size <= most
    assert sent.rows == 24


@CHECKS
def test_the_size_is_halved_and_stays_so(check: Callable[..., None]) -> None:
    model = Limited(8)
    sent = batches(model, 32)
    check(sent, rows_of(32))
    assert model.asked == [32, 16, 8, 8, 16, 8, 8]
    assert sent.size == 8
    for _ in range(3):
        check(sent, rows_of(8))
    assert model.asked[7:] == [8, 8, 8]
    assert (sent.size, sent.rows, sent.streams) == (8, 56, 1)


@CHECKS
def test_an_odd_number_of_rows_is_halved_too(check: Callable[..., None]) -> None:
    sent = batches(Limited(4), 7)
    check(sent, rows_of(7))
    assert (sent.size, sent.rows) == (4, 7)


@CHECKS
def test_one_row_that_does_not_fit_raises(check: Callable[..., None]) -> None:
    model = Limited(0)
    sent = batches(model, 8)
    with pytest.raises(OutOfMemory, match="^1 rows$"):
        check(sent, rows_of(8))
    assert model.asked == [8, 4, 2, 1]
    assert (sent.size, sent.rows) == (1, 0)


@CHECKS
def test_threads_that_halve_at_the_same_time_agree(check: Callable[..., None]) -> None:
    sent = batches(Limited(4), 16, streams=4)
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(check, sent, rows_of(16)) for _ in range(8)]
        assert [future.result() for future in done] == [None] * 8
    assert (sent.size, sent.rows) == (4, 128)


@CHECKS
@pytest.mark.parametrize(
    ("count", "filled"),
    [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (9, 16), (16, 16), (17, 24), (23, 24), (24, 24)],
)
def test_partial_batches_are_filled_and_results_cut(
    count: int, filled: int, check: Callable[..., None]
) -> None:
    model = Limited(100)
    sent = batches(model, 24)
    check(sent, rows_of(count))
    assert model.batches == [filled]
    assert sent.rows == count


def test_first_values_keep_as_many_scores_and_norms_as_rows() -> None:
    sent = batches(Limited(100), 16)
    for values in (
        sent.row_products(rows_of(5)),
        sent.weighted_gradients(rows_of(5), np.ones((1, 5))),
    ):
        assert (len(values.scores), len(values.norms), len(values.finite)) == (5, 5, 5)


def test_fillers_of_a_row_that_is_not_finite_stay_with_its_input() -> None:
    x = np.array([[0.5, 0.25], [1.0, 0.5]], np.float32)
    model = NanMaker((2,), np.ones((1, 2)), above=0.9)
    slot, target = np.array([0, 0, 1, 1, 1], np.int32), np.zeros(5, np.int32)
    rows = PathRows(x, np.zeros_like(x), slot, np.array([0.5, 1.0, 0.2, 0.6, 1.0]), target)
    values = batches(model, 16).weighted_gradients(rows, np.array([[0.5, 0.5, 0.2, 0.4, 0.4]]))
    assert model.batches == [8]
    np.testing.assert_allclose(values.gradients[0, 0], [1.0, 1.0])
    assert np.isnan(values.gradients[0, 1]).any()
    assert values.finite.tolist() == [True, True, True, True, False]


@pytest.mark.parametrize(("count", "filled"), [(1, 1), (3, 4), (5, 8), (9, 12), (12, 12), (30, 30)])
def test_scores_are_filled_and_cut(count: int, filled: int) -> None:
    seen: list[int] = []

    class Seen(Power):
        def scores(self, x: Array) -> Array:
            seen.append(len(x))
            return super().scores(x)

    x = np.random.default_rng(count).uniform(size=(count, 4)).astype(np.float32)
    got = batches(Seen((4,), 2, power=2), 12).scores(x)
    squares = (x.astype(np.float64) ** 2).sum(axis=1)
    np.testing.assert_allclose(got, np.stack([squares, 2 * squares], axis=1))
    assert seen == [filled]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_counts_only_while_a_batch_is_under_way() -> None:
    clock = Clock()

    class Slow(Power):
        def row_products(self, rows: PathRows) -> RowValues:
            clock.now += 2.0
            return super().row_products(rows)

    sent = Batches(Slow((2, 2), 2, power=3), Batching(8, 1), clock)
    for _ in range(3):
        sent.row_products(rows_of(8))
        clock.now += 50.0
    assert sent.busy == 6.0


def test_batches_that_overlap_are_timed_once() -> None:
    """The first batch is under way from 100 to 105, the second from 101 to 109."""
    clock, inside = Clock(), [threading.Event(), threading.Event()]
    leave = [threading.Event(), threading.Event()]

    class Held(Power):
        def row_products(self, rows: PathRows) -> RowValues:
            which = len(rows) - 1
            inside[which].set()
            assert leave[which].wait(5)
            return super().row_products(rows)

    sent = Batches(Held((2, 2), 2, power=3), Batching(8, 2), clock)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(sent.row_products, rows_of(1))
        assert inside[0].wait(5)
        clock.now = 101.0
        second = pool.submit(sent.row_products, rows_of(2))
        assert inside[1].wait(5)
        clock.now = 105.0
        leave[0].set()
        first.result(5)
        assert (sent.busy, sent.rows) == (0.0, 1)
        clock.now = 109.0
        leave[1].set()
        second.result(5)
    assert (sent.busy, sent.rows) == (9.0, 3)


def test_a_batch_that_fails_is_timed_and_not_counted() -> None:
    clock = Clock()

    class Broken(Power):
        def row_products(self, rows: PathRows) -> RowValues:
            clock.now += 3.0
            raise ValueError("broken")

    sent = Batches(Broken((2, 2), 2, power=3), Batching(8, 1), clock)
    with pytest.raises(ValueError, match="broken"):
        sent.row_products(rows_of(8))
    assert (sent.busy, sent.rows, sent.size) == (3.0, 0, 8)
