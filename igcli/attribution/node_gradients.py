"""Node gradients: where they are kept, and the sums of them that a mesh asks for.

On a GPU they stay on the device (`igcli.models.device_gradients`): what comes back is a few numbers
per round. Here they are numpy arrays.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from igcli.attribution.error_estimate import jump_error, l1_norm
from igcli.common.arrays import Array

_BLOCK = 65536


class NodeGradients(Protocol):
    """The gradients of one path's nodes, times its tangents, in order of arrival."""

    size: int

    @property
    def nbytes(self) -> int:
        """How many bytes they hold."""
        ...

    def append(self, gradient: Any) -> tuple[float, float]:
        """Add one node's, from where a model left it; return its L1 norm and sum."""
        ...

    def l1_norm_of_sum(self, name: str, weights: Array) -> float:
        """Return the L1 norm of Σ weight × gradient over all rows.

        The sum is kept under its name: the next one may be found from it.
        """
        ...

    def l1_norms(self, rows: Sequence[Sequence[int]], weights: Sequence[float]) -> list[float]:
        """Return the L1 norm of Σ weight × gradient for several tuples of rows."""
        ...

    def jump_error(
        self,
        nodes: Sequence[int],
        scale: Array,
        worst: float,
        at_least: float,
        shared: Array | None = None,
    ) -> float:
        """Return `jump_error` of these rows, in the path's order."""
        ...

    def combine(self, weights: Array) -> Array:
        """Return Σ weight × gradient over all rows, summed and returned in float64, (size,)."""
        ...


class HostGradients:
    """Node gradients in this machine's memory.

    Sums are taken in blocks that stay in a core's cache: what judges a path takes time from the
    batches that every core is busy with.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._gradients: list[Array] = []
        self._sums: dict[str, tuple[Array, Array]] = {}
        self._blocks = [slice(start, start + _BLOCK) for start in range(0, size, _BLOCK)]

    @property
    def nbytes(self) -> int:
        """See `NodeGradients.nbytes`."""
        return 4 * self.size * (len(self._gradients) + len(self._sums))

    def append(self, gradient: Any) -> tuple[float, float]:
        """See `NodeGradients.append`."""
        # A copy: a view would keep the whole batch alive.
        kept = np.array(gradient, np.float32).ravel()
        self._gradients.append(kept)
        parts = [kept[block] for block in self._blocks]
        return sum(map(l1_norm, parts)), float(sum(part.sum() for part in parts))

    def l1_norm_of_sum(self, name: str, weights: Array) -> float:
        """See `NodeGradients.l1_norm_of_sum`."""
        before, total = self._sums.get(name, (np.empty(0), np.zeros(self.size, np.float32)))
        change = weights - np.pad(before, (0, len(weights) - len(before)))
        # Few weights change from one round to the next, and only their rows are read.
        rows = np.flatnonzero(change)
        factors = change[rows].astype(np.float32)
        norm = 0.0
        for block in self._blocks:
            total[block] += factors @ self._stacked(rows, block)
            norm += l1_norm(total[block])
        self._sums[name] = weights, total
        return norm

    def l1_norms(self, rows: Sequence[Sequence[int]], weights: Sequence[float]) -> list[float]:
        """See `NodeGradients.l1_norms`."""
        factors = [weight / weights[0] for weight in weights[1:]]
        norms = np.zeros(len(rows))
        tuples = max(1, _BLOCK // self.size)
        for first in range(0, len(rows), tuples):
            some = slice(first, first + tuples)
            columns = list(zip(*rows[some], strict=True))
            for block in self._blocks:
                combined = self._stacked(columns[0], block)
                for column, factor in zip(columns[1:], factors, strict=True):
                    combined = _sum(combined, self._stacked(column, block), factor)
                norms[some] += np.abs(combined).sum(axis=1)
        return [abs(weights[0]) * float(norm) for norm in norms]

    def _stacked(self, rows: Sequence[int] | Array, block: slice) -> Array:
        """Return a block of some rows, two-dimensional; of a single one without a copy."""
        if len(rows) == 1:
            return self._gradients[rows[0]][None, block]
        if len(rows) == 0:
            return np.empty((0, len(range(self.size)[block])), np.float32)
        return np.stack([self._gradients[row][block] for row in rows])

    def jump_error(
        self,
        nodes: Sequence[int],
        scale: Array,
        worst: float,
        at_least: float,
        shared: Array | None = None,
    ) -> float:
        """See `NodeGradients.jump_error`."""
        along = [self._gradients[row] for row in nodes]
        return jump_error(along, scale, worst, at_least, shared)

    def combine(self, weights: Array) -> Array:
        """See `NodeGradients.combine`."""
        total = np.zeros(self.size)
        for row in np.flatnonzero(weights):
            total += weights[row] * self._gradients[row]
        return total


def _sum(total: Array, values: Array, factor: float) -> Array:
    """Return total + factor × values, in one pass over the arrays where that is enough."""
    if factor in {1.0, -1.0}:
        return total + values if factor > 0.0 else total - values
    return total + np.float32(factor) * values
