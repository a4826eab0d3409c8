"""The gradient model: what is asked of a model, row by row, and what it gives.

A row is one (input, alpha) pair: a place on the straight path to that input. Rows of several inputs
share a batch, and one input's rows may spread over several. Off the straight path a row is a point.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from igcli.attribution.node_gradients import NodeGradients
from igcli.common.arrays import Array
from igcli.common.model_spec import ModelSpec


@dataclass(frozen=True, slots=True)
class PathRows:
    """One batch of rows.

    Attributes
    ----------
    x, baseline : Array
        The ends of the paths that the rows belong to, shape (m, …point shape).
    slot : Array
        int32 (rows,): which of the m inputs a row belongs to.
    alpha : Array
        float64 (rows,): the node.
    target : Array
        int32 (rows,): the class whose score is differentiated.
    zones : Array or None
        float32 (m, places): where in an output of one score per place the class's mean is taken,
        for each of the m inputs; see `igcli.common.dense`. None for an output of one score.
    """

    x: Array
    baseline: Array
    slot: Array
    alpha: Array
    target: Array
    zones: Array | None = None

    def __len__(self) -> int:
        return len(self.slot)

    def part(self, rows: slice) -> "PathRows":
        """Return some of the rows, beside all the inputs."""
        slot, alpha, target = self.slot[rows], self.alpha[rows], self.target[rows]
        return PathRows(self.x, self.baseline, slot, alpha, target, self.zones)

    def filled(self, size: int) -> "PathRows":
        """Return the rows, and the last one again until there are `size`."""
        missing = size - len(self)
        values = (self.slot, self.alpha, self.target)
        slot, alpha, target = (np.pad(v, (0, missing), "edge") for v in values)
        return PathRows(self.x, self.baseline, slot, alpha, target, self.zones)


@dataclass(frozen=True, slots=True)
class PointRows:
    """One batch of points.

    Attributes
    ----------
    points : Array
        (rows, …point shape): where gradients are asked for.
    target : Array
        int32 (rows,): the class whose score is differentiated.
    zones : Array or None
        float32 (rows, places): as for `PathRows`, for each point.
    """

    points: Array
    target: Array
    zones: Array | None = None

    def __len__(self) -> int:
        return len(self.target)

    def part(self, rows: slice) -> "PointRows":
        """Return some of the rows."""
        return self._taken(rows)

    def filled(self, size: int) -> "PointRows":
        """Return the rows, and the last one again until there are `size`."""
        rows = np.minimum(np.arange(size), len(self) - 1)
        return self._taken(rows)

    def _taken(self, rows: slice | Array) -> "PointRows":
        zones = None if self.zones is None else self.zones[rows]
        return PointRows(self.points[rows], self.target[rows], zones)


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

    def first(self, rows: int) -> "RowValues":
        """Return the values of the first rows; `gradients` may keep more than these."""
        return RowValues(self.gradients, self.scores[:rows], self.norms[:rows])

    @property
    def finite(self) -> Array:
        """Whether a row's score and gradient are finite throughout, bool (rows,)."""
        return both_finite(self.scores, self.norms)


def both_finite(scores: Array, norms: Array) -> Array:
    """Return where score and gradient norm are finite, bool (rows,)."""
    finite: Array = np.isfinite(scores) & np.isfinite(norms)
    return finite


class GradientModel(Protocol):
    """All that the engine asks of a model; fakes of it need no TensorFlow.

    Scores and gradients may be asked for from several threads at once. Where a batch does not fit
    into memory they raise `igcli.common.errors.OutOfMemory`.
    """

    spec: ModelSpec

    def enter(self, x: Array) -> Array:
        """Return the points of a path (n, …point shape) for inputs (n, …input shape).

        They are the inputs themselves, unless the path runs in a layer. All else that is asked of
        the model is asked in points.
        """
        ...

    def scores(self, x: Array) -> Array:
        """Return every class's score, (n, classes), for points (n, …point shape)."""
        ...

    def weighted_gradients(self, rows: PathRows, weights: Array) -> RowValues:
        """Return the rows' gradients summed per input with the weights (k, rows) of k rules."""
        ...

    def row_products(self, rows: PathRows) -> RowValues:
        """Return each row's gradient × (input − baseline), (rows, …input shape), where it lies."""
        ...

    def gradients_at(self, rows: PointRows) -> RowValues:
        """Return each point's gradient itself, (rows, …point shape), where it lies."""
        ...

    def precision_error(self, rows: PathRows) -> float:
        """Return the largest ‖g − g₃₂‖₁ / ‖g₃₂‖₁ of the rows' gradients; 0 for float32 itself."""
        ...

    def node_gradients(self, size: int) -> NodeGradients:
        """Return an empty store for such rows of one path, of `size` numbers each."""
        ...
