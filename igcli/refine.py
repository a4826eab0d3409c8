"""Adaptive paths through a model: one queue of rows over all live inputs.

Each path asks for its next nodes when the last ones are in. While some wait for results, others
fill the batch, and an input that ends early makes room for the next.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np

from igcli.adaptive import Accuracy, Mesh
from igcli.engine import GradientModel, Integral, Job, path_rows
from igcli.records import Profile

# How far inputs may run ahead of the oldest unfinished one: finished maps wait for their turn.
_AHEAD = 256
# How large a path is expected to grow; what an image at tolerance 0.05 takes.
_USUAL_NODES = 64


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


def integrate_adaptively(
    model: GradientModel,
    jobs: Iterable[Job],
    accuracy: Accuracy,
    batch_size: int,
    memory: int,
) -> Iterator[Integral]:
    """Integrate each job's gradient to a tolerance, with steps where its own path needs them.

    Parameters
    ----------
    model : GradientModel
        Where the gradients come from.
    jobs : iterable of Job
        Read lazily, with ascending keys.
    accuracy : Accuracy
        The tolerance and the bounds on steps.
    batch_size : int
        Rows per batch; batches are full while there are inputs enough and memory for them.
    memory : int
        Bytes for node gradients: an input is admitted only while it fits beside those under way,
        each counted with 64 nodes or more. One is always admitted, and none is cut short.

    Yields
    ------
    Integral
        One per job, as they finish. What a job gets depends on itself alone.
    """
    source = iter(jobs)
    live: list[_Path] = []
    queue: deque[tuple[_Path, float]] = deque()
    while True:
        while len(queue) < batch_size and _room(live, memory):
            job = next(source, None)
            if job is None:
                break
            path = _Path(job, Mesh(accuracy, model.node_gradients(job.x.size)))
            live.append(path)
            _ask(path, queue)
        if not queue:
            return
        batch = [queue.popleft() for _ in range(min(batch_size, len(queue)))]
        for path in _evaluate(model, batch):
            if not path.failed:
                path.mesh.advance()
            if path.failed or path.mesh.done:
                live.remove(path)
                yield path.integral()
            else:
                _ask(path, queue)


def _room(live: list[_Path], memory: int) -> bool:
    if not live:
        return True
    ahead = live[-1].job.key - live[0].job.key
    usual = _USUAL_NODES * 4 * live[0].job.x.size
    return ahead < _AHEAD and usual + sum(max(path.mesh.nbytes, usual) for path in live) <= memory


def _ask(path: _Path, queue: deque[tuple[_Path, float]]) -> None:
    pending = path.mesh.pending
    path.waiting = len(pending)
    queue.extend((path, alpha) for alpha in pending)


def _evaluate(model: GradientModel, batch: list[tuple[_Path, float]]) -> list[_Path]:
    """Run a batch, hand each path its values, and return the paths that wait for nothing more."""
    groups = [
        (path, np.array([alpha for _, alpha in rows]))
        for path, rows in groupby(batch, key=lambda row: row[0])
    ]
    values = model.row_products(path_rows([(path.job, alphas) for path, alphas in groups]))
    row = 0
    for path, alphas in groups:
        for alpha in alphas:
            score, norm = float(values.scores[row]), float(values.norms[row])
            path.seen.append((float(alpha), score, norm))
            if values.finite[row] and not path.failed:
                path.mesh.add(values.gradients[row], score)
            else:
                path.failed = True
            row += 1
        path.waiting -= len(alphas)
    return [path for path, _ in groups if path.waiting == 0]
