"""Draws: new values of weights, from their initialiser or in another order."""

from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import INITIAL
from igcli.models.redraw.weighted_layers import Norm, Weight

_SEEDS = 2**31


def drawn(weight: Weight, how: str, random: np.random.Generator) -> tuple[Array, str]:
    """Return a weight's new values, and how they were made: "drawn", "constant" or "permuted".

    Parameters
    ----------
    weight : Weight
        Which.
    how : str
        `initial`: from its initialiser, with a seed of `random`'s, where that is known; a tensor of
        several axes whose initialiser does not draw (zeros, the identity, given values) is permuted
        as those without one are: it would hold nothing, or what was trained already.
        `permuted`: its own values in random order over all axes.
    random : Generator
        Decides the draw.
    """
    initializer = weight.initializer if how == INITIAL else None
    if initializer is not None:
        config = initializer.get_config()
        if "seed" in config:
            # The file's own seed would draw what the training began with.
            config |= {"seed": int(random.integers(_SEEDS))}
            return _values(type(initializer).from_config(config), weight), "drawn"
        if len(weight.variable.shape) < 2:
            return _values(initializer, weight), "constant"
    values = weight.variable.numpy()
    return random.permutation(values.ravel()).reshape(values.shape), "permuted"


def permuted_channels(norm: Norm, random: np.random.Generator) -> list[tuple[Weight, Array]]:
    """Return a normalisation's weights and statistics, its channels in random order.

    A channel keeps its mean with its variance, scale and shift.
    """
    every = (*norm.weights, *norm.statistics)
    order = random.permutation(int(every[0].variable.shape.num_elements()))
    found = []
    for weight in every:
        values = weight.variable.numpy()
        found.append((weight, values.ravel()[order].reshape(values.shape)))
    return found


def _values(initializer: Any, weight: Weight) -> Array:
    variable = weight.variable
    found: Array = np.asarray(initializer(tuple(variable.shape), dtype=variable.dtype.name))
    return found
