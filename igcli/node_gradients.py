"""Where the gradients at a path's nodes are kept, and the sums that an adaptive mesh asks of them.

On a GPU they stay on the device (`igcli.models.device`): what comes back is a few numbers per
round. Here they are numpy arrays.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from igcli.error_estimate import jump_error, l1_norm
from igcli.records import Array

_BLOCK = 65536


class NodeGradients(Protocol):
    """The gradients of one path's nodes, times (input − baseline), in order of arrival."""

    size: int

    @property
    def nbytes(self) -> int:
        """How many bytes they hold."""
        ...

    def append(self, gradient: Any) -> tuple[float, float]:
        """Add one node's, as `GradientModel.row_products` gives it; return its L1 norm and sum."""
        ...

    def l1_norm_of_sum(self, name: str, weights: Array) -> float:
        """Return the L1 norm of Σ weight × gradient over all rows.

        The sum is kept under its name: the next one may be found from it.
        """
        ...

    def l1_norms(self, rows: Sequence[Sequence[int]], weights: Sequence[float]) -> list[float]:
        """Return the L1 norm of Σ weight × gradient for several tuples of rows."""
        ...

    def jump_error(self, left: Array, right: Array, scale: Array, at_least: float) -> float:
        """Return `igcli.error_estimate.jump_error` of these rows."""
        ...

    def combine(self, weights: Array) -> Array:
        """Return Σ weight × gradient over all rows, summed and returned in float64, (size,)."""
        ...


class HostGradients:
    """Node gradients in this machine's memory."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._rows = 0
        self._gradients = np.empty((0, size), np.float32)
        self._sums: dict[str, tuple[Array, Array]] = {}

    @property
    def nbytes(self) -> int:
        """See `NodeGradients.nbytes`."""
        return self._gradients.nbytes + 4 * self.size * len(self._sums)

    def append(self, gradient: Any) -> tuple[float, float]:
        """See `NodeGradients.append`."""
        if self._rows == len(self._gradients):
            grown = np.empty((max(16, 2 * self._rows), self.size), np.float32)
            grown[: self._rows] = self._gradients
            self._gradients = grown
        row = self._rows
        self._gradients[row] = gradient.ravel()
        self._rows += 1
        kept = self._gradients[row]
        return l1_norm(kept), float(kept.sum())

    def l1_norm_of_sum(self, name: str, weights: Array) -> float:
        """See `NodeGradients.l1_norm_of_sum`."""
        before, total = self._sums.get(name, (np.empty(0), np.zeros(self.size, np.float32)))
        change = weights - np.pad(before, (0, len(weights) - len(before)))
        # Few weights change from one round to the next, and only their rows are read.
        rows = np.flatnonzero(change)
        factors = change[rows].astype(np.float32)
        norm = 0.0
        for start in range(0, self.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            total[block] += factors @ self._gradients[rows, block]
            norm += l1_norm(total[block])
        self._sums[name] = weights, total
        return norm

    def l1_norms(self, rows: Sequence[Sequence[int]], weights: Sequence[float]) -> list[float]:
        """See `NodeGradients.l1_norms`."""
        columns = np.array(rows, np.intp).T
        norms = np.zeros(len(rows))
        # As many numbers at a time as stay in the cache: seven times faster on photos.
        tuples = max(1, _BLOCK // self.size)
        for first in range(0, len(rows), tuples):
            some = slice(first, first + tuples)
            for start in range(0, self.size, _BLOCK):
                block = slice(start, start + _BLOCK)
                combined = np.float32(weights[0]) * self._gradients[columns[0, some], block]
                for column, weight in zip(columns[1:, some], weights[1:], strict=True):
                    combined += np.float32(weight) * self._gradients[column, block]
                norms[some] += np.abs(combined, out=combined).sum(axis=1)
        return [float(norm) for norm in norms]

    def jump_error(self, left: Array, right: Array, scale: Array, at_least: float) -> float:
        """See `NodeGradients.jump_error`."""
        return jump_error(self._gradients, left, right, scale, at_least)

    def combine(self, weights: Array) -> Array:
        """See `NodeGradients.combine`."""
        total = np.zeros(self.size)
        for weight, gradient in zip(weights, self._gradients, strict=False):
            total += weight * gradient
        return total
