"""Batches of rows through a model: several at once, and smaller ones when memory runs out."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from igcli.attribution.gradient_model import GradientModel, PathRows, PointRows, RowValues
from igcli.common.arrays import Array
from igcli.common.errors import OutOfMemory

R = TypeVar("R", PathRows, PointRows)


@dataclass(frozen=True, slots=True)
class Batching:
    """How rows are sent to the model: `size` of them per batch, `streams` batches at once."""

    size: int
    streams: int


class Batches:
    """One model's batches of rows.

    A batch that does not fit into memory is halved, and halved again, until its rows are through;
    from then on batches are asked to be no larger. Safe to use from several threads.

    Attributes
    ----------
    model : GradientModel
        Where the gradients come from.
    streams : int
        How many batches should be under way at once.
    size : int
        How many rows the next batch should have.
    rows : int
        How many rows were evaluated.
    busy : float
        Seconds during which at least one batch was under way.
    stop : Event
        Set from outside: no batch is begun any more, and what is under way is finished.
    """

    def __init__(
        self,
        model: GradientModel,
        batching: Batching,
        clock: Callable[[], float] = time.monotonic,
        stop: threading.Event | None = None,
    ) -> None:
        self.model = model
        self.stop = stop or threading.Event()
        self.streams = batching.streams
        self.size = self._full = batching.size
        self.rows = 0
        self.busy = 0.0
        self._clock = clock
        self._under_way = 0
        self._since = 0.0
        self._lock = threading.Lock()

    def scores(self, x: Array) -> Array:
        """Return every class's score; see `GradientModel.scores`."""
        missing = self._filled(len(x)) - len(x)
        filled = np.concatenate([x, np.repeat(x[-1:], missing, axis=0)]) if missing else x
        return self.model.scores(filled)[: len(x)]

    def weighted_gradients(self, rows: PathRows, weights: Array) -> RowValues:
        """Return sums of gradients per input; see `GradientModel.weighted_gradients`."""
        count, size = len(rows), self._filled(len(rows))
        try:
            with self._timed(count):
                # The rows that fill up weigh nothing.
                padding = ((0, 0), (0, size - count))
                values = self.model.weighted_gradients(rows.filled(size), np.pad(weights, padding))
            return values.first(count)
        except OutOfMemory:
            first, second = self._halves(rows)
        a = self.weighted_gradients(rows.part(first), weights[:, first])
        b = self.weighted_gradients(rows.part(second), weights[:, second])
        return _joined(a, b, a.gradients + b.gradients)

    def row_products(self, rows: PathRows) -> RowValues:
        """Return gradients × (input − baseline), indexed by row; see `GradientModel`."""
        return self._each(self.model.row_products, rows)

    def gradients_at(self, rows: PointRows) -> RowValues:
        """Return the points' gradients, indexed by row; see `GradientModel`."""
        return self._each(self.model.gradients_at, rows)

    def _each(self, ask: Callable[[R], RowValues], rows: R) -> RowValues:
        """Return what a model gives row by row."""
        count = len(rows)
        try:
            with self._timed(count):
                return ask(rows.filled(self._filled(count))).first(count)
        except OutOfMemory:
            first, second = self._halves(rows)
        a, b = self._each(ask, rows.part(first)), self._each(ask, rows.part(second))
        gradients = [values.gradients[i] for values in (a, b) for i in range(len(values.scores))]
        return _joined(a, b, gradients)

    def _filled(self, rows: int) -> int:
        """Return the size of a partial batch: a power of two, since each new size costs time."""
        return rows if rows >= self._full else min(self._full, 1 << (rows - 1).bit_length())

    def _halves(self, rows: PathRows | PointRows) -> tuple[slice, slice]:
        if len(rows) == 1:
            raise
        # The largest power of two that is less: what is filled up must fit too.
        half = 1 << ((len(rows) - 1).bit_length() - 1)
        with self._lock:
            self.size = min(self.size, half)
            self._full = min(self._full, half)
        return slice(0, half), slice(half, len(rows))

    @contextmanager
    def _timed(self, rows: int) -> Iterator[None]:
        with self._lock:
            if self._under_way == 0:
                self._since = self._clock()
            self._under_way += 1
        done = 0
        try:
            yield
            done = rows
        finally:
            with self._lock:
                self.rows += done
                self._under_way -= 1
                if self._under_way == 0:
                    self.busy += self._clock() - self._since


def _joined(a: RowValues, b: RowValues, gradients: object) -> RowValues:
    return RowValues(
        gradients, np.concatenate([a.scores, b.scores]), np.concatenate([a.norms, b.norms])
    )
