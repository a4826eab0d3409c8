"""Intervals of a mesh: those that were split, and the leaves that are left.

Their ends are counted in the smallest intervals that there can be, of which a path has `FULL`.
"""

from dataclasses import dataclass

FULL = 2**20


@dataclass(frozen=True, slots=True)
class Root:
    """A whole path among several: where its interval lies.

    `kin` is the same for paths whose nodes lie at the same places of them: what jumps in one of
    their intervals may jump at the same place in the others'. None where there is no such path.
    """

    left: int
    kin: int | None = None

    @property
    def right(self) -> int:
        """Its last node."""
        return self.left + FULL


SINGLE = Root(0)


def root_of(place: int, kin: int | None = None) -> Root:
    """Return the path at one of the places, which have room between them."""
    return Root(2 * FULL * place, kin)


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
