"""The nodes of a mesh: what was seen at each, and the weights that leaves give them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from igcli.attribution.intervals import FULL, SINGLE, Leaf, Root
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
    legs : sequence of Root
        The paths that they lie on.

    Attributes
    ----------
    row : dict of int to int
        In `gradients`, by the node's index.
    norms : list of float
        The L1 norm of gradient × tangent.
    """

    def __init__(
        self, gradients: NodeGradients, cells: Cells | None, legs: Sequence[Root] = (SINGLE,)
    ) -> None:
        self.gradients = gradients
        self.legs = legs
        self._kin = {leg.left // (2 * FULL): leg.kin for leg in legs}
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

    def rise(self) -> float:
        """Return by how much the score grows from end to end, over all paths."""
        return sum(self.between(leg.left, leg.right) for leg in self.legs)

    def between(self, left: int, right: int) -> float:
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
        """Return the paths' nodes as rows, and each interval's largest error by a jump.

        That is its norm and its scale. But no more than the split that made the leaf moved the map:
        a smooth gradient changes without jumping. From the end of one path to the start of the next
        nothing jumps.
        """
        intervals = list(_with_gaps(leaves))
        first = min(leaf.left for leaf in leaves)
        nodes = [self.row[first], *(self.row[right] for right, _ in intervals)]
        scale = np.array([0.0 if leaf is None else _jump_scale(leaf) for _, leaf in intervals])
        change = np.array([0.0 if leaf is None else leaf.change for _, leaf in intervals])
        return nodes, scale * change, scale

    def alike(self, leaves: Sequence[Leaf]) -> Array | None:
        """Return which intervals of `jumps` lie at the same place of paths that are kin.

        A matrix of ones and zeros, (groups, intervals); None where there are none.
        """
        group: dict[tuple[int, int, int], int] = {}
        found: list[tuple[int, int]] = []
        for interval, (_, leaf) in enumerate(_with_gaps(leaves)):
            if leaf is not None:
                place, left = divmod(leaf.left, 2 * FULL)
                kin = self._kin[place]
                key = (-1 - place if kin is None else kin, left, leaf.right - leaf.left)
                found.append((group.setdefault(key, len(group)), interval))
        if len(group) == len(leaves):
            return None
        shared = np.zeros((len(group), found[-1][1] + 1))
        shared[tuple(np.array(found).T)] = 1.0
        return shared


def _with_gaps(leaves: Sequence[Leaf]) -> Iterator[tuple[int, Leaf | None]]:
    """Yield the end of each interval along the paths, and its leaf.

    None from the end of one path to the start of the next.
    """
    last = None
    for leaf in sorted(leaves, key=lambda leaf: leaf.left):
        if last is not None and leaf.left != last:
            yield leaf.left, None
        yield leaf.right, leaf
        last = leaf.right


def _jump_scale(leaf: Leaf) -> float:
    """Return what a leaf's jump is multiplied with."""
    if not leaf.bound:
        return 0.0
    return 0.5 * leaf.width * min(1.0, leaf.parent.movement / leaf.bound)
