"""The ranges of inputs that workers share: waiting, under way with whom, finished, or given up."""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

MOST_LOSSES = 3
# A range that takes so many times the usual is begun a second time, by a worker that is idle.
_SLOW = 1.5
_SLOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """One worker's work on one range."""

    worker: int
    since: float


class Ranges:
    """Hands out ranges to workers, which go by number.

    Parameters
    ----------
    blocks : sequence of range
        None of them overlap.
    clock : callable
        Seconds.
    """

    def __init__(
        self, blocks: Sequence[range], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._waiting = deque(blocks)
        self._under_way: dict[range, list[_Turn]] = {}
        self._losses: Counter[range] = Counter()
        self._seconds: deque[float] = deque(maxlen=64)
        self._clock = clock

    @property
    def left(self) -> bool:
        """Whether any is neither finished nor given up."""
        return bool(self._waiting or self._under_way)

    def is_open(self, block: range) -> bool:
        """Whether a range is under way."""
        return block in self._under_way

    def give(self, worker: int) -> range | None:
        """Return a range for an idle worker: one that waits, else one that another is slow with."""
        block = self._waiting.popleft() if self._waiting else self._slowest(worker)
        if block is not None:
            turn = _Turn(worker, self._clock())
            self._under_way.setdefault(block, []).append(turn)
        return block

    def finish(self, worker: int, block: range) -> bool:
        """Note that a range is explained; tell whether this is the first to say so."""
        turns = self._under_way.pop(block, None)
        if turns is None:
            return False
        self._seconds.extend(self._clock() - t.since for t in turns if t.worker == worker)
        return True

    def lose(self, worker: int, block: range) -> bool:
        """Note that a worker died over a range; tell whether the range is given up."""
        turns = self._under_way.get(block)
        if turns is None:
            return False
        self._losses[block] += 1
        others = [turn for turn in turns if turn.worker != worker]
        if others:
            self._under_way[block] = others
            return False
        del self._under_way[block]
        if self._losses[block] >= MOST_LOSSES:
            return True
        # The next to be handed out: to a worker that is there, not to the lost one's replacement.
        self._waiting.appendleft(block)
        return False

    def _slowest(self, worker: int) -> range | None:
        usual = median(self._seconds) if self._seconds else _SLOW_SECONDS
        due = self._clock() - _SLOW * usual
        slow = [
            (turns[0].since, block.start, block)
            for block, turns in self._under_way.items()
            if len(turns) == 1 and turns[0].worker != worker and turns[0].since < due
        ]
        return min(slow)[2] if slow else None
