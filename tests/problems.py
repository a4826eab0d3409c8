"""Problems: paths with known integrals, that every method is run on; and what rules are known for.

Each is a closed-form model, a path through it, and the exact integral of the gradient times the
path's tangent, which sums to what the score gains from end to end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import e, factorial

import numpy as np

from igcli.attribution.path import Path, StraightLine
from igcli.common.arrays import Array
from tests.fakes import FakeModel, Kink, Linear, Power


@dataclass(frozen=True)
class Parabola:
    """alpha ↦ (alpha, alpha²): the first number leads, the second lags behind."""

    shape: tuple[int, ...] = (2,)

    def point(self, alpha: float) -> Array:
        return np.array([alpha, alpha**2])

    def tangent(self, alpha: float) -> Array:
        return np.array([1.0, 2.0 * alpha])


@dataclass(frozen=True)
class Polyline:
    """From corner to corner (n, features), each way in the same share of alpha."""

    corners: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.corners.shape[1:]

    @property
    def places(self) -> Array:
        return np.linspace(0.0, 1.0, len(self.corners))

    def point(self, alpha: float) -> Array:
        return np.array([np.interp(alpha, self.places, of_one) for of_one in self.corners.T])

    def tangent(self, alpha: float) -> Array:
        ways = np.diff(self.corners, axis=0) * (len(self.corners) - 1)
        beside = (self.places[:-1] <= alpha + 1e-12) & (alpha - 1e-12 <= self.places[1:])
        mean: Array = ways[beside].mean(axis=0)
        return mean


@dataclass(frozen=True)
class Quickening:
    """A straight line, gone at the pace of alpha²: the integral is that of the line."""

    line: StraightLine

    @property
    def shape(self) -> tuple[int, ...]:
        return self.line.shape

    def point(self, alpha: float) -> Array:
        return self.line.point(alpha**2)

    def tangent(self, alpha: float) -> Array:
        return 2.0 * alpha * self.line.difference


class Product(FakeModel):
    """F(x, y) = x · y."""

    def __init__(self) -> None:
        super().__init__((2,), 1)

    def value(self, x: Array) -> Array:
        result: Array = x.prod(axis=1, keepdims=True)
        return result

    def gradient(self, x: Array, target: int) -> Array:
        return x[::-1].copy()


class Exponential(FakeModel):
    """F(x) = e^(Σ x)."""

    def value(self, x: Array) -> Array:
        result: Array = np.exp(x.sum(axis=1, keepdims=True))
        return result

    def gradient(self, x: Array, target: int) -> Array:
        return np.full(x.shape, np.exp(x.sum()))


class Sigmoid(FakeModel):
    """F(x) = 1 / (1 + e^(−slope (Σ x − at)))."""

    def __init__(self, shape: tuple[int, ...], slope: float, at: float) -> None:
        super().__init__(shape, 1)
        self.slope = slope
        self.at = at

    def value(self, x: Array) -> Array:
        result: Array = 1.0 / (1.0 + np.exp(-self.slope * (x.sum(axis=1, keepdims=True) - self.at)))
        return result

    def gradient(self, x: Array, target: int) -> Array:
        value = float(self.value(x[None])[0, 0])
        return np.full(x.shape, self.slope * value * (1.0 - value))


class Kinks(FakeModel):
    """F(x) = Σ_k max(0, v_k · x − b_k), with kinks at given places on the way from zero to x."""

    def __init__(self, x: Array, directions: Array, places: Array) -> None:
        super().__init__(x.shape, 1)
        rises = directions @ x.ravel().astype(np.float64)
        self.directions = directions * np.sign(rises)[:, None]
        self.beyond = np.abs(rises) * places

    def value(self, x: Array) -> Array:
        above = np.maximum(0.0, x @ self.directions.T - self.beyond)
        result: Array = above.sum(axis=1, keepdims=True)
        return result

    def gradient(self, x: Array, target: int) -> Array:
        result: Array = (self.directions @ x > self.beyond) @ self.directions
        return result


@dataclass(frozen=True)
class Problem:
    """A path whose integral is known.

    `variation` is how much the gradient times the tangent goes up and down along the path, summed
    over all numbers: a rule of n nodes is off by little more than variation / n.
    """

    name: str
    model: Callable[[], FakeModel]
    path: Path
    exact: Array
    variation: float

    def error(self, attribution: Array) -> float:
        """The L1 error, relative to the exact map where that is not zero."""
        off = float(np.abs(attribution.astype(np.float64) - self.exact).sum())
        norm = float(np.abs(self.exact).sum())
        return off / norm if norm else off


def _from_zero(x: Sequence[float] | Array) -> StraightLine:
    end = np.asarray(x, np.float32)
    return StraightLine(end, np.zeros_like(end))


def _many(name: str, shape: tuple[int, ...], count: int, seed: int) -> Problem:
    random = np.random.default_rng(seed)
    path = _from_zero(random.uniform(0.5, 1.5, shape))
    directions = random.normal(size=(count, path.x.size))
    places = random.uniform(0.05, 0.95, count)
    model = Kinks(path.x, directions, places)
    jumps = model.directions * path.x.ravel()
    return Problem(
        name,
        lambda: Kinks(path.x, directions, places),
        path,
        ((1.0 - places) @ jumps).reshape(shape),
        float(np.abs(jumps).sum()),
    )


_WEIGHTS = np.array([[2.0, -1.0, 0.5]])
_X = np.array([1.0, 0.5, 2.0])
_THIRDS = np.array([0.25, 0.25, 0.5])
_SLOPE = 200.0

PROBLEMS = [
    Problem(
        "linear",
        lambda: Linear((3,), _WEIGHTS),
        StraightLine(_X.astype(np.float32), np.full(3, 0.5, np.float32)),
        np.array([1.0, 0.0, 0.75]),
        0.0,
    ),
    Problem(
        "linear, at another pace",
        lambda: Linear((3,), _WEIGHTS),
        Quickening(StraightLine(_X.astype(np.float32), np.full(3, 0.5, np.float32))),
        np.array([1.0, 0.0, 0.75]),
        3.5,
    ),
    Problem("cubic", lambda: Power((3,), 1, 4), _from_zero(_X), _X**4, 4.0 * (_X**4).sum()),
    Problem(
        "exponential",
        lambda: Exponential((3,), 1),
        _from_zero(_THIRDS),
        _THIRDS * (e - 1.0),
        e - 1.0,
    ),
    Problem("one kink", lambda: Kink((3,), 1.3), _from_zero(_X), _X * (1 - 1.3 / 3.5), 3.5),
    _many("many kinks", (5,), 12, seed=0),
    _many("high-dimensional", (32, 32, 3), 8, seed=1),
    Problem(
        "steep",
        lambda: Sigmoid((3,), _SLOPE, 0.37),
        _from_zero(_THIRDS),
        _THIRDS * (1.0 / (1.0 + e ** (-_SLOPE * 0.63)) - 1.0 / (1.0 + e ** (_SLOPE * 0.37))),
        _SLOPE / 2.0,
    ),
    Problem("zero map", lambda: Linear((3,), 0.0 * _WEIGHTS), _from_zero(_X), np.zeros(3), 0.0),
    Problem("no way at all", lambda: Power((3,), 1, 2), _from_zero(0.0 * _X), np.zeros(3), 0.0),
    Problem("curved", Product, Parabola(), np.array([1.0, 2.0]) / 3.0, 3.0),
    Problem("curved, one kink", lambda: Kink((2,), 0.75), Parabola(), np.array([0.5, 0.75]), 3.0),
    Problem(
        "round a corner",
        Product,
        Polyline(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])),
        np.array([0.0, 1.0]),
        2.0,
    ),
]


def degree(name: str, n: int) -> int:
    """Up to which degree a rule of n nodes is exact."""
    return {"riemann_left": 0, "riemann_right": 0, "gausslegendre": 2 * n - 1}.get(name, 1)


def error_beyond(name: str, n: int) -> float:
    """Rule minus integral for x ** (degree + 1), from the textbook error terms."""
    return {
        "riemann_left": -1 / (2 * n),
        "riemann_right": 1 / (2 * n),
        "riemann_middle": -1 / (12 * n**2),
        "riemann_trapezoid": 1 / (6 * max(n - 1, 1) ** 2),
        "gausslegendre": -(factorial(n) ** 4) / ((2 * n + 1) * factorial(2 * n) ** 2),
    }[name]
