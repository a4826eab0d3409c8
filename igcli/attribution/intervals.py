"""Intervals of a mesh: those that were split, and the leaves that are left.

Their ends are counted in the smallest intervals that there can be, of which a path has `FULL`.
"""

from dataclasses import dataclass

FULL = 2**20


@dataclass(slots=True)
class Split:
    """An interval that was split; `movement` is ‖coarse − fine‖₁."""

    movement: float


@dataclass(slots=True)
class Leaf:
    """An interval of the mesh.

    `change` is ‖g_right − g_left‖₁, `residual` what the trapezoid misses of the score's change, and
    `hint` the L1 error that this points to: it sees a peak between two equal ends.
    """

    left: int
    right: int
    parent: Split
    change: float
    residual: float
    hint: float

    @property
    def width(self) -> float:
        """Its share of the path."""
        return (self.right - self.left) / FULL

    @property
    def bound(self) -> float:
        """The largest error that one jump of the size seen can make here."""
        return 0.5 * self.width * self.change

    def missed(self, per_score: float = 0.0) -> float:
        """Return the L1 error that its residual points to.

        `per_score` is the L1 norm that may hang on a change of the score by one.
        """
        return max(self.hint, abs(self.residual) * per_score)

    def priority(self, per_score: float = 0.0) -> float:
        """Return what splitting it may gain."""
        return max(self.bound, self.missed(per_score))
