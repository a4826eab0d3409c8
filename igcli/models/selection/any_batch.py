"""Any batch: whether a model whose file names a batch size takes other batches all the same.

Keras writes one into every Sequential that was first called, predicted with or trained on a batch,
and asks for none when it predicts. A graph that does depend on it either can't be traced without,
gives another number of rows, or mixes them.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.model_spec import InputSpec
from igcli.models.graph.batch_axis import WHITES, alike
from igcli.models.loaders.network import Network

# What an open dimension is taken as.
_ANY_SIZE = 64
_ROWS = 2
# Batches of other sizes are summed in another order.
_NEAR = 1e-3


def opened(tf: Any, network: Network) -> Network:
    """Return the model for batches of any size, where it takes them; else as it is."""
    if network.batch is None:
        return network
    free = replace(network, batch=None)
    try:
        return free if _takes_any(tf, free) else network
    except Exception:
        # Whatever Keras and TensorFlow raise on a batch that the model does not take.
        return network


def _takes_any(tf: Any, network: Network) -> bool:
    rows = [
        tf.TensorSpec((None, *_sides(spec)), spec.declared or spec.dtype) for spec in network.inputs
    ]
    model = tf.function(lambda *tensors: list(network.function(tensors)), autograph=False)
    concrete = model.get_concrete_function(*rows)
    if any(t.shape.rank in (None, 0) or t.shape[0] is not None for t in concrete.outputs):
        return False
    return all(_rows_alone(tf, network, concrete, white) for white in WHITES)


def _rows_alone(tf: Any, network: Network, concrete: Any, white: float) -> bool:
    """Tell whether rows give the same one by one and all at once."""
    random = np.random.default_rng(0)
    every = [_made_up(random, spec, white) for spec in network.inputs]

    def scores(chosen: slice) -> list[Array]:
        given = (
            tf.constant(x[chosen], spec.declared or spec.dtype)
            for x, spec in zip(every, network.inputs, strict=True)
        )
        return [output.numpy() for output in concrete(*given)]

    alone = [scores(slice(i, i + 1)) for i in range(_ROWS)]
    apart = [np.concatenate(parts) for parts in zip(*alone, strict=True)]
    together = scores(slice(None))
    return all(alike(a, b, _NEAR) for a, b in zip(apart, together, strict=True))


def _sides(spec: InputSpec) -> tuple[int, ...]:
    return tuple(side or _ANY_SIZE for side in spec.shape)


def _made_up(random: np.random.Generator, spec: InputSpec, white: float) -> Array:
    shape = (_ROWS, *_sides(spec))
    if spec.is_integer:
        return random.integers(0, 256 if spec.declared == "uint8" else 2, shape)
    return random.uniform(0.0, white, shape)
