"""Adaptive paths through a model: one queue of rows over all live inputs.

Each path asks for its next nodes when the last ones are in. While some wait for results, others
fill the batch, and an input that ends early makes room for the next.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np

from igcli.attribution.batches import Batches
from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.attribution.integral import Integral, Job, path_rows
from igcli.attribution.mesh import Accuracy, Mesh
from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.explanation import Profile
from igcli.common.threads import InOrder

# How far inputs may run ahead of the oldest unfinished one: finished maps wait for their turn.
_AHEAD = 256
# How large a path is expected to grow; what an image at tolerance 0.05 takes.
_USUAL_NODES = 64
# Batches per stream that are ready or under way, so that judging a path keeps no stream waiting.
_WAITING = 4
# How many steps a path is likely to take.
_USUAL_STEPS = 24


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Steps where each path needs them, to a tolerance; see `Method` in `methods`."""

    name: str
    accuracy: Accuracy
    memory: int

    @property
    def title(self) -> str:
        """What the summary calls it."""
        return f"{self.name}, tolerance {self.tolerance:g}"

    @property
    def tolerance(self) -> float:
        """What each explanation's error estimate is to meet."""
        return self.accuracy.tolerance

    @property
    def estimates(self) -> bool:
        """True: every explanation gets an error estimate."""
        return True

    @property
    def starts_at_baseline(self) -> bool:
        """True: the first node of every path is the baseline itself."""
        return True

    @property
    def usual_steps(self) -> int:
        """How many steps a path is likely to take."""
        return _USUAL_STEPS

    def settings(self) -> dict[str, Any]:
        """Return what run.json says of it."""
        return {"method": self.title, "accuracy": asdict(self.accuracy), "memory": self.memory}

    def spelled_out(self, config: RunConfig) -> RunConfig:
        """Return a run's settings with the tolerance and the bounds on steps in place."""
        return replace(
            config,
            steps=None,
            tolerance=self.accuracy.tolerance,
            min_steps=self.accuracy.min_steps,
            max_steps=self.accuracy.max_steps,
        )

    def with_memory(self, memory: int) -> "Adaptive":
        """Return the same method with so many bytes for the gradients of paths under way."""
        return replace(self, memory=memory)

    def with_rounding(self, error: float) -> "Adaptive":
        """Return the same method, whose estimates count an error of the gradients in."""
        rounding = max(error, self.accuracy.rounding)
        return replace(self, accuracy=replace(self.accuracy, rounding=rounding))

    def evaluate(self, batches: Batches, rows: PathRows) -> RowValues:
        """Send one batch as `integrate` would."""
        return batches.row_products(rows)

    def integrate(self, batches: Batches, jobs: Iterable[Job]) -> Iterator[Integral]:
        """Integrate every job, as they finish."""
        return integrate_adaptively(batches, jobs, self.accuracy, self.memory)


class _Path:
    """A job under way: its mesh, and what was seen at each node."""

    def __init__(self, job: Job, mesh: Mesh) -> None:
        self.job = job
        self.mesh = mesh
        self.seen: list[tuple[float, float, float]] = []
        self.waiting = 0
        self.failed = False

    def integral(self) -> Integral:
        alphas, scores, norms = np.array(sorted(self.seen)).T
        profile = Profile(alphas, scores, norms)
        if self.failed:
            return Integral(self.job.key, None, len(alphas), profile)
        with np.errstate(over="ignore"):
            attribution = self.mesh.attribution().astype(np.float32).reshape(self.job.x.shape)
        return Integral(
            key=self.job.key,
            attribution=attribution,
            steps=self.mesh.steps,
            profile=profile,
            error_estimate=self.mesh.error_estimate,
            converged=self.mesh.converged,
            rounding=self.mesh.rounding,
        )


_Row: TypeAlias = tuple[_Path, float]
_Group: TypeAlias = tuple[_Path, Array]


