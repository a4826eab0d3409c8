"""Masks: where a model compares its input with a number, and leaves out what is equal to it.

Along a path from a baseline that is left out, the score jumps where the path leaves the number, and
no sum of gradients has the jump. A mask that is held is that of the input all along.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from igcli.models.graph.grappler import all_nodes
from igcli.models.graph.inlined import Inlined
from igcli.models.graph.rewrites import node_name
from igcli.models.graph.stateful import told

_COMPARES = frozenset({"NotEqual", "Equal", "Greater", "GreaterEqual", "Less", "LessEqual"})
_SIGNS = frozenset({"Sign"})
# They keep a number as it is, or keep apart what is zero and what is not.
_KEEPS = frozenset(
    """
    Identity Reshape Squeeze ExpandDims Transpose Cast StridedSlice Slice Split SplitV Unpack
    EnsureShape Abs Square Sum Max Mean
    """.split()
)
_DATA = {"Split": 1}
_SOURCE = "igcli_mask_source"
_COUNTED = re.compile(r"_\d+$")


@dataclass(frozen=True, slots=True)
class Mask:
    """A comparison of an input with a number.

    Attributes
    ----------
    node : str
        What compares.
    place : int
        Which of its inputs comes from the model's.
    chain : tuple of str
        The nodes from there to the model's input, that before the comparison first.
    told : str
        What it leaves out, in words.
    """

    node: str
    place: int
    chain: tuple[str, ...]
    told: str

    @property
    def scope(self) -> tuple[str, ...]:
        """Where it stands: the names of models and layers, outermost first."""
        return tuple(told(self.node).split("/")[:-1])


def may_mask(graph: Any) -> bool:
    """Tell whether anything in a graph compares; cheap."""
    return any(node.op in {"NotEqual", "Equal", "Greater", *_SIGNS} for node in all_nodes(graph))


def masks_of(inlined: Inlined) -> tuple[Mask, ...]:
    """Return where a graph compares its one input, as it is, with a number."""
    nodes = {node.name: node for node in inlined.graph.node}
    (feed,) = inlined.feeds
    return tuple(mask for node in inlined.graph.node for mask in _masks(nodes, node, feed))


def holding(tf: Any, inlined: Inlined, masks: tuple[Mask, ...]) -> Inlined:
    """Return a graph with a second input, which its masks are made of instead of the first."""
    edited = inlined.copy()
    graph = edited.graph
    (feed,) = edited.feeds
    nodes = {node.name: node for node in graph.node}
    source = graph.node.add()
    source.CopyFrom(nodes[feed])
    source.name = _SOURCE
    for mask in masks:
        before = _SOURCE
        for name in reversed(mask.chain):
            copy = graph.node.add()
            copy.CopyFrom(nodes[name])
            copy.name = f"{_SOURCE}/{mask.node}/{name}"
            place = _DATA.get(copy.op, 0)
            output = copy.input[place].partition(":")[2]
            copy.input[place] = f"{before}:{output}" if output else before
            before = copy.name
        node = nodes[mask.node]
        output = node.input[mask.place].partition(":")[2]
        node.input[mask.place] = f"{before}:{output}" if output else before
    return replace(edited, feeds=(feed, _SOURCE))


def _masks(nodes: Mapping[str, Any], node: Any, feed: str) -> Iterator[Mask]:
    if node.op in _SIGNS:
        chain = _chain(nodes, node.input[0], feed)
        if chain is not None:
            yield Mask(node.name, 0, chain, "what is 0")
    if node.op not in _COMPARES:
        return
    for place, other in ((0, 1), (1, 0)):
        value = _number(nodes, node.input[other])
        chain = None if value is None else _chain(nodes, node.input[place], feed)
        if chain is not None:
            yield Mask(node.name, place, chain, f"what is {value:g}")


def _chain(nodes: Mapping[str, Any], name: str, feed: str) -> tuple[str, ...] | None:
    """Return the nodes between a tensor and the input; None where it is no plain part of that."""
    chain = []
    node = nodes[node_name(name)]
    while node.name != feed:
        if node.op not in _KEEPS:
            return None
        chain.append(node.name)
        node = nodes[node_name(node.input[_DATA.get(node.op, 0)])]
    return tuple(chain)


def _number(nodes: Mapping[str, Any], name: str) -> float | None:
    from tensorflow.python.framework import tensor_util

    node = nodes[node_name(name)]
    while node.op in {"Identity", "Cast"}:
        node = nodes[node_name(node.input[0])]
    if node.op != "Const":
        return None
    value = tensor_util.MakeNdarray(node.attr["value"].tensor)
    number = value.dtype.kind in "iufb" and value.size == 1
    return float(value.ravel()[0]) if number else None


def titles(masks: Sequence[Mask], layers: Collection[str]) -> tuple[str, ...]:
    """Return what people call masks: the layer, where it is known which, else where it stands.

    A mask that a model makes for one of its layers stands beside that of the layer.
    """
    inner = [
        mask
        for mask in masks
        if not any(
            len(other.scope) > len(mask.scope) and other.scope[: len(mask.scope)] == mask.scope
            for other in masks
            if other.told == mask.told
        )
    ]
    return tuple(dict.fromkeys(f"{_where(mask, layers)} ({mask.told})" for mask in inner))


def _where(mask: Mask, layers: Collection[str]) -> str:
    for part in reversed(mask.scope):
        # TensorFlow counts scopes of the same name.
        for name in (part, _COUNTED.sub("", part)):
            if name in layers:
                return f"layer {name!r}"
    if mask.scope:
        return f"{mask.scope[-1]!r}"
    return f"operation {told(mask.node)!r}"
