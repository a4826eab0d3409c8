"""One small piece of concurrency: work done ahead, in threads, taken in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(work: Callable[[T], R], items: Iterable[T], workers: int, window: int) -> Iterator[R]:
    """Yield ``work(item)`` for each item, in order, with up to `window` items under way.

    `items` is read in the caller's thread, lazily; `work` runs in `workers` threads. An exception
    of `work` is raised where its result would have been yielded. Closing the generator cancels
    what has not started and waits for what has.
    """
    pool = ThreadPoolExecutor(workers)
    pending: deque[Future[R]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) >= window:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
