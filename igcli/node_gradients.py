"""Where the gradients at a path's nodes are kept, and the sums that an adaptive mesh asks of them.

On a GPU they stay on the device (`igcli.models.device`): what comes back is a few numbers per
round. Here they are numpy arrays.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from igcli.error_estimate import jump_error
from igcli.records import Array

# So few rows are added up faster than a matrix product takes to set up.
_FEW = 3


class NodeGradients(Protocol):
    """The gradients of one path's nodes, times (input − baseline), in order of arrival."""

    size: int

    @property
    def nbytes(self) -> int:
        """How many bytes they hold."""
        ...

    def append(self, gradient: Any) -> None:
        """Add one node's, as `igcli.engine.GradientModel.row_products` gives it."""
        ...

    def measure(self, rows: Sequence[int], weights: Sequence[float]) -> tuple[float, float]:
        """Return the L1 norm and the sum of Σ weight × gradient over some rows."""
        ...

    def jump_error(self, weights: Array, at_least: float) -> float:
        """Return `igcli.error_estimate.jump_error` of the components weights (k, rows) @ rows."""
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

    @property
    def nbytes(self) -> int:
        """See `NodeGradients.nbytes`."""
        return self._gradients.nbytes

    def append(self, gradient: Any) -> None:
        """See `NodeGradients.append`."""
        if self._rows == len(self._gradients):
            grown = np.empty((max(16, 2 * self._rows), self.size), np.float32)
            grown[: self._rows] = self._gradients
            self._gradients = grown
        self._gradients[self._rows] = gradient.ravel()
        self._rows += 1

    def measure(self, rows: Sequence[int], weights: Sequence[float]) -> tuple[float, float]:
        """See `NodeGradients.measure`."""
        if len(rows) <= _FEW:
            combined = np.float32(weights[0]) * self._gradients[rows[0]]
            for row, weight in zip(rows[1:], weights[1:], strict=True):
                combined += np.float32(weight) * self._gradients[row]
        else:
            # A range of rows is a view; a list of them is copied.
            index = slice(rows.start, rows.stop) if isinstance(rows, range) else list(rows)
            combined = np.asarray(weights, np.float32) @ self._gradients[index]
        total = float(combined.sum())
        return float(np.abs(combined, out=combined).sum()), total

    def jump_error(self, weights: Array, at_least: float) -> float:
        """See `NodeGradients.jump_error`."""
        return jump_error(weights.astype(np.float32), self._gradients[: self._rows], at_least)

    def combine(self, weights: Array) -> Array:
        """See `NodeGradients.combine`."""
        total = np.zeros(self.size)
        for weight, gradient in zip(weights, self._gradients, strict=False):
            total += weight * gradient
        return total
