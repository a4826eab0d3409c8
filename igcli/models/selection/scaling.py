"""Own scaling: what a model itself does to pixels before its first weights, by its graph.

Layers at any depth, operations, and the nodes of a SavedModel are one and the same there. What
they do is measured, not read: pictures of 0 to 1 and of 0 to 255 are sent up to the weights.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.model_spec import InputSpec
from igcli.common.own_scaling import OwnScaling
from igcli.common.shapes import is_image_shape
from igcli.models.graph.before_weights import PixelGraph
from igcli.models.graph.inlined import inline_trace, trace
from igcli.models.loaders.network import Network
from igcli.models.selection.families import family_of
from igcli.models.selection.layers import layer_infos
from igcli.models.selection.packing import all_typed
from igcli.models.selection.pixel_range import WHITE, measure

_ANY_SIDE = 64
# What an export wraps around the names of its nodes.
_WRAPPERS = re.compile(r"^(?:(?:Stateful)?PartitionedCall(?:_\d+)?/)+")


def own_scaling(tf: Any, network: Network, concrete: Any = None) -> OwnScaling:
    """Return what a model does to pixels itself, and which known family it is of.

    Parameters
    ----------
    tf : module
        TensorFlow.
    network : Network
        The model.
    concrete : callable or None
        Its trace, inputs in order, where there is one already.
    """
    if not any(map(_takes_floats, network.inputs)):
        return OwnScaling()

    def function(*tensors: Any) -> list[Any]:
        return list(network.function(all_typed(tf, tensors, network.inputs)))

    if concrete is None:
        rows = [tf.TensorSpec((network.batch, *spec.shape), spec.dtype) for spec in network.inputs]
        concrete = trace(tf, function, rows)
    graph = PixelGraph(tf, inline_trace(tf, function, concrete))
    layers = {part for info in layer_infos(network.model) for part in info.name.split("/")}
    family = family_of({*layers, *graph.names()})
    floats = [i for i, spec in enumerate(network.inputs) if _takes_floats(spec)]
    pictures = [i for i in floats if is_image_shape(network.inputs[i].shape)]
    found = tuple(
        (network.inputs[i].name, _of_input(graph, network, i, layers)) for i in pictures or floats
    )
    return OwnScaling.of_inputs(found, family)


def _takes_floats(spec: InputSpec) -> bool:
    return not spec.is_whole and len(spec.shape) > 0


def _of_input(graph: PixelGraph, network: Network, index: int, layers: Iterable[str]) -> OwnScaling:
    before = graph.before_weights(graph.feeds[index])
    unclear = _not_followed(before.unknown, layers) if before.unknown else ""
    if not before.first:
        return OwnScaling(unclear=unclear)
    try:
        values = graph.up_to(before.ends)
        found = measure(lambda picture: _flat(values, network, index, picture))
    except Exception:
        # A part of a graph that can't be run by itself: a table, a loop's inside.
        return OwnScaling(unclear=unclear or _not_followed(before.first, layers))
    name = _named(before.first, layers)
    if found.range == "pixels":
        return OwnScaling(name, found.low, found.high, changes=True)
    if found.range == "unclear":
        unclear = f"what {name!r} makes of 0 to 1 and of 0 to 255 may both be what it is for"
    changes = not np.allclose([found.low, found.high], [0.0, WHITE])
    return OwnScaling("", found.low, found.high, changes=changes, unclear=unclear)


def _not_followed(node: str, layers: Iterable[str]) -> str:
    return f"{_named(node, layers)!r}, which the input goes into, can't be looked into"


def _flat(
    values: Callable[..., list[Any]],
    network: Network,
    index: int,
    picture: Callable[[tuple[int, ...]], Array],
) -> Array:
    """Return what one picture becomes before the weights; the other inputs are 0."""
    shapes = [
        (network.batch or 1, *(side or _ANY_SIDE for side in spec.shape)) for spec in network.inputs
    ]
    given = [
        (picture(shape) if i == index else np.zeros(shape)).astype(spec.dtype)
        for i, (shape, spec) in enumerate(zip(shapes, network.inputs, strict=True))
    ]
    return np.concatenate([np.asarray(x, np.float64).ravel() for x in values(*given)])


def _named(node: str, layers: Iterable[str]) -> str:
    """Name the layer that a node is of; where there is none, the node."""
    known = set(layers)
    for part in reversed(node.split("/")[:-1]):
        for name in (part, part.rpartition("_")[0]):
            if name in known:
                return name
    return _WRAPPERS.sub("", node)
