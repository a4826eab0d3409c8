"""The nodes of a mesh: what was seen at each, and the weights that leaves give them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from igcli.attribution.intervals import FULL, Leaf
from igcli.attribution.node_gradients import NodeGradients
from igcli.attribution.regions_error import Cells
from igcli.common.arrays import Array


class MeshNodes:
    """Nodes in their order of arrival, found by their index.

    Parameters
    ----------
    gradients : NodeGradients
        Where the gradients are kept: empty.
    cells : Cells or None
        Where each pixel's sum over its channels is kept, where that is asked for: empty.

    Attributes
    ----------
    row : dict of int to int
        In `gradients`, by the node's index.
    norms : list of float
        The L1 norm of gradient × tangent.
    """

    def __init__(self, gradients: NodeGradients, cells: Cells | None) -> None:
        self.gradients = gradients
        self.cells = cells
        self.row: dict[int, int] = {}
        self.norms: list[float] = []
        self._totals: list[float] = []
        self._scores: list[float] = []

    def __len__(self) -> int:
        return len(self.row)

    @property
    def nbytes(self) -> int:
        """How many bytes they hold."""
        return self.gradients.nbytes + (0 if self.cells is None else self.cells.nbytes)

    def add(self, index: int, gradient: Any, score: float) -> None:
        """Take what was seen at a node: gradient × tangent, and score."""
        self.row[index] = len(self)
        if self.cells is not None:
            self.cells.append(gradient)
        norm, total = self.gradients.append(gradient)
        self.norms.append(norm)
        self._totals.append(total)
        self._scores.append(score)

    def total(self, index: int) -> float:
        """Return the sum of a node's gradient × tangent."""
        return self._totals[self.row[index]]

    def rise(self, left: int = 0, right: int = FULL) -> float:
        """Return by how much the score grows between two nodes."""
        return self._scores[self.row[right]] - self._scores[self.row[left]]

    def weights(self, leaves: Sequence[Leaf]) -> Array:
        """Return the weights of the trapezoid on some leaves, row by row."""
        weights = [0.0] * len(self)
        for leaf in leaves:
            half = 0.5 * leaf.width
            weights[self.row[leaf.left]] += half
            weights[self.row[leaf.right]] += half
        return np.array(weights)

    def coarse_less_fine(self, leaves: Sequence[Leaf]) -> Array:
        """Return the weights of what merging every last-level pair of leaves would change."""
        weights = [0.0] * len(self)
        for before, leaf in pairwise(sorted(leaves, key=lambda leaf: leaf.left)):
            if before.parent is leaf.parent:
                weights[self.row[before.left]] += 0.5 * leaf.width
                weights[self.row[leaf.right]] += 0.5 * leaf.width
                weights[self.row[leaf.left]] -= leaf.width
        return np.array(weights)

    def jumps(self, leaves: Sequence[Leaf]) -> tuple[list[int], Array, Array]:
        """Return the path's nodes as rows, and each leaf's largest error by a jump: norm and scale.

        But no more than the split that made the leaf moved the map: a smooth gradient changes
        without jumping.
        """
        leaves = sorted(leaves, key=lambda leaf: leaf.left)
        nodes = [self.row[leaf.left] for leaf in leaves] + [self.row[FULL]]
        scale = np.array(
            [
                0.5 * leaf.width * min(1.0, leaf.parent.movement / leaf.bound)
                if leaf.bound
                else 0.0
                for leaf in leaves
            ]
        )
        return nodes, scale * np.array([leaf.change for leaf in leaves]), scale
