"""Pixels: inputs of integers that a model makes floats of, to be explained as those floats."""

from dataclasses import replace
from typing import Any

from igcli.common.model_spec import InputSpec
from igcli.models.graph.as_floats import as_floats
from igcli.models.graph.inlined import as_function, inline
from igcli.models.loaders.network import Network

# A row of fewer axes is no picture: a sentence of tokens, a table's row.
_FEWEST_AXES = 2
_NO_PIXELS = frozenset({"int8", "bool"})


def with_pixels(tf: Any, network: Network) -> Network:
    """Return a model that takes pixels as floats, where its own inputs of integers are pixels.

    They are so where the model casts them to floats before it computes with them.
    """
    asked = [i for i, spec in enumerate(network.inputs) if _may_be_pixels(spec)]
    if not asked:
        return network
    specs = [tf.TensorSpec((network.batch, *spec.shape), spec.fed) for spec in network.inputs]
    inlined = inline(tf, lambda *tensors: list(network.function(tensors)), specs)
    inputs = list(network.inputs)
    for i in asked:
        edited = as_floats(tf, inlined, inlined.feeds[i])
        if edited is not None:
            inlined, inputs[i] = edited, replace(inputs[i], pixels=True)
    if not any(spec.pixels for spec in inputs):
        return network
    return replace(network, function=as_function(tf, inlined), inputs=tuple(inputs))


def _may_be_pixels(spec: InputSpec) -> bool:
    axes = len(spec.shape)
    return spec.is_integer and axes >= _FEWEST_AXES and spec.declared not in _NO_PIXELS
