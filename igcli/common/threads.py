"""Threads: work done ahead in several of them, its results taken in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class InOrder(Generic[T, R]):
    """Threads that work on what they are given; who gives takes the results, first in first out.

    Leaving the context cancels what has not started and waits for what has.

    Parameters
    ----------
    work : callable
        Runs in the threads. What it raises, `take` raises.
    workers : int
        How many threads there are.
    window : int
        How many items may be given and not yet taken.
    """

    def __init__(self, work: Callable[[T], R], workers: int, window: int) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(workers)
        self._pending: deque[Future[R]] = deque()
        self._window = window

    @property
    def room(self) -> int:
        """How many more items may be given now."""
        return self._window - len(self._pending)

    @property
    def pending(self) -> int:
        """How many results are still to be taken."""
        return len(self._pending)

    def give(self, item: T) -> None:
        """Start work on an item as soon as a thread is free."""
        self._pending.append(self._pool.submit(self._work, item))

    def take(self) -> R:
        """Wait for the oldest item's result."""
        return self._pending.popleft().result()

    def __enter__(self) -> "InOrder[T, R]":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def ahead(work: Callable[[T], R], items: Iterable[T], workers: int, window: int) -> Iterator[R]:
    """Yield ``work(item)`` for each item, in order, with up to `window` items under way.

    `items` is read in the caller's thread, lazily; `work` runs in `workers` threads. An exception
    of `work` is raised where its result would have been yielded. Closing the generator cancels
    what has not started and waits for what has.
    """
    with InOrder(work, workers, window) as threads:
        for item in items:
            threads.give(item)
            if not threads.room:
                yield threads.take()
        while threads.pending:
            yield threads.take()
