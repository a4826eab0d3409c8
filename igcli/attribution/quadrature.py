"""Quadrature rules on [0, 1].

Every rule of n nodes costs n gradient evaluations, and its weights sum to 1. alibi 0.9.6 and
Captum 0.9 divide the trapezoid by n instead of n − 1, so that their weights sum to (n − 1)/n and
every attribution is too small by that factor; igcli does not.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igcli.common.arrays import Array
from igcli.common.distance import relative
from igcli.common.errors import ConfigError

_NEWTON_STEPS = 5
_MOST_GAUSS_NODES = 20_000
Nodes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """Nodes and weights, float64, shape (n,), the nodes ascending.

    Attributes
    ----------
    coarse : Nodes or None
        Weights of a coarser rule on some of the same nodes (zero on the others), where there is
        one: what separates the two results is an error estimate that costs no evaluation.
    """

    alphas: Nodes
    weights: Nodes
    coarse: Nodes | None = None

    @property
    def all_weights(self) -> Nodes:
        """The weights, and the coarser rule's below them, shape (1 or 2, n)."""
        return np.stack([self.weights] if self.coarse is None else [self.weights, self.coarse])


def coarse_estimate(fine: Array, coarse: Array) -> float:
    """Return how far the map of a coarser rule is, in L1, relative to the finer one's."""
    norm, moved = float(np.abs(fine).sum()), float(np.abs(fine - coarse).sum())
    return relative(moved, norm)


def riemann_left(n: int) -> Rule:
    """Left ends of n equal intervals; exact for constants."""
    return Rule(np.linspace(0.0, 1.0 - 1.0 / n, n), np.full(n, 1.0 / n))


def riemann_right(n: int) -> Rule:
    """Right ends of n equal intervals; exact for constants."""
    return Rule(np.linspace(1.0 / n, 1.0, n), np.full(n, 1.0 / n))


def riemann_middle(n: int) -> Rule:
    """Midpoints of n equal intervals; exact to degree 1."""
    return Rule(np.linspace(0.5 / n, 1.0 - 0.5 / n, n), np.full(n, 1.0 / n))


def riemann_trapezoid(n: int) -> Rule:
    """Composite trapezoid over n − 1 equal intervals; exact to degree 1; needs n ≥ 2.

    An even number of intervals nests the trapezoid of half as many.

    The TensorFlow tutorial's ``m_steps=50`` is this rule with 51 nodes.
    """
    if n < 2:
        raise ConfigError(
            "--steps 1 is too few for riemann_trapezoid",
            "the trapezoid needs both ends of the path",
            "use --steps 2 or more, or --method riemann_middle",
        )
    weights = np.full(n, 1.0 / (n - 1))
    weights[[0, -1]] /= 2.0
    coarse = None
    if n % 2 == 1:
        coarse = 2.0 * weights
        coarse[1::2] = 0.0
    return Rule(np.linspace(0.0, 1.0, n), weights, coarse)


def gausslegendre(n: int) -> Rule:
    """Gauss-Legendre, mapped from [−1, 1]; exact to degree 2n − 1.

    Newton's method on the Legendre polynomial, from the Chebyshev-like guess of Abramowitz and
    Stegun 22.16.6. numpy's ``leggauss`` agrees to 1e-13, but takes n × n numbers and n³ operations:
    gigabytes and minutes for the 20,000 nodes of a reference run.
    """
    if n > _MOST_GAUSS_NODES:
        raise ConfigError(
            f"--steps {n} is too many for gausslegendre",
            f"its nodes take n² operations; it is limited to {_MOST_GAUSS_NODES}",
            "use --method riemann_middle",
        )
    nodes = np.cos(np.pi * (np.arange(n, 0, -1) - 0.25) / (n + 0.5))
    slopes = np.ones(n)
    for _ in range(_NEWTON_STEPS):
        before, value = np.ones(n), nodes.copy()
        for k in range(2, n + 1):
            before, value = value, ((2 * k - 1) * nodes * value - (k - 1) * before) / k
        slopes = n * (nodes * value - before) / (nodes**2 - 1.0)
        nodes = nodes - value / slopes
    weights = 1.0 / ((1.0 - nodes**2) * slopes**2)
    return Rule((1.0 + nodes) / 2.0, weights / weights.sum())


RULES: dict[str, Callable[[int], Rule]] = {
    "gausslegendre": gausslegendre,
    "riemann_left": riemann_left,
    "riemann_middle": riemann_middle,
    "riemann_right": riemann_right,
    "riemann_trapezoid": riemann_trapezoid,
}
