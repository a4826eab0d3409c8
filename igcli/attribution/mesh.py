"""The mesh of one path: where its next nodes go, how wrong its map still is, when to stop.

The mesh is dyadic and the rule on it the composite trapezoid. Nothing here knows a model: gradients
come in, already multiplied by the path's tangent, and nodes to evaluate come out.

The error estimate is explained in `igcli.attribution.error_estimate`. Three observations can only
raise it: splits that moved the map more than the jumps seen before foretold; intervals that miss
more of the score's change than their jumps explain; and the delta itself, below which no error can
be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.error_estimate import SMOOTH
from igcli.attribution.intervals import FULL, Leaf, Split
from igcli.attribution.node_gradients import NodeGradients
from igcli.common.arrays import Array

_ROUND = 4
_ROUND_SHARE = 16
_WORTH = 0.125
_WINDOW = 8
_SURELY = 0.95


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
    """

    def __init__(self, accuracy: Accuracy, gradients: NodeGradients) -> None:
        self._accuracy = accuracy
        self._row: dict[int, int] = {}
        self._gradients = gradients
        self._norms: list[float] = []
        self._totals: list[float] = []
        self._scores: list[float] = []
        self._leaves: list[Leaf] = []
        self._surprises: list[tuple[float, float]] = []
        self._splitting: list[Leaf] = []
        self._found = _Found({}, {}, {})
        self._last_jumps = (np.ones(2), 0.0)
        spacing = FULL // accuracy.first_intervals
        self._pending = dict.fromkeys(range(0, FULL + 1, spacing))
        self.error_estimate = np.inf
        self.rounding = 0.0
        self.done = False

    @property
    def steps(self) -> int:
        """How many nodes were evaluated."""
        return len(self._row)

    @property
    def nbytes(self) -> int:
        """How many bytes the node gradients hold, or will when the pending ones are in."""
        return max(self._gradients.nbytes, 4 * self._gradients.size * len(self._pending))

    @property
    def converged(self) -> bool:
        """Whether the estimate is within the tolerance."""
        return bool(self.error_estimate <= self._accuracy.tolerance)

    @property
    def pending(self) -> list[float]:
        """The nodes to evaluate next, ascending."""
        return [index / FULL for index in self._pending]

    def add(self, alpha: float, gradient: Any, score: float) -> None:
        """Take what was seen at a pending node, in any order: gradient × tangent, and score."""
        index = round(alpha * FULL)
        del self._pending[index]
        self._row[index] = self.steps
        norm, total = self._gradients.append(gradient)
        self._norms.append(norm)
        self._totals.append(total)
        self._scores.append(score)

    def advance(self) -> None:
        """Judge the mesh once nothing is pending: stop, or choose what to evaluate next."""
        if self._leaves:
            self._measure([(leaf.left, leaf.right) for leaf in self._splitting])
            for leaf in self._splitting:
                self._leaves.remove(leaf)
                self._split(leaf.left, leaf.right, leaf.change)
        else:
            self._measure(self._first_splits())
            self._build(0, FULL)
        self.error_estimate = self._estimate()
        chosen = [] if self._enough() else self._choose()
        self._splitting = sorted(chosen, key=lambda leaf: leaf.left)
        middles = ((leaf.left + leaf.right) // 2 for leaf in self._splitting)
        self._pending = dict.fromkeys(middles)
        self.done = not self._pending

    def attribution(self) -> Array:
        """Return the integral, float64 (size,)."""
        return self._gradients.combine(self._weights())

    def _first_splits(self) -> list[tuple[int, int]]:
        """Return every interval whose middle is a node of the first mesh."""
        count = 1
        splits = []
        while count < self._accuracy.first_intervals:
            width = FULL // count
            splits += [(i * width, (i + 1) * width) for i in range(count)]
            count *= 2
        return splits

    def _build(self, left: int, right: int) -> None:
        """Split down to the first mesh, as if it had been reached from one interval."""
        self._split(left, right, self._found.change[left, right])
        for leaf in self._leaves[-2:]:
            if (leaf.left + leaf.right) // 2 in self._row:
                self._leaves.remove(leaf)
                self._build(leaf.left, leaf.right)

    def _split(self, left: int, right: int, change: float) -> None:
        middle = (left + right) // 2
        width = (right - left) / FULL
        split = Split(0.25 * width * self._found.bend[left, right])
        self._surprises.append((split.movement, 0.25 * width * change))
        for a, b in ((left, middle), (middle, right)):
            self._leaves.append(self._leaf(a, b, split))

    def _leaf(self, left: int, right: int, parent: Split) -> Leaf:
        half = 0.5 * (right - left) / FULL
        change = self._found.change[left, right]
        total = half * (self._totals[self._row[left]] + self._totals[self._row[right]])
        rise = self._scores[self._row[right]] - self._scores[self._row[left]]
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
        if (0, FULL) in splits:
            halves.append((0, FULL))
        self._found = _Found(
            bend=dict(zip(splits, self._norms_of(middles, (1.0, -2.0, 1.0)), strict=True)),
            change=dict(zip(halves, self._norms_of(halves, (-1.0, 1.0)), strict=True)),
            mass=dict(zip(halves, self._norms_of(halves, (1.0, 1.0)), strict=True)),
        )

    def _norms_of(self, nodes: Sequence[Sequence[int]], weights: Sequence[float]) -> list[float]:
        """Return the L1 norms of Σ weight × gradient over some tuples of nodes."""
        rows = [[self._row[index] for index in indices] for indices in nodes]
        return self._gradients.l1_norms(rows, weights)

    def _weights(self) -> Array:
        weights = [0.0] * self.steps
        for leaf in self._leaves:
            half = 0.5 * leaf.width
            weights[self._row[leaf.left]] += half
            weights[self._row[leaf.right]] += half
        return np.array(weights)

    def _enough(self) -> bool:
        if self.steps >= self._accuracy.max_steps or self.converged:
            return True
        # What is left is rounding: more nodes would not help.
        return self.error_estimate <= 2.0 * self.rounding

    def _choose(self) -> list[Leaf]:
        room = min(max(_ROUND, self.steps // _ROUND_SHARE), self._accuracy.max_steps - self.steps)
        splittable = [leaf for leaf in self._leaves if leaf.right - leaf.left > 1]
        best = sorted(splittable, key=lambda leaf: (-leaf.priority, leaf.left))[:room]
        floor = _WORTH * best[0].priority if best else 0.0
        return [leaf for leaf in best if leaf.priority >= floor and leaf.priority > 0.0]

    def _estimate(self) -> float:
        """Return the error estimate, relative to the map; see the module's text."""
        weights = self._weights()
        norm = self._gradients.l1_norm_of_sum("map", weights)
        rise = self._scores[self._row[FULL]] - self._scores[self._row[0]]
        scale = max(norm, abs(rise))
        if scale == 0.0:
            # No gradient anywhere, or seen ones that cancel exactly: the exact map is unknown.
            return np.inf if any(self._norms) else 0.0
        self.rounding = self._accuracy.rounding * float(weights @ np.array(self._norms)) / scale
        enough = self._accuracy.tolerance * scale
        error = SMOOTH * self._gradients.l1_norm_of_sum("gap", self._coarse_less_fine())
        if error <= enough:
            error = max(error, self._jump_error(enough))
        moved, foreseen = np.sum(self._surprises[-_WINDOW:], axis=0)
        surprise = max(1.0, moved / foreseen) if foreseen > 0.0 else 1.0
        unexplained = sum(max(0.0, leaf.hint - leaf.bound) for leaf in self._leaves)
        missed = abs(sum(leaf.residual for leaf in self._leaves))
        error = max(surprise * error + unexplained, missed)
        # Relative to the exact map, whose norm is at least this.
        exact = max(norm - error, abs(rise))
        return error / exact + self.rounding if exact > 0.0 else np.inf

    def _jump_error(self, enough: float) -> float:
        """Return the error of the jumps seen; foretold where it is sure to be too much still."""
        nodes, sizes, scale = self._jumps()
        # It falls as their sum does where each has pixels of its own, as the root of the sum of
        # their squares where all share theirs.
        sums = np.array([sizes.sum(), np.sqrt(np.square(sizes).sum())])
        before, error = self._last_jumps
        foretold = error * _SURELY * float(np.min(sums / before)) if error else 0.0
        if foretold > enough:
            return foretold
        error = self._gradients.jump_error(nodes, scale, float(sizes.sum()), enough)
        self._last_jumps = sums, error
        return error

    def _jumps(self) -> tuple[list[int], Array, Array]:
        """Return the path's nodes as rows, and each leaf's largest error by a jump: norm and scale.

        But no more than the split that made the leaf moved the map: a smooth gradient changes
        without jumping.
        """
        leaves = sorted(self._leaves, key=lambda leaf: leaf.left)
        nodes = [self._row[leaf.left] for leaf in leaves] + [self._row[FULL]]
        scale = np.array(
            [
                0.5 * leaf.width * min(1.0, leaf.parent.movement / leaf.bound)
                if leaf.bound
                else 0.0
                for leaf in leaves
            ]
        )
        return nodes, scale * np.array([leaf.change for leaf in leaves]), scale

    def _coarse_less_fine(self) -> Array:
        """Return the weights of what merging every last-level pair of leaves would change."""
        weights = [0.0] * self.steps
        for before, leaf in pairwise(sorted(self._leaves, key=lambda leaf: leaf.left)):
            if before.parent is leaf.parent:
                weights[self._row[before.left]] += 0.5 * leaf.width
                weights[self._row[leaf.right]] += 0.5 * leaf.width
                weights[self._row[leaf.left]] -= leaf.width
        return np.array(weights)
