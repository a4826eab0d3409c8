"""The integral along each path with a fixed rule, in full batches over many inputs.

The weighted sum over a batch is taken where the gradients are, so that nothing of size inputs ×
steps × pixels ever exists.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias

import numpy as np

from igcli.batches import Batches
from igcli.common.arrays import Array
from igcli.common.explanation import Profile
from igcli.common.threads import ahead
from igcli.quadrature import Rule
from igcli.rows import PathRows, RowValues, both_finite


@dataclass(frozen=True, slots=True)
class Job:
    """One explanation to compute; `key` comes back with its integral."""

    key: int
    x: Array
    baseline: Array
    target: int

    @property
    def difference(self) -> Array:
        """Input − baseline, float64."""
        difference: Array = self.x.astype(np.float64) - self.baseline
        return difference


@dataclass(frozen=True, slots=True)
class Integral:
    """One finished path.

    Attributes
    ----------
    key : int
        The job's.
    attribution : Array or None
        float32, the input's shape; None when the path met a number that is not finite.
    steps : int
        How many rows were evaluated.
    profile : Profile
        What was seen at them.
    error_estimate : float or None
        Of the L1 error relative to the map, where there is one.
    converged : bool or None
        Whether the estimate met the tolerance; None where no tolerance was asked for.
    rounding : float
        The part of the estimate that more steps can't lower.
    """

    key: int
    attribution: Array | None
    steps: int
    profile: Profile
    error_estimate: float | None = None
    converged: bool | None = None
    rounding: float = 0.0

    @property
    def start(self) -> float | None:
        """The score at the baseline, where the path starts there and it is finite."""
        first = float(self.profile.scores[0])
        return first if self.profile.alphas[0] == 0.0 and np.isfinite(first) else None

    @property
    def bad_alpha(self) -> float | None:
        """The first node at which the score or the gradient was not finite."""
        profile = self.profile
        bad = ~both_finite(profile.scores, profile.gradient_norms)
        return float(profile.alphas[bad].min()) if bad.any() else None


class _Path:
    """A job under way on a fixed rule: its next node, and its sums so far."""

    def __init__(self, job: Job, rule: Rule) -> None:
        self.job = job
        self.rule = rule
        self.next_node = 0
        self.weights = rule.all_weights
        self.totals = np.zeros((len(self.weights), *job.x.shape))
        self.values: list[tuple[Array, Array]] = []

    @property
    def left(self) -> int:
        return len(self.rule.alphas) - self.next_node

    def take(self, count: int) -> slice:
        nodes = slice(self.next_node, self.next_node + min(count, self.left))
        self.next_node = nodes.stop
        return nodes

    def integral(self) -> Integral:
        scores, norms = (
            np.concatenate(v).astype(np.float64) for v in zip(*self.values, strict=True)
        )
        profile = Profile(self.rule.alphas, scores, norms)
        if not both_finite(scores, norms).all():
            return Integral(self.job.key, None, len(scores), profile)
        maps = self.job.difference * self.totals
        norm = float(np.abs(maps[0]).sum())
        estimate = None
        if len(maps) > 1:
            moved = float(np.abs(maps[0] - maps[1]).sum())
            estimate = moved / norm if norm > 0.0 else np.inf if moved > 0.0 else 0.0
        with np.errstate(over="ignore"):
            attribution = maps[0].astype(np.float32)
        return Integral(self.job.key, attribution, len(scores), profile, estimate)


_Batch: TypeAlias = list[tuple[_Path, slice]]


def integrate(batches: Batches, jobs: Iterable[Job], rule: Rule) -> Iterator[Integral]:
    """Integrate each job's gradient along the straight path from its baseline to its input.

    Parameters
    ----------
    batches : Batches
        The model, and how its batches are sent.
    jobs : iterable of Job
        Read lazily: only as many as fill the next batches are alive at once.
    rule : Rule
        The nodes and weights, the same for every job.

    Yields
    ------
    Integral
        One per job, in the order of the jobs; when the batches are stopped, those that are done.
    """

    def evaluate(batch: _Batch) -> tuple[_Batch, RowValues]:
        rows = path_rows([(path.job, path.rule.alphas[nodes]) for path, nodes in batch])
        weights = np.concatenate([path.weights[:, nodes] for path, nodes in batch], axis=1)
        return batch, batches.weighted_gradients(rows, weights)

    streams = batches.streams
    cut = takewhile(lambda batch: not batches.stop.is_set(), _batches(batches, jobs, rule))
    for batch, values in ahead(evaluate, cut, streams, streams + 1):
        yield from _add(batch, values)


def _batches(batches: Batches, jobs: Iterable[Job], rule: Rule) -> Iterator[_Batch]:
    """Yield full batches; what is left at the end is spread over all streams."""
    group: _Batch = []
    rows, room = 0, batches.size * batches.streams
    for job in jobs:
        path = _Path(job, rule)
        while path.left:
            nodes = path.take(room - rows)
            group.append((path, nodes))
            rows += nodes.stop - nodes.start
            if rows == room:
                yield from _cut(group, batches.size)
                group, rows, room = [], 0, batches.size * batches.streams
    if group:
        yield from _cut(group, min(batches.size, -(-rows // batches.streams)))


def _cut(group: _Batch, size: int) -> Iterator[_Batch]:
    batch: _Batch = []
    rows = 0
    for path, nodes in group:
        start = nodes.start
        while start < nodes.stop:
            stop = min(nodes.stop, start + size - rows)
            batch.append((path, slice(start, stop)))
            rows += stop - start
            start = stop
            if rows == size:
                yield batch
                batch, rows = [], 0
    if batch:
        yield batch


def _add(batch: _Batch, values: RowValues) -> Iterator[Integral]:
    start = 0
    for i, (path, nodes) in enumerate(batch):
        mine = slice(start, start + nodes.stop - nodes.start)
        path.totals += values.gradients[:, i]
        path.values.append((values.scores[mine], values.norms[mine]))
        start = mine.stop
        if nodes.stop == len(path.rule.alphas):
            yield path.integral()


def path_rows(asked: Sequence[tuple[Job, Array]]) -> PathRows:
    """Lay out a batch: the nodes asked of each job, the jobs in the order given."""
    jobs = [job for job, _ in asked]
    counts = [len(alphas) for _, alphas in asked]
    return PathRows(
        x=np.stack([job.x for job in jobs]),
        baseline=np.stack([job.baseline for job in jobs]),
        slot=np.repeat(np.arange(len(jobs), dtype=np.int32), counts),
        alpha=np.concatenate([alphas for _, alphas in asked]),
        target=np.repeat(np.array([job.target for job in jobs], np.int32), counts),
    )