def integrate_adaptively(
    batches: Batches, jobs: Iterable[Job], accuracy: Accuracy, memory: int
) -> Iterator[Integral]:
    """Integrate each job's gradient to a tolerance, with steps where its own path needs them.

    Parameters
    ----------
    batches : Batches
        The model, and how its batches are sent: full ones while there are inputs enough and memory
        for them, else what there is spread over all streams.
    jobs : iterable of Job
        Read lazily, with ascending keys.
    accuracy : Accuracy
        The tolerance and the bounds on steps.
    memory : int
        Bytes for node gradients: an input is admitted only while it fits beside those under way,
        each counted with 64 nodes or more. One is always admitted, and none is cut short.

    Yields
    ------
    Integral
        One per job, as they finish; when the batches are stopped, those that are done. What a job
        gets depends on itself alone.
    """
    queue = _Queue(batches, iter(jobs), accuracy, memory)
    window = _WAITING * batches.streams
    with InOrder(partial(_evaluate, batches), batches.streams, window) as threads:
        while True:
            while threads.room and (batch := queue.next_batch(threads.pending)):
                threads.give(batch)
            if not threads.pending:
                return
            for path in _add(*threads.take()):
                if not path.failed:
                    path.mesh.advance()
                if path.failed or path.mesh.done:
                    queue.live.remove(path)
                    yield path.integral()
                else:
                    queue.ask(path)


class _Queue:
    """The rows that live paths ask for, and the jobs that are still to be admitted."""

    def __init__(
        self, batches: Batches, jobs: Iterator[Job], accuracy: Accuracy, memory: int
    ) -> None:
        self.live: list[_Path] = []
        self._batches = batches
        self._jobs = jobs
        self._accuracy = accuracy
        self._memory = memory
        self._rows: deque[_Row] = deque()

    def next_batch(self, under_way: int) -> list[_Row]:
        """Take rows for one batch, admitting jobs for them; empty when all paths wait, or stop."""
        if self._batches.stop.is_set():
            return []
        idle = max(1, self._batches.streams - under_way)
        self._admit(idle * self._batches.size)
        share = min(self._batches.size, -(-len(self._rows) // idle))
        return [self._rows.popleft() for _ in range(share)]

    def ask(self, path: _Path) -> None:
        """Queue what a path wants next."""
        pending = path.mesh.pending
        path.waiting = len(pending)
        self._rows.extend((path, alpha) for alpha in pending)

    def _admit(self, rows: int) -> None:
        while len(self._rows) < rows and self._has_room():
            job = next(self._jobs, None)
            if job is None:
                return
            gradients = self._batches.model.node_gradients(job.x.size)
            path = _Path(job, Mesh(self._accuracy, gradients))
            self.live.append(path)
            self.ask(path)

    def _has_room(self) -> bool:
        if not self.live:
            return True
        if self.live[-1].job.key - self.live[0].job.key >= _AHEAD:
            return False
        node = 4 * self.live[0].job.x.size
        # At the worst, all grow to the most steps, in arrays that double.
        if node * 2 * self._accuracy.max_steps * (len(self.live) + 1) <= self._memory:
            return True
        usual = _USUAL_NODES * node
        held = sum(max(path.mesh.nbytes, usual) for path in self.live)
        return usual + held <= self._memory


def _evaluate(batches: Batches, batch: list[_Row]) -> tuple[list[_Group], RowValues]:
    groups = [
        (path, np.array([alpha for _, alpha in rows]))
        for path, rows in groupby(batch, key=lambda row: row[0])
    ]
    rows = path_rows([(path.job, alphas) for path, alphas in groups])
    return groups, batches.row_products(rows)


def _add(groups: list[_Group], values: RowValues) -> list[_Path]:
    """Hand each path its values, and return the paths that wait for nothing more."""
    row = 0
    finite = values.finite
    for path, alphas in groups:
        for alpha in alphas:
            score, norm = float(values.scores[row]), float(values.norms[row])
            path.seen.append((float(alpha), score, norm))
            if finite[row] and not path.failed:
                path.mesh.add(values.gradients[row], score)
            else:
                path.failed = True
            row += 1
        path.waiting -= len(alphas)
    return [path for path, _ in groups if path.waiting == 0]
