"""Own scaling: what a model itself does to pixels before its first weights, by its graph.

Layers at any depth, operations, and the nodes of a SavedModel are one and the same there. What
they do is measured, not read: a black, a grey and a white picture are sent up to the weights.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.model_spec import InputSpec, OwnScaling
from igcli.models.graph.before_weights import PixelGraph
from igcli.models.graph.inlined import inline_trace, trace
from igcli.models.loaders.network import Network
from igcli.models.selection.families import family_of
from igcli.models.selection.layers import layer_infos
from igcli.models.selection.packing import all_typed

_WHITE = 255.0
_ANY_SIDE = 64
# From 0–255 to a range of a few units; a scale that is applied twice is far smaller.
_SCALES = (1e-6, 0.05)
# Normalised pixels, of dark pictures and after a BatchNorm's own factor too.
_FURTHEST = 12.0
# The means of pixels, subtracted alone (VGG, ResNet).
_MEANS = (50.0, 200.0)
_ONE = (0.5, 2.0)
_MOST = 0.9
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
    found = [
        _of_input(graph, network, i, layers)
        for i, spec in enumerate(network.inputs)
        if _takes_floats(spec)
    ]
    if not all(scaling.name for scaling in found):
        # One preprocessing is for all: an input that scales nothing needs it.
        found = [scaling for scaling in found if not scaling.name]
    first = found[0]
    return OwnScaling(first.name, first.low, first.high, first.changes, family)


def _takes_floats(spec: InputSpec) -> bool:
    return not spec.is_whole and len(spec.shape) > 0


def _of_input(graph: PixelGraph, network: Network, index: int, layers: Iterable[str]) -> OwnScaling:
    before = graph.before_weights(graph.feeds[index])
    if not before.first:
        return OwnScaling()
    try:
        values = graph.up_to(before.ends)
        black, grey, white = (
            _flat(values, network, index, value) for value in (0.0, _WHITE / 2, _WHITE)
        )
    except Exception:
        # A part of a graph that can't be run by itself: a table, a loop's inside.
        return OwnScaling()
    slope = (white - black) / _WHITE
    moved = slope != 0.0
    if not moved.any() or not np.isfinite(slope).all():
        # Each picture is brought to its own range: any that goes in comes out the same.
        return OwnScaling()
    slope, black, white, grey = slope[moved], black[moved], white[moved], grey[moved]
    is_affine = np.allclose(grey, (black + white) / 2, rtol=1e-2, atol=1e-3 * np.ptp(white))
    low, high = float(np.median(black)), float(np.median(white))
    if is_affine and _is_scaling(slope, black, white):
        return OwnScaling(_named(before.first, layers), low, high, changes=True)
    return OwnScaling("", low, high, changes=not np.allclose([low, high], [0.0, _WHITE]))


def _is_scaling(slope: Array, black: Array, white: Array) -> bool:
    """Tell whether pixels come out in a range that weights are trained on."""
    if max((slope > 0).mean(), (slope < 0).mean()) < _MOST:
        return False
    size, start = float(np.median(np.abs(slope))), float(np.median(black))
    furthest = float(np.median(np.maximum(np.abs(black), np.abs(white))))
    if _SCALES[0] <= size <= _SCALES[1]:
        return furthest <= _FURTHEST
    return _ONE[0] <= size <= _ONE[1] and _MEANS[0] <= -start <= _MEANS[1]


def _flat(values: Callable[..., list[Any]], network: Network, index: int, value: float) -> Array:
    """Return what pictures of one grey are, before the weights."""
    given = [
        np.full(
            (network.batch or 1, *(side or _ANY_SIDE for side in spec.shape)),
            value if i == index else 0.0,
            spec.dtype,
        )
        for i, spec in enumerate(network.inputs)
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
