"""Closed-form models: what the engine and the pipeline are tested on, without TensorFlow."""

from pathlib import Path

import numpy as np

from igcli.attribution.batches import Batches, Batching
from igcli.attribution.gradient_model import PathRows, PointRows, RowValues
from igcli.attribution.node_gradients import HostGradients
from igcli.common.arrays import Array
from igcli.common.model_spec import InputSpec, ModelSpec


def spec(shape: tuple[int | None, ...], classes: int) -> ModelSpec:
    return ModelSpec(
        path=Path(__file__),
        loader="fake",
        input=InputSpec("x", shape, np.dtype("float32")),
        output_name="y",
        classes=classes,
        tail="none",
        scores="as-is",
        device="none",
    )


def batches(model: "FakeModel", size: int, streams: int = 1) -> Batches:
    return Batches(model, Batching(size, streams))


class FakeModel:
    """Sums weighted gradients row by row, and counts what it is asked."""

    def __init__(self, shape: tuple[int | None, ...], classes: int) -> None:
        self.spec = spec(shape, classes)
        self.batches: list[int] = []
        self.evaluated: list[tuple[bytes, float]] = []
        self.points: list[bytes] = []

    def value(self, x: Array) -> Array:
        """Scores (n, classes) of flat inputs (n, features)."""
        raise NotImplementedError

    def gradient(self, x: Array, target: int) -> Array:
        """Gradient (features,) of one flat input's score."""
        raise NotImplementedError

    def enter(self, x: Array) -> Array:
        return x

    def scores(self, x: Array) -> Array:
        return self.value(x.reshape(len(x), -1).astype(np.float64))

    def precision_error(self, rows: PathRows) -> float:
        return 0.0

    def node_gradients(self, size: int) -> HostGradients:
        return HostGradients(size)

    def row_products(self, rows: PathRows) -> RowValues:
        values = self._row_gradients(rows)
        return RowValues(
            values.gradients * (rows.x - rows.baseline)[rows.slot], values.scores, values.norms
        )

    def gradients_at(self, rows: PointRows) -> RowValues:
        self.batches.append(len(rows))
        self.points += [point.tobytes() for point in rows.points]
        return self._gradients(rows.points, rows.target)

    def _row_gradients(self, rows: PathRows) -> RowValues:
        self.batches.append(len(rows.slot))
        points = []
        for slot, alpha in zip(rows.slot, rows.alpha, strict=True):
            start = rows.baseline[slot].astype(np.float64)
            points.append(start + alpha * (rows.x[slot] - start))
            self.evaluated.append((rows.x[slot].tobytes(), float(alpha)))
        return self._gradients(np.stack(points), rows.target)

    def _gradients(self, points: Array, targets: Array) -> RowValues:
        flat = points.reshape(len(points), -1).astype(np.float64)
        pairs = list(zip(flat, targets, strict=True))
        gradients = np.stack([self.gradient(point, int(target)) for point, target in pairs])
        return RowValues(
            gradients.reshape(points.shape),
            np.array([self.value(point[None])[0, target] for point, target in pairs]),
            np.abs(gradients).sum(axis=1),
        )

    def weighted_gradients(self, rows: PathRows, weights: Array) -> RowValues:
        values = self._row_gradients(rows)
        sums = np.zeros((len(weights), *rows.x.shape))
        for rule, row_weights in enumerate(weights):
            for slot, weight, gradient in zip(
                rows.slot, row_weights, values.gradients, strict=True
            ):
                sums[rule, slot] += weight * gradient
        return RowValues(sums, values.scores, values.norms)


class Linear(FakeModel):
    """F_c(x) = w_c · x: every rule is exact, A = w_c (x − x′)."""

    def __init__(self, shape: tuple[int | None, ...], weights: Array) -> None:
        super().__init__(shape, len(weights))
        self.weights = weights

    def value(self, x: Array) -> Array:
        result: Array = x @ self.weights.T
        return result

    def gradient(self, x: Array, target: int) -> Array:
        result: Array = self.weights[target]
        return result


class Power(FakeModel):
    """F_c(x) = Σ (c + 1) x^p: from zero, A = (c + 1) x^p, exact for rules of degree p − 1."""

    def __init__(self, shape: tuple[int | None, ...], classes: int, power: int) -> None:
        super().__init__(shape, classes)
        self.power = power

    def value(self, x: Array) -> Array:
        result: Array = (x**self.power).sum(1)[:, None] * np.arange(1, self.spec.classes + 1)
        return result

    def gradient(self, x: Array, target: int) -> Array:
        result: Array = (target + 1) * self.power * x ** (self.power - 1)
        return result


class Kink(FakeModel):
    """F(x) = max(0, Σ x − k): from zero, A = x (1 − k / Σ x) wherever Σ x > k."""

    def __init__(self, shape: tuple[int | None, ...], kink: float) -> None:
        super().__init__(shape, 1)
        self.kink = kink

    def value(self, x: Array) -> Array:
        result: Array = np.maximum(0.0, x.sum(1, keepdims=True) - self.kink)
        return result

    def gradient(self, x: Array, target: int) -> Array:
        return np.full(x.shape, float(x.sum() > self.kink))


class Edges(FakeModel):
    """Kinks along each path, at places of their own: adaptive steps have work to do."""

    def __init__(self, shape: tuple[int, ...], count: int = 30, most: float = 1.5) -> None:
        super().__init__(shape, 2)
        random = np.random.default_rng(4)
        self._weights = random.normal(size=(count, int(np.prod(shape))))
        self._kinks = random.uniform(-most, most, count)

    def value(self, x: Array) -> Array:
        total = np.maximum(0.0, x @ self._weights.T - self._kinks).sum(axis=1)
        return np.stack([total, -total], axis=1)

    def gradient(self, x: Array, target: int) -> Array:
        on = (self._weights @ x > self._kinks).astype(float)
        gradient: Array = (on @ self._weights) * (1 - 2 * target)
        return gradient


class NanMaker(Linear):
    """Linear, but NaN wherever the largest feature exceeds `above`."""

    def __init__(
        self, shape: tuple[int | None, ...], weights: Array, above: float, where: str = "gradient"
    ) -> None:
        super().__init__(shape, weights)
        self.above = above
        self.where = where

    def value(self, x: Array) -> Array:
        result = super().value(x)
        if self.where == "score":
            result[x.max(1) > self.above] = np.nan
        return result

    def gradient(self, x: Array, target: int) -> Array:
        result = super().gradient(x, target).astype(np.float64)
        if self.where == "gradient" and x.max() > self.above:
            result[0] = np.nan
        return result
