"""The scheduler: one queue of rows over all live paths, sent in batches.

A path asks for nodes in rounds: all that a fixed rule has in one, those of an adaptive mesh as its
last ones come in. While some paths wait for results, others fill the batch, and a path that ends
early makes room for the next.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from igcli.attribution.batches import Batches
from igcli.attribution.cuts import Cut
from igcli.attribution.gradient_model import GradientModel, RowValues
from igcli.attribution.integral import Integral, Job
from igcli.common.arrays import Array
from igcli.common.threads import InOrder


class LivePath(Protocol):
    """A job under way."""

    @property
    def job(self) -> Job:
        """What is to be integrated."""
        ...

    @property
    def pending(self) -> Array:
        """The nodes of this round, float64; the same ones until `advance`, then none at the end."""
        ...

    def add(self, nodes: slice, values: RowValues) -> None:
        """Take what was seen at some of the pending nodes."""
        ...

    def advance(self) -> None:
        """Go on once all of them are in: with the next round, or to the end."""
        ...

    def integral(self) -> Integral:
        """Return what came of a path that asks for nothing more."""
        ...


P = TypeVar("P", bound=LivePath)


@dataclass(frozen=True, slots=True)
class Span(Generic[P]):
    """Some of the nodes that a path asks for: its rows in one batch."""

    live: P
    nodes: slice

    def __len__(self) -> int:
        return int(self.nodes.stop - self.nodes.start)

    @property
    def alphas(self) -> Array:
        """The nodes themselves."""
        return self.live.pending[self.nodes]

    def split(self, rows: int) -> tuple["Span[P]", "Span[P]"]:
        """Return the first rows, as many as there are, and the others."""
        at = min(self.nodes.stop, self.nodes.start + rows)
        return (
            replace(self, nodes=slice(self.nodes.start, at)),
            replace(self, nodes=slice(at, self.nodes.stop)),
        )


class PathKind(Protocol[P]):
    """What the scheduler leaves to a method."""

    def begin(self, job: Job, model: GradientModel) -> P:
        """Return a job's live path."""
        ...

    def has_room(self, live: Sequence[P]) -> bool:
        """Tell whether one more path may be begun beside those that live: one at least."""
        ...

    def values(self, batches: Batches, batch: Sequence[Span[P]]) -> list[RowValues]:
        """Evaluate a batch, in any thread, and return what each span's path is to add."""
        ...


def integrate_paths(
    batches: Batches, jobs: Iterable[Job], kind: PathKind[P], cut: Cut
) -> Iterator[Integral]:
    """Integrate each job's path.

    Parameters
    ----------
    batches : Batches
        The model, and how its batches are sent.
    jobs : iterable of Job
        Read lazily: only as many as the next batches need are alive at once.
    kind : PathKind
        How a path is integrated.
    cut : Cut
        How the rows are cut into batches.

    Yields
    ------
    Integral
        One per job, as they finish; when the batches are stopped, those that are done.
    """

    def evaluate(batch: list[Span[P]]) -> tuple[list[Span[P]], list[RowValues]]:
        return batch, kind.values(batches, batch)

    queue = _Queue(batches, iter(jobs), kind, cut)
    with InOrder(evaluate, batches.streams, cut.window) as threads:
        while True:
            while threads.room and (batch := queue.next_batch(threads.pending)):
                threads.give(batch)
            if not threads.pending:
                return
            for path in queue.add(*threads.take()):
                path.advance()
                if len(path.pending):
                    queue.ask(path)
                else:
                    queue.end(path)
                    yield path.integral()


class _Queue(Generic[P]):
    """The rows that live paths ask for, and the jobs that are still to be admitted."""

    def __init__(self, batches: Batches, jobs: Iterator[Job], kind: PathKind[P], cut: Cut) -> None:
        self._batches = batches
        self._jobs = jobs
        self._kind = kind
        self._cut = cut
        self._live: list[P] = []
        self._missing: dict[P, int] = {}
        self._spans: deque[Span[P]] = deque()
        self._rows = 0

    def next_batch(self, under_way: int) -> list[Span[P]]:
        """Take rows for one batch, admitting jobs for them; none when all paths wait, or stop."""
        if self._batches.stop.is_set():
            return []
        rows = self._cut.next_rows(self._fill, under_way)
        self._rows -= rows
        batch: list[Span[P]] = []
        while rows:
            span, rest = self._spans.popleft().split(rows)
            rows -= len(span)
            batch.append(span)
            if len(rest):
                self._spans.appendleft(rest)
        return batch

    def add(self, batch: list[Span[P]], values: list[RowValues]) -> list[P]:
        """Hand each path its values, and return the paths that wait for nothing more."""
        for span, seen in zip(batch, values, strict=True):
            span.live.add(span.nodes, seen)
            self._missing[span.live] -= len(span)
        return [span.live for span in batch if not self._missing[span.live]]

    def ask(self, path: P) -> None:
        """Queue what a path wants next."""
        rows = len(path.pending)
        self._missing[path] = rows
        self._spans.append(Span(path, slice(0, rows)))
        self._rows += rows

    def end(self, path: P) -> None:
        """Let go of a path that wants nothing more."""
        self._live.remove(path)
        del self._missing[path]

    def _fill(self, rows: int) -> int:
        while self._rows < rows and (not self._live or self._kind.has_room(self._live)):
            job = next(self._jobs, None)
            if job is None:
                break
            path = self._kind.begin(job, self._batches.model)
            self._live.append(path)
            self.ask(path)
        return self._rows
