"""Device gradients: node gradients that stay where TensorFlow computed them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from igcli.attribution.error_estimate import jump_quantile
from igcli.common.arrays import Array
from igcli.models.runtime import import_tensorflow


class DeviceGradients:
    """Node gradients in a device's memory; see `igcli.attribution.node_gradients.NodeGradients`."""

    def __init__(self, size: int) -> None:
        self._tf = import_tensorflow()
        self.size = size
        self._gradients: list[Any] = []

    @property
    def nbytes(self) -> int:
        """See `NodeGradients.nbytes`."""
        return 4 * self.size * len(self._gradients)

    def append(self, gradient: Any) -> tuple[float, float]:
        """See `NodeGradients.append`."""
        row = self._tf.cast(self._tf.reshape(gradient, (-1,)), "float32")
        self._gradients.append(row)
        norm, total = self._tf.stack([self._l1(row), self._tf.reduce_sum(row)]).numpy()
        return float(norm), float(total)

    def l1_norm_of_sum(self, name: str, weights: Array) -> float:
        """See `NodeGradients.l1_norm_of_sum`: here the sum is made anew."""
        combined = self._weighted(self._gradients, [weights])
        return float(self._l1(combined).numpy())

    def l1_norms(self, rows: Sequence[Sequence[int]], weights: Sequence[float]) -> list[float]:
        """See `NodeGradients.l1_norms`."""
        tf = self._tf
        combined = [self._weighted([self._gradients[i] for i in r], [weights])[0] for r in rows]
        return [float(norm) for norm in tf.stack([self._l1(values) for values in combined]).numpy()]

    def jump_error(
        self,
        nodes: Sequence[int],
        scale: Array,
        worst: float,
        at_least: float,
        shared: Array | None = None,
    ) -> float:
        """See `NodeGradients.jump_error`."""
        tf = self._tf
        along = tf.stack([self._gradients[row] for row in nodes])
        components = scale.astype(np.float32)[:, None] * (along[1:] - along[:-1])
        if shared is not None:
            components = tf.matmul(shared.astype(np.float32), components)
        size = tf.sqrt(tf.reduce_sum(tf.square(components), axis=0))
        root = tf.sqrt(tf.maximum(size / np.float32(np.sqrt(3.0)), np.finfo(np.float32).tiny))
        scaled = components / root
        products = tf.reduce_sum(tf.square(tf.matmul(scaled, scaled, transpose_b=True)))
        total, squares = (float(n) for n in tf.stack([tf.reduce_sum(size), products]).numpy())
        return jump_quantile(total, squares, worst, at_least)

    def combine(self, weights: Array) -> Array:
        """See `NodeGradients.combine`."""
        tf = self._tf
        total = tf.zeros((self.size,), tf.float64)
        for row in np.flatnonzero(weights):
            total += weights[row] * tf.cast(self._gradients[row], tf.float64)
        result: Array = total.numpy()
        return result

    def _weighted(self, gradients: list[Any], weights: Any) -> Any:
        stacked = self._tf.stack(gradients)
        return self._tf.matmul(np.asarray(weights, np.float32), stacked)

    def _l1(self, values: Any) -> Any:
        return self._tf.reduce_sum(self._tf.abs(values))
