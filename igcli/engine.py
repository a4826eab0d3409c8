"""Rows through a model: the integral along each path, in full batches over many inputs.

A row is one (input, alpha) pair. Rows of several inputs share a batch, and one input's rows may
spread over several; the weighted sum over a batch is taken where the gradients are, so that
nothing of size inputs × steps × pixels ever exists.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from igcli.node_gradients import NodeGradients
from igcli.quadrature import Rule
from igcli.records import Array, ModelSpec, Profile


@dataclass(frozen=True, slots=True)
class PathRows:
    """One batch of rows.

    Attributes
    ----------
    x, baseline : Array
        The inputs that the rows belong to, shape (m, …input shape).
    slot : Array
        int32 (rows,): which of the m inputs a row belongs to.
    alpha : Array
        float64 (rows,): the node.
    target : Array
        int32 (rows,): the class whose score is differentiated.
    """

    x: Array
    baseline: Array
    slot: Array
    alpha: Array
    target: Array


@dataclass(frozen=True, slots=True)
class RowValues:
    """What a batch of rows gives.

    Attributes
    ----------
    gradients : Any
        Row by row, or summed over each input's rows with the weights of k rules, an array of shape
        (k, m, …input shape).
    scores : Array
        (rows,): the target's score at each row.
    norms : Array
        (rows,): the L1 norm of the gradient at each row; not finite where the gradient is not.
    """

    gradients: Any
    scores: Array
    norms: Array

    @property
    def finite(self) -> Array:
        """Whether a row's score and gradient are finite throughout, bool (rows,)."""
        return _both_finite(self.scores, self.norms)


def _both_finite(scores: Array, norms: Array) -> Array:
    finite: Array = np.isfinite(scores) & np.isfinite(norms)
    return finite


class GradientModel(Protocol):
    """All that the engine asks of a model; fakes of it need no TensorFlow."""

    spec: ModelSpec

    def scores(self, x: Array) -> Array:
        """Return every class's score, (n, classes), for inputs (n, …input shape)."""
        ...

    def weighted_gradients(self, rows: PathRows, weights: Array) -> RowValues:
        """Return the rows' gradients summed per input with the weights (k, rows) of k rules."""
        ...

    def row_products(self, rows: PathRows) -> RowValues:
        """Return each row's gradient × (input − baseline), (rows, …input shape), where it lies."""
        ...

    def node_gradients(self, size: int) -> NodeGradients:
        """Return an empty store for such rows of one path, of `size` numbers each."""
        ...


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
    def bad_alpha(self) -> float | None:
        """The first node at which the score or the gradient was not finite."""
        profile = self.profile
        bad = ~_both_finite(profile.scores, profile.gradient_norms)
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
        if not _both_finite(scores, norms).all():
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
    rows = path_rows([(path.job, path.rule.alphas[nodes]) for path, nodes in live])
    weights = np.concatenate([path.weights[:, nodes] for path, nodes in live], axis=1)
    values = model.weighted_gradients(rows, weights)
    start = 0
    for i, (path, nodes) in enumerate(live):
        mine = slice(start, start + nodes.stop - nodes.start)
        path.totals += values.gradients[:, i]
        path.values.append((values.scores[mine], values.norms[mine]))
        start = mine.stop
        if path.left == 0:
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
