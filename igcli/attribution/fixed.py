"""The integral along each path with a fixed rule, in full batches over many inputs.

The weighted sum over a batch is taken where the gradients are, so that nothing of size inputs ×
steps × pixels ever exists.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, TypeAlias

import numpy as np

from igcli.attribution.batches import Batches
from igcli.attribution.gradient_model import PathRows, RowValues, both_finite
from igcli.attribution.integral import Integral, Job, path_rows
from igcli.attribution.quadrature import Rule
from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.explanation import Profile
from igcli.common.threads import ahead


@dataclass(frozen=True, slots=True)
class FixedRule:
    """A rule whose nodes and weights are the same on every path; see `Method` in `methods`.

    `memory` has no use here: no gradients are kept. run.json tells it of every run.
    """

    name: str
    rule: Rule
    memory: int

    @property
    def title(self) -> str:
        """What the summary calls it."""
        return f"{self.name}, {self.usual_steps} steps"

    @property
    def tolerance(self) -> None:
        """None: nothing is to be met."""
        return None

    @property
    def estimates(self) -> bool:
        """Whether a coarser rule on the same nodes gives every explanation an error estimate."""
        return self.rule.coarse is not None

    @property
    def starts_at_baseline(self) -> bool:
        """Whether the first node of every path is the baseline itself."""
        return float(self.rule.alphas[0]) == 0.0

    @property
    def usual_steps(self) -> int:
        """How many steps every path takes."""
        return len(self.rule.alphas)

    def settings(self) -> dict[str, Any]:
        """Return what run.json says of it."""
        return {"method": self.title, "accuracy": None, "memory": self.memory}

    def spelled_out(self, config: RunConfig) -> RunConfig:
        """Return a run's settings with the rule's own in place."""
        return replace(
            config, steps=self.usual_steps, tolerance=None, min_steps=None, max_steps=None
        )

    def with_memory(self, memory: int) -> "FixedRule":
        """Return the same rule, with other bytes to tell."""
        return replace(self, memory=memory)

    def with_rounding(self, error: float) -> "FixedRule":
        """Return the rule without its estimate, which knows nothing of rounding."""
        return replace(self, rule=replace(self.rule, coarse=None)) if error > 0.0 else self

    def evaluate(self, batches: Batches, rows: PathRows) -> RowValues:
        """Send one batch as `integrate` would, whatever the weights."""
        weights = np.ones((len(self.rule.all_weights), len(rows)))
        return batches.weighted_gradients(rows, weights)

    def integrate(self, batches: Batches, jobs: Iterable[Job]) -> Iterator[Integral]:
        """Integrate every job, in the order of the jobs."""
        return integrate(batches, jobs, self.rule)


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
