import threading
import time
from collections.abc import Iterator

import pytest

from igcli.common.threads import InOrder, ahead


def test_results_come_in_order_although_work_does_not_finish_in_order() -> None:
    def work(n: int) -> int:
        time.sleep(0.005 * (5 - n))
        return n * n

    assert list(ahead(work, range(6), workers=3, window=4)) == [0, 1, 4, 9, 16, 25]


def test_no_items_no_results() -> None:
    assert list(ahead(str, [], workers=2, window=4)) == []


@pytest.mark.parametrize("window", [1, 2, 5])
def test_items_are_read_no_further_than_the_window(window: int) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for n in range(20):
            taken.append(n)
            yield n

    results = ahead(str, items(), workers=2, window=window)
    assert taken == []
    for done in range(5):
        assert next(results) == str(done)
        assert len(taken) == window + done
    assert list(results) == [str(n) for n in range(5, 20)]


def test_work_runs_in_threads_and_items_are_read_in_the_callers() -> None:
    reading: set[int] = set()

    def items() -> Iterator[int]:
        for n in range(8):
            reading.add(threading.get_ident())
            yield n

    working = set(ahead(lambda _: threading.get_ident(), items(), workers=2, window=3))
    assert reading == {threading.get_ident()}
    assert threading.get_ident() not in working and len(working) <= 2


def test_two_workers_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=5)
    assert len(list(ahead(lambda _: both.wait(), range(2), workers=2, window=2))) == 2


def test_an_exception_is_raised_where_its_result_would_have_been() -> None:
    def work(n: int) -> float:
        return 6 / n

    results = ahead(work, [3, 2, 0, 1], workers=2, window=4)
    assert [next(results), next(results)] == [2.0, 3.0]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_exception_of_the_items_reaches_the_caller() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("items")

    with pytest.raises(KeyError, match="items"):
        list(ahead(str, items(), workers=1, window=1))


def test_closing_waits_for_running_work_and_cancels_the_rest() -> None:
    started: list[int] = []
    finished: list[int] = []

    def work(n: int) -> int:
        started.append(n)
        if n:
            time.sleep(0.05)
        finished.append(n)
        return n

    results = ahead(work, range(100), workers=1, window=20)
    assert next(results) == 0
    getattr(results, "close")()  # noqa: B009 - an Iterator to mypy, a generator in truth
    assert started == finished
    assert len(started) < 20


def test_what_is_given_is_taken_in_order_and_makes_room() -> None:
    gate = threading.Event()

    def work(n: int) -> int:
        if n == 0:
            gate.wait(5)
        return 10 * n

    with InOrder(work, workers=2, window=3) as threads:
        assert (threads.room, threads.pending) == (3, 0)
        for n in range(3):
            threads.give(n)
        assert (threads.room, threads.pending) == (0, 3)
        gate.set()
        assert threads.take() == 0
        assert (threads.room, threads.pending) == (1, 2)
        threads.give(3)
        assert [threads.take() for _ in range(3)] == [10, 20, 30]
        assert (threads.room, threads.pending) == (3, 0)


def test_taking_raises_what_the_work_raised_and_goes_on() -> None:
    def work(n: int) -> int:
        return 6 // n

    with InOrder(work, workers=1, window=3) as threads:
        for n in (2, 0, 3):
            threads.give(n)
        assert threads.take() == 3
        with pytest.raises(ZeroDivisionError):
            threads.take()
        assert threads.take() == 2


def test_leaving_the_context_waits_for_running_work_and_cancels_the_rest() -> None:
    started: list[int] = []
    finished: list[int] = []
    running = threading.Event()

    def work(n: int) -> None:
        started.append(n)
        running.set()
        time.sleep(0.05)
        finished.append(n)

    with pytest.raises(KeyError), InOrder(work, workers=1, window=50) as threads:
        for n in range(50):
            threads.give(n)
        running.wait(5)
        raise KeyError("left")
    assert started == finished
    assert 1 <= len(started) < 50
