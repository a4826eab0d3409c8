"""The measured statistics: a BatchNorm's mean and variance taken anew, of some inputs.

Behind redrawn weights the statistics of training fit nothing: the signal would die out, or only
one side of it would pass the next activation. Measured anew, the network is one as it stands at the
beginning of training.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.models.loaders.network import Loaded
from igcli.models.redraw.weighted_layers import explained, rows_read


def measure_statistics(tf: Any, loaded: Loaded, layers: Sequence[Any], x: Array) -> None:
    """Set the statistics of some BatchNorm layers to those of a batch, in one forward pass.

    Parameters
    ----------
    tf, loaded : Any
        TensorFlow and the explained function.
    layers : sequence
        Keras layers with `moving_mean`, `moving_variance` and `axis`; each sees what those before
        it give with their new statistics.
    x : Array
        Inputs as they are read, (n, ...); where the model takes a fixed batch, the first of them.
    """
    if not layers:
        return
    if loaded.batch is not None:
        x = x[np.arange(loaded.batch) % len(x)]
    with _measuring(layers):
        # Another function each time: an earlier trace knows nothing of these layers.
        forward = tf.function(explained(loaded), autograph=False)
        forward.get_concrete_function(rows_read(tf, loaded))(tf.constant(x))


@contextmanager
def _measuring(layers: Sequence[Any]) -> Iterator[None]:
    for layer in layers:
        object.__setattr__(layer, "call", partial(_measured_call, layer))
    try:
        yield
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")


def _measured_call(layer: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
    """Take the statistics of the batch, then do what the layer does at inference."""
    import keras

    rank = len(inputs.shape)
    axes = [axis for axis in range(rank) if axis != layer.axis % rank]
    mean, variance = keras.ops.moments(keras.ops.cast(inputs, "float32"), axes)
    layer.moving_mean.assign(keras.ops.cast(mean, layer.moving_mean.dtype))
    layer.moving_variance.assign(keras.ops.cast(variance, layer.moving_variance.dtype))
    return type(layer).call(layer, inputs, training=False, mask=mask)
