"""CPU convolutions: those of channels first, which TensorFlow can't do there, done channels last.

A model that was made for a GPU may have its channels first. On a CPU TensorFlow convolves channels
last only; pooling, normalising and all else it does either way.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from igcli.models.runtime import has_gpu, import_tensorflow

_CONVOLUTIONS = ("conv", "conv_transpose")


@contextmanager
def channels_last_convolutions() -> Iterator[None]:
    """Let Keras' convolutions of channels first be traced as transposed ones, on a CPU."""
    import keras
    from keras.src.backend import nn

    tf = import_tensorflow()
    there = [] if has_gpu(tf) else [name for name in _CONVOLUTIONS if hasattr(nn, name)]
    originals = {name: getattr(nn, name) for name in there}
    for name, original in originals.items():
        setattr(nn, name, _turned(tf, keras, original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(nn, name, original)


def _turned(tf: Any, keras: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    def convolution(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        layout = given.arguments["data_format"] or keras.config.image_data_format()
        if layout != "channels_first":
            return original(*args, **kwargs)
        inputs = given.arguments["inputs"]
        inner = list(range(2, len(inputs.shape)))
        given.arguments["inputs"] = tf.transpose(inputs, [0, *inner, 1])
        given.arguments["data_format"] = "channels_last"
        result = original(*given.args, **given.kwargs)
        return tf.transpose(result, [0, len(inner) + 1, *(axis - 1 for axis in inner)])

    return convolution
