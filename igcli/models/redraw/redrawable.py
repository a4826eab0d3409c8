"""A redrawable model: one in memory whose layers can be redrawn, traced as they are, and restored.

The file is only read. The learned weights are kept once more in memory while they are away.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array, Warn
from igcli.common.errors import ModelError
from igcli.models.loaders.network import Loaded
from igcli.models.redraw.draws import drawn, permuted_channels
from igcli.models.redraw.measured_statistics import measure_statistics
from igcli.models.redraw.weighted_layers import Norm, Weight, Weighted

RandomOf: TypeAlias = Callable[[str], np.random.Generator]


class Redrawable:
    """A loaded model whose weights can be redrawn.

    Attributes
    ----------
    names : tuple of str
        Its layers with weights, from the output to the input; a normalisation goes with the layer
        before it.
    kept : tuple of str
        Weights that stay: no gradient trains them.
    """

    def __init__(
        self,
        tf: Any,
        path: Path,
        loaded: Loaded,
        weighted: Weighted,
        retrace: Callable[[Warn], GradientModel],
    ) -> None:
        if not weighted.layers:
            raise ModelError(
                f"{path} has no weights that can be redrawn",
                "its numbers are constants of its graph, not variables",
                "save it with its variables: a .keras file, or a SavedModel that is not frozen",
            )
        self._tf, self._loaded, self._retrace = tf, loaded, retrace
        self._layers = {layer.name: layer for layer in weighted.layers}
        self.names = tuple(self._layers)
        self.kept = weighted.kept

    def model(self, warn: Warn) -> GradientModel:
        """Return the model with its weights as they are now; later changes are none of it."""
        return self._retrace(warn)

    @contextmanager
    def redrawn(
        self, names: Collection[str], how: str, x: Array, random_of: RandomOf
    ) -> Iterator[Counter[str]]:
        """Redraw some layers, and restore them at the end.

        Parameters
        ----------
        names : collection of str
            Some of `names`.
        how : str
            See `igcli.models.redraw.draws.drawn`.
        x : Array
            Inputs as they are read, to measure a BatchNorm's statistics of.
        random_of : callable
            Layer's name → the generator that it is drawn with.

        Yields
        ------
        Counter
            How many tensors were drawn, set to a constant, permuted, and measured.
        """
        layers = [layer for layer in self._layers.values() if layer.name in names]
        every = [w for layer in layers for w in _weights_of(layer.weights, layer.norms)]
        before = [(weight.variable, weight.variable.numpy()) for weight in every]
        made: Counter[str] = Counter()
        try:
            measured: list[Any] = []
            for layer in layers:
                random = random_of(layer.name)
                for weight in layer.weights:
                    self._draw(weight, how, random, made)
                for norm in layer.norms:
                    measured += self._renorm(norm, how, random, made)
            measure_statistics(self._tf, self._loaded, measured, x)
            yield made
        finally:
            for variable, values in before:
                variable.assign(values)

    def _draw(self, weight: Weight, how: str, random: Any, made: Counter[str]) -> None:
        values, made_how = drawn(weight, how, random)
        weight.variable.assign(values)
        made[made_how] += 1

    def _renorm(self, norm: Norm, how: str, random: Any, made: Counter[str]) -> list[Any]:
        """Redraw a normalisation; return its layer where its statistics are to be measured."""
        if norm.layer is None and norm.statistics:
            for weight, values in permuted_channels(norm, random):
                weight.variable.assign(values)
                made["permuted"] += 1
            return []
        for weight in norm.weights:
            self._draw(weight, how, random, made)
        made["measured"] += len(norm.statistics)
        return [norm.layer] if norm.statistics else []


def _weights_of(weights: tuple[Weight, ...], norms: tuple[Norm, ...]) -> Iterator[Weight]:
    yield from weights
    for norm in norms:
        yield from (*norm.weights, *norm.statistics)
