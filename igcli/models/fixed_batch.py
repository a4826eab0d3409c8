"""A fixed batch: a model that takes so many rows at once, and is sent no others.

Its file names the number, and its graph depends on it. Batches of any size become such of that
size, the last one filled up with copies of its last row.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from igcli.attribution.gradient_model import GradientModel, PathRows, PointRows, RowValues
from igcli.attribution.node_gradients import NodeGradients
from igcli.common.arrays import Array

Rows = TypeVar("Rows", PathRows, PointRows)


class InFixedBatches:
    """A `GradientModel` around one that takes batches of one size only.

    Parameters
    ----------
    model : GradientModel
        The model.
    size : int
        How many rows it takes.
    """

    def __init__(self, model: GradientModel, size: int) -> None:
        self.spec = model.spec
        self._model = model
        self._size = size

    def enter(self, x: Array) -> Array:
        """Return where a path meets these inputs; see `GradientModel.enter`."""
        return x if self.spec.entered is None else self._all(self._model.enter, x)

    def scores(self, x: Array) -> Array:
        """Return every class's score; see `GradientModel.scores`."""
        return self._all(self._model.scores, x)

    def weighted_gradients(self, rows: PathRows, weights: Array) -> RowValues:
        """Return weighted sums of gradients; see `GradientModel.weighted_gradients`."""
        found = []
        for part in self._parts(len(rows)):
            # The rows that fill up weigh nothing.
            own = np.pad(weights[:, part], ((0, 0), (0, self._size - (part.stop - part.start))))
            values = self._model.weighted_gradients(rows.part(part).filled(self._size), own)
            found.append(values.first(part.stop - part.start))
        return _joined(found, sum(values.gradients for values in found))

    def row_products(self, rows: PathRows) -> RowValues:
        """Return gradients × (input − baseline); see `GradientModel.row_products`."""
        return self._row_by_row(self._model.row_products, rows)

    def gradients_at(self, rows: PointRows) -> RowValues:
        """Return gradients at given points; see `GradientModel.gradients_at`."""
        return self._row_by_row(self._model.gradients_at, rows)

    def precision_error(self, rows: PathRows) -> float:
        """Compare with float32; see `GradientModel.precision_error`."""
        parts = (rows.part(part).filled(self._size) for part in self._parts(len(rows)))
        return max(self._model.precision_error(part) for part in parts)

    def node_gradients(self, size: int) -> NodeGradients:
        """Return a store of node gradients; see `GradientModel.node_gradients`."""
        return self._model.node_gradients(size)

    def _row_by_row(self, function: Callable[[Rows], RowValues], rows: Rows) -> RowValues:
        found = [
            function(rows.part(part).filled(self._size)).first(part.stop - part.start)
            for part in self._parts(len(rows))
        ]
        return _joined(found, [v.gradients[i] for v in found for i in range(len(v.scores))])

    def _all(self, function: Callable[[Array], Array], x: Array) -> Array:
        found = []
        for part in self._parts(len(x)):
            own = x[part]
            filled = np.concatenate([own, np.repeat(own[-1:], self._size - len(own), axis=0)])
            found.append(function(filled)[: len(own)])
        return np.concatenate(found)

    def _parts(self, rows: int) -> Iterator[slice]:
        for start in range(0, rows, self._size):
            yield slice(start, min(start + self._size, rows))


def _joined(found: list[RowValues], gradients: object) -> RowValues:
    return RowValues(
        gradients,
        np.concatenate([values.scores for values in found]),
        np.concatenate([values.norms for values in found]),
    )
