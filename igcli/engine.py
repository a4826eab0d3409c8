"""Rows through a model: the integral along each path, in full batches over many inputs.

A row is one (input, alpha) pair. Rows of several inputs share a batch, and one input's rows may
spread over several; the weighted sum over a batch is taken where the gradients are, so that
nothing of size inputs × steps × pixels ever exists.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from igcli.quadrature import Rule
from igcli.records import Array, ModelSpec


@dataclass(frozen=True, slots=True)
class PathRows:
    """One batch of rows.

    Attributes
    ----------
    x, baseline : Array
        The inputs that the rows belong to, shape (m, …input shape).
    slot : Array
        int32 (rows,): which of the m inputs a row belongs to.
    alpha, weight : Array
        float64 (rows,): the node and its quadrature weight.
    target : Array
        int32 (rows,): the class whose score is differentiated.
    """

    x: Array
    baseline: Array
    slot: Array
    alpha: Array
    weight: Array
    target: Array


@dataclass(frozen=True, slots=True)
class RowSums:
    """What a batch of rows gives.

    Attributes
    ----------
    sums : Array
        (m, …input shape): for each input, the sum over its rows of weight × gradient.
    finite : Array
        bool (rows,): whether a row's score and gradient are finite throughout.
    """

    sums: Array
    finite: Array


class GradientModel(Protocol):
    """All that the engine asks of a model; fakes of it need no TensorFlow."""

    spec: ModelSpec

    def scores(self, x: Array) -> Array:
        """Return every class's score, (n, classes), for inputs (n, …input shape)."""
        ...

    def weighted_gradients(self, rows: PathRows) -> RowSums:
        """Return the weighted sums of the rows' gradients with respect to the rows."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One explanation to compute; `key` comes back with its integral."""

    key: int
    x: Array
    baseline: Array
    target: int


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
    bad_alpha : float or None
        The first node at which the score or gradient was not finite.
    """

    key: int
    attribution: Array | None
    steps: int
    bad_alpha: float | None = None


class _Path:
    """A job under way: its next node, and its sum so far."""

    def __init__(self, job: Job, rule: Rule) -> None:
        self.job = job
        self.rule = rule
        self.next_node = 0
        self.total = np.zeros(job.x.shape)
        self.bad_alpha: float | None = None

    @property
    def left(self) -> int:
        return len(self.rule.alphas) - self.next_node

    def take(self, count: int) -> slice:
        nodes = slice(self.next_node, self.next_node + min(count, self.left))
        self.next_node = nodes.stop
        return nodes

    def add(self, sums: Array, finite: Array, alphas: Array) -> None:
        self.total += sums
        if self.bad_alpha is None and not finite.all():
            self.bad_alpha = float(alphas[~finite].min())

    def integral(self) -> Integral:
        steps = len(self.rule.alphas)
        if self.bad_alpha is not None:
            return Integral(self.job.key, None, steps, self.bad_alpha)
        difference = self.job.x.astype(np.float64) - self.job.baseline
        return Integral(self.job.key, (difference * self.total).astype(np.float32), steps)


def integrate(
    model: GradientModel, jobs: Iterable[Job], rule: Rule, batch_size: int
) -> Iterator[Integral]:
    """Integrate each job's gradient along the straight path from its baseline to its input.

    Parameters
    ----------
    model : GradientModel
        Where the gradients come from.
    jobs : iterable of Job
        Read lazily: only as many as fill the next batch are alive at once.
    rule : Rule
        The nodes and weights, the same for every job.
    batch_size : int
        Rows per batch; every batch but the last is full.

    Yields
    ------
    Integral
        One per job, in the order of the jobs.
    """
    live: list[tuple[_Path, slice]] = []
    rows = 0
    for job in jobs:
        path = _Path(job, rule)
        while path.left:
            nodes = path.take(batch_size - rows)
            live.append((path, nodes))
            rows += nodes.stop - nodes.start
            if rows == batch_size:
                yield from _evaluate(model, live)
                live, rows = [], 0
    if live:
        yield from _evaluate(model, live)


def _evaluate(model: GradientModel, live: list[tuple[_Path, slice]]) -> Iterator[Integral]:
    counts = [nodes.stop - nodes.start for _, nodes in live]
    sums = model.weighted_gradients(_rows(live, counts))
    finite = np.split(sums.finite, np.cumsum(counts)[:-1])
    for (path, nodes), total, ok in zip(live, sums.sums, finite, strict=True):
        path.add(total, ok, path.rule.alphas[nodes])
        if path.left == 0:
            yield path.integral()


def _rows(live: list[tuple[_Path, slice]], counts: list[int]) -> PathRows:
    paths = [path for path, _ in live]
    return PathRows(
        x=np.stack([path.job.x for path in paths]),
        baseline=np.stack([path.job.baseline for path in paths]),
        slot=np.repeat(np.arange(len(live), dtype=np.int32), counts),
        alpha=np.concatenate([path.rule.alphas[nodes] for path, nodes in live]),
        weight=np.concatenate([path.rule.weights[nodes] for path, nodes in live]),
        target=np.repeat(np.array([path.job.target for path in paths], np.int32), counts),
    )
