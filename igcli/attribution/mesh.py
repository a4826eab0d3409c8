"""The mesh of one path: where its next nodes go, how wrong its map still is, when to stop.

The mesh is dyadic and the rule on it the composite trapezoid. Nothing here knows a model: gradients
come in, already multiplied by the path's tangent, and nodes to evaluate come out.

How wrong its map is, `igcli.attribution.mesh_estimate` judges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.intervals import FULL, SINGLE, Leaf, Root, Split
from igcli.attribution.mesh_estimate import MeshEstimate
from igcli.attribution.mesh_nodes import MeshNodes
from igcli.attribution.node_gradients import NodeGradients
from igcli.attribution.regions_error import Cells
from igcli.common.arrays import Array

_ROUND = 4
_ROUND_SHARE = 16
# A path this near to its tolerance gets half a round, where a whole one is a fourth of its nodes.
_NEAR = 2.0
_WORTH = 0.125


@dataclass(frozen=True, slots=True)
class _Found:
    """L1 norms over intervals: of the second difference, of g_right − g_left, and of the sum."""

    bend: dict[tuple[int, int], float]
    change: dict[tuple[int, int], float]
    mass: dict[tuple[int, int], float]


class Mesh:
    """One path: evaluate `pending`, `add` each, then `advance`, until `done`.

    Parameters
    ----------
    accuracy : Accuracy
        When to stop.
    gradients : NodeGradients
        Where to keep the gradients: empty.
    cells : Cells or None
        Where to keep what the densities over a picture's cells are of, where their error is
        estimated too: empty.
    certifies_regions : bool
        Whether the tolerance is asked of the densities, not of the pixels.
    legs : sequence of Root
        The paths whose sum it integrates, each at a place of its own; by default a single one.
    """

    def __init__(
        self,
        accuracy: Accuracy,
        gradients: NodeGradients,
        cells: Cells | None = None,
        certifies_regions: bool = False,
        legs: Sequence[Root] = (SINGLE,),
    ) -> None:
        self._accuracy = accuracy
        self._gradients = gradients
        self._legs = legs
        self._nodes = MeshNodes(gradients, cells, legs)
        self._judge = MeshEstimate(self._nodes, accuracy.rounding)
        self._certifies_regions = certifies_regions
        self._leaves: list[Leaf] = []
        self._splitting: list[Leaf] = []
        self._found = _Found({}, {}, {})
        spacing = FULL // accuracy.first_intervals
        self._pending = dict.fromkeys(
            node for leg in legs for node in range(leg.left, leg.right + 1, spacing)
        )
        self.error_estimate = np.inf
        self.regions_error: float | None = None
        self.done = False

    @property
    def steps(self) -> int:
        """How many nodes were evaluated."""
        return len(self._nodes)

    @property
    def rounding(self) -> float:
        """The part of the estimate that more nodes can't lower."""
        return self._judge.rounding

    @property
    def nbytes(self) -> int:
        """How many bytes the node gradients hold, or will when the pending ones are in."""
        return max(self._nodes.nbytes, 4 * self._gradients.size * len(self._pending))

    @property
    def converged(self) -> bool:
        """Whether the estimate that the tolerance is asked of is within it."""
        return bool(self._certified_error <= self._accuracy.tolerance)

    @property
    def _certified_error(self) -> float:
        if not self._certifies_regions:
            return self.error_estimate
        return np.inf if self.regions_error is None else self.regions_error

    @property
    def pending(self) -> list[float]:
        """The nodes to evaluate next, ascending."""
        return [index / FULL for index in self._pending]

    def add(self, alpha: float, gradient: Any, score: float) -> None:
        """Take what was seen at a pending node, in any order: gradient × tangent, and score."""
        index = round(alpha * FULL)
        del self._pending[index]
        self._nodes.add(index, gradient, score)

    def advance(self) -> None:
        """Judge the mesh once nothing is pending: stop, or choose what to evaluate next."""
        if self._leaves:
            self._measure([(leaf.left, leaf.right) for leaf in self._splitting])
            for leaf in self._splitting:
                self._leaves.remove(leaf)
                self._split(leaf.left, leaf.right, leaf.change)
        else:
            self._measure(self._first_splits())
            for leg in self._legs:
                self._build(leg.left, leg.right)
        if self._certifies_regions:
            self.regions_error = self._judge.regions(self._leaves)
        else:
            self.error_estimate = self._judge.pixels(self._leaves, self._accuracy.tolerance)
        chosen = [] if self._enough() else self._choose()
        self._splitting = sorted(chosen, key=lambda leaf: leaf.left)
        middles = ((leaf.left + leaf.right) // 2 for leaf in self._splitting)
        self._pending = dict.fromkeys(middles)
        self.done = not self._pending
        if self.done:
            self._judge_the_rest()

    def _judge_the_rest(self) -> None:
        """Estimate the error that the tolerance was not asked of, once, at the end."""
        if self._certifies_regions:
            self.error_estimate = self._judge.pixels(self._leaves, np.inf)
        elif self._nodes.cells is not None:
            self.regions_error = self._judge.regions(self._leaves)

    def attribution(self, leg: Root | None = None) -> Array:
        """Return the integral, float64 (size,); of one path alone where it is named."""
        leaves = self._leaves
        if leg is not None:
            leaves = [leaf for leaf in leaves if leg.left <= leaf.left < leg.right]
        return self._gradients.combine(self._nodes.weights(leaves))

    @property
    def absolute_error(self) -> float:
        """The estimate of the L1 error, in units of the map, without rounding."""
        return self._judge.error

    @property
    def absolute_rounding(self) -> float:
        """`rounding`, in units of the map."""
        return self._judge.absolute_rounding

    @property
    def rise(self) -> float:
        """By how much the score grows from end to end, over all paths."""
        return self._nodes.rise()

    def _first_splits(self) -> list[tuple[int, int]]:
        """Return every interval whose middle is a node of the first mesh."""
        count = 1
        splits = []
        while count < self._accuracy.first_intervals:
            width = FULL // count
            splits += [
                (leg.left + i * width, leg.left + (i + 1) * width)
                for leg in self._legs
                for i in range(count)
            ]
            count *= 2
        return splits

    def _build(self, left: int, right: int) -> None:
        """Split down to the first mesh, as if it had been reached from one interval."""
        self._split(left, right, self._found.change[left, right])
        for leaf in self._leaves[-2:]:
            if (leaf.left + leaf.right) // 2 in self._nodes.row:
                self._leaves.remove(leaf)
                self._build(leaf.left, leaf.right)

    def _split(self, left: int, right: int, change: float) -> None:
        middle = (left + right) // 2
        width = (right - left) / FULL
        split = Split(0.25 * width * self._found.bend[left, right])
        self._judge.surprises.append((split.movement, 0.25 * width * change))
        for a, b in ((left, middle), (middle, right)):
            self._leaves.append(self._leaf(a, b, split))

    def _leaf(self, left: int, right: int, parent: Split) -> Leaf:
        half = 0.5 * (right - left) / FULL
        change = self._found.change[left, right]
        total = half * (self._nodes.total(left) + self._nodes.total(right))
        rise = self._nodes.between(left, right)
        residual = total - rise
        hint, most = abs(residual), 0.5 * parent.movement
        net = max(abs(total), abs(rise))
        if net and hint < most:
            # If all elements are off alike, their L1 error is to the residual as their L1 norm is
            # to their sum. It is no more than what the split that made the leaf left open.
            mass = half * self._found.mass[left, right]
            hint = max(hint, min(hint * mass / net, most))
        return Leaf(left, right, parent, change, residual, hint)

    def _measure(self, splits: list[tuple[int, int]]) -> None:
        """Find all norms that splitting these intervals takes, in three calls."""
        middles = [(left, (left + right) // 2, right) for left, right in splits]
        halves = [pair for a, b, c in middles for pair in ((a, b), (b, c))]
        if not self._leaves:
            halves += [(leg.left, leg.right) for leg in self._legs]
        self._found = _Found(
            bend=dict(zip(splits, self._norms_of(middles, (1.0, -2.0, 1.0)), strict=True)),
            change=dict(zip(halves, self._norms_of(halves, (-1.0, 1.0)), strict=True)),
            mass=dict(zip(halves, self._norms_of(halves, (1.0, 1.0)), strict=True)),
        )

    def _norms_of(self, nodes: Sequence[Sequence[int]], weights: Sequence[float]) -> list[float]:
        """Return the L1 norms of Σ weight × gradient over some tuples of nodes."""
        rows = [[self._nodes.row[index] for index in indices] for indices in nodes]
        return self._gradients.l1_norms(rows, weights)

    def _enough(self) -> bool:
        if self.steps >= self._accuracy.max_steps or self.converged:
            return True
        # What is left is rounding: more nodes would not help.
        return self._certified_error <= 2.0 * self.rounding

    def _choose(self) -> list[Leaf]:
        usual = max(_ROUND, self.steps // _ROUND_SHARE)
        if self._certifies_regions and self._certified_error <= _NEAR * self._accuracy.tolerance:
            usual = _ROUND // 2
        room = min(usual, self._accuracy.max_steps - self.steps)
        splittable = [leaf for leaf in self._leaves if leaf.right - leaf.left > 1]
        gains = {leaf.left: leaf.priority(self._judge.per_score) for leaf in splittable}
        best = sorted(splittable, key=lambda leaf: (-gains[leaf.left], leaf.left))[:room]
        floor = _WORTH * gains[best[0].left] if best else 0.0
        return [leaf for leaf in best if gains[leaf.left] >= floor and gains[leaf.left] > 0.0]
