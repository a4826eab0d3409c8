"""The mesh estimate: how wrong the map of a mesh still is, and where its mass lies.

What jumps at unknown places can do is in `igcli.attribution.error_estimate` for the pixels and in
`igcli.attribution.regions_error` for a picture's cells. Three observations can only raise either:
splits that moved the map more than the jumps seen before foretold; intervals that miss more of the
score's change than their jumps explain; and the delta itself, below which no error can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igcli.attribution.error_estimate import SMOOTH
from igcli.attribution.intervals import Leaf
from igcli.attribution.mesh_nodes import MeshNodes

# Splits that are looked back at: so many, or so many for each of several paths.
_WINDOW = 8
_WINDOW_PER_PATH = 4
_SURELY = 0.95
# Of a share of the score's change that is missed, how much of the map may be missed, too: much of
# the map's mass cancels, and changes nothing of the score.
_PER_SCORE = 0.5


@dataclass(frozen=True, slots=True)
class _Observed:
    """What can only raise an estimate, in units of the map: see the module's text."""

    surprise: float
    unexplained: float
    missed: float

    def raised(self, error: float) -> float:
        """Return an L1 error with all of it counted in."""
        return max(self.surprise * error + self.unexplained, self.missed)


class MeshEstimate:
    """Judges a mesh as it grows.

    Parameters
    ----------
    nodes : MeshNodes
        Its nodes.
    rounding : float
        How wrong gradients are by their arithmetic, relative to their L1 norm.

    Attributes
    ----------
    surprises : list of (float, float)
        For every split: how far it moved the map, and how far the jump seen before foretold.
    rounding : float
        The part of the estimates that more nodes can't lower.
    absolute_rounding : float
        `rounding`, in units of the map.
    error : float
        The last estimate of `pixels`, in units of the map, without rounding.
    per_score : float
        How much of the map's L1 norm may hang on a change of the score by one, as `regions` last
        saw it: where the trapezoid misses a share of the score's change, it may miss as large a
        share of the map. A network can learn all that it says between two nodes.
    """

    def __init__(self, nodes: MeshNodes, rounding: float) -> None:
        self._nodes = nodes
        self._rounding = rounding
        self._last_jumps = (np.ones(2), 0.0)
        self.surprises: list[tuple[float, float]] = []
        self.rounding = 0.0
        self.per_score = 0.0
        self.error = np.inf
        self.absolute_rounding = 0.0
        self._window = max(_WINDOW, _WINDOW_PER_PATH * len(nodes.legs))

    def pixels(self, leaves: Sequence[Leaf], tolerance: float) -> float:
        """Return the estimate of the L1 error, relative to the map.

        Parameters
        ----------
        leaves : sequence of Leaf
            The mesh.
        tolerance : float
            A larger estimate need not be exact.
        """
        norm, scale = self._sizes(leaves)
        if scale == 0.0:
            # No gradient anywhere, or seen ones that cancel exactly: the exact map is unknown.
            self.error = np.inf if any(self._nodes.norms) else 0.0
            return self.error
        enough = tolerance * scale
        error = self._smooth_error(leaves)
        if error <= enough:
            error = max(error, self._jump_error(leaves, enough))
        self.error = error = self._observed(leaves).raised(error)
        # Relative to the exact map, whose norm is at least this.
        exact = max(norm - error, abs(self._nodes.rise()))
        return error / exact + self.rounding if exact > 0.0 else np.inf

    def regions(self, leaves: Sequence[Leaf]) -> float:
        """Return the estimate of how far the densities over cells are from the exact map's.

        What was observed raises it as it raises the error of the pixels: as much of an L1 error as
        the jumps do not explain moves the densities as theirs does, or all of its own mass. A mesh
        that misses much of the score's change knows little of the path, and is trusted less.
        """
        cells = self._nodes.cells
        assert cells is not None
        norm, scale = self._sizes(leaves)
        if scale == 0.0:
            return np.inf if any(self._nodes.norms) else 0.0
        nodes, sizes, factors = self._nodes.jumps(leaves)
        seen = self._nodes.gradients.jump_error(nodes, factors, float(sizes.sum()), 0.0)
        seen = max(seen, self._smooth_error(leaves))
        error = cells.error(
            self._nodes.weights(leaves), nodes, factors, self._nodes.coarse_less_fine(leaves)
        )
        change = sum(abs(self._nodes.between(leaf.left, leaf.right)) for leaf in leaves)
        self.per_score = _PER_SCORE * norm / change if change > 0.0 else 0.0
        observed = self._observed(leaves, self.per_score)
        beyond = observed.raised(seen) - observed.surprise * seen
        most = 1.0 / norm if norm > 0.0 else np.inf
        moves = min(error / seen, most) if seen > 0.0 else most
        error = observed.surprise * error + (beyond * moves if beyond else 0.0)
        missed = sum(abs(leaf.residual) for leaf in leaves)
        unknown = min(1.0, missed / change) if change > 0.0 else 0.0
        return error * (1.0 + unknown**2) + self.rounding

    def _sizes(self, leaves: Sequence[Leaf]) -> tuple[float, float]:
        """Return the map's L1 norm, and the least that the exact map's can be taken for."""
        weights = self._nodes.weights(leaves)
        norm = self._nodes.gradients.l1_norm_of_sum("map", weights)
        scale = max(norm, abs(self._nodes.rise()))
        if scale > 0.0:
            self.absolute_rounding = self._rounding * float(weights @ np.array(self._nodes.norms))
            self.rounding = self.absolute_rounding / scale
        return norm, scale

    def _smooth_error(self, leaves: Sequence[Leaf]) -> float:
        weights = self._nodes.coarse_less_fine(leaves)
        return SMOOTH * self._nodes.gradients.l1_norm_of_sum("gap", weights)

    def _observed(self, leaves: Sequence[Leaf], per_score: float = 0.0) -> _Observed:
        moved, foreseen = np.sum(self.surprises[-self._window :], axis=0)
        return _Observed(
            surprise=max(1.0, moved / foreseen) if foreseen > 0.0 else 1.0,
            unexplained=sum(max(0.0, leaf.missed(per_score) - leaf.bound) for leaf in leaves),
            missed=abs(sum(leaf.residual for leaf in leaves)),
        )

    def _jump_error(self, leaves: Sequence[Leaf], enough: float) -> float:
        """Return the error of the jumps seen; foretold where it is sure to be too much still."""
        nodes, sizes, scale = self._nodes.jumps(leaves)
        # It falls as their sum does where each has pixels of its own, as the root of the sum of
        # their squares where all share theirs.
        sums = np.array([sizes.sum(), np.sqrt(np.square(sizes).sum())])
        before, error = self._last_jumps
        foretold = error * _SURELY * float(np.min(sums / before)) if error else 0.0
        if foretold > enough:
            return foretold
        worst, gradients = float(sizes.sum()), self._nodes.gradients
        error = gradients.jump_error(nodes, scale, worst, enough)
        alike = self._nodes.alike(leaves) if len(self._nodes.legs) > 1 else None
        if alike is not None and error <= enough:
            # Where baselines are alike, their paths may jump at the same places.
            error = max(error, gradients.jump_error(nodes, scale, worst, enough, alike))
        self._last_jumps = sums, error
        return error
