"""Work done in processes of their own, its results in order, a few tasks ahead at most."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
# A process takes a second to start: fewer tasks are done sooner here.
_LEAST = 4


def in_processes(
    work: Callable[[T], R], tasks: Iterable[T], count: int, processes: int
) -> Iterator[R]:
    """Yield what `work` returns for each of `count` tasks.

    Parameters
    ----------
    work : callable
        A function of a module, which takes a task and returns what can be sent between processes.
    tasks : iterable
        What is to be done; two for each process are taken ahead of what was yielded.
    count : int
        How many there are.
    processes : int
        How many may work; with one, or for a few tasks, it is this process.
    """
    if processes == 1 or count < _LEAST:
        yield from map(work, tasks)
        return
    pool = ProcessPoolExecutor(min(processes, count), get_context("spawn"), _ignore_interrupts)
    waiting: deque[Future[R]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
