"""The accuracy that is asked of every adaptive path."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What is asked of every path.

    Attributes
    ----------
    tolerance : float
        Largest accepted error estimate, relative to the map's L1 norm.
    min_steps : int
        The first mesh is uniform: a power of two of intervals, two at least, with so many nodes.
        Only features wider than its spacing are sure to be seen.
    max_steps : int
        No path takes more.
    rounding : float
        How wrong the gradients are by their arithmetic, relative to their L1 norm.
    """

    tolerance: float
    min_steps: int
    max_steps: int
    rounding: float = 1e-6

    @property
    def first_intervals(self) -> int:
        """How many intervals the first mesh has."""
        return 1 << max(1, (self.min_steps - 2).bit_length())
