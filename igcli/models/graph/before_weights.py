"""What stands before the weights of a traced graph: operations that only move or scale pixels."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from igcli.common.arrays import Array
from igcli.models.graph.fixed_filters import CONVOLUTIONS, captured, constant, is_fixed
from igcli.models.graph.inlined import Inlined, as_function
from igcli.models.graph.pixel_operations import (
    ASIDE,
    CHANGING,
    LISTS,
    NORMS,
    PASSING,
    calls,
    multiplies,
    only_pixels,
)
from igcli.models.graph.rewrites import node_name

# A matrix of so few numbers mixes channels, RGB to grey for one.
_MIXING = frozenset({"MatMul", "BatchMatMulV2", "Einsum"})
_FEW = 12
_RENAMING = frozenset({"Identity", "Reshape", "Cast", "ReadVariableOp", "Transpose"})


@dataclass(frozen=True, slots=True)
class BeforeWeights:
    """The end of what happens to an input before its numbers meet weights.

    Attributes
    ----------
    ends : tuple of str
        The tensors that go into weights, or out of the model.
    first : str
        The first node that changes numbers; empty where none does.
    unknown : str
        A node of which can't be told whether it belongs to the one or the other; empty for none.
    """

    ends: tuple[str, ...]
    first: str
    unknown: str = ""


class PixelGraph:
    """An inlined graph, to be followed from its inputs on."""

    def __init__(self, tf: Any, inlined: Inlined) -> None:
        self._tf = tf
        self._inlined = inlined
        self.feeds = inlined.feeds
        self._nodes = {node.name: node for node in inlined.graph.node}
        self._functions = {f.signature.name: f for f in inlined.graph.library.function}
        self._users: defaultdict[str, list[Any]] = defaultdict(list)
        for node in inlined.graph.node:
            for name in dict.fromkeys(node_name(i) for i in node.input if i[0] != "^"):
                self._users[name].append(node)

    def names(self) -> Iterator[str]:
        """Yield the names of nodes and variables, scope by scope."""
        for path in (*self._nodes, *(v.name for v in self._inlined.variables.values())):
            for part in re.split("[/:;]", path):
                yield part
                yield re.sub(r"_\d+$", "", part)

    def before_weights(self, feed: str) -> BeforeWeights:
        """Follow an input up to the first weights on each of its ways."""
        waiting, seen, ends = [feed], {feed}, dict[str, None]()
        first, unknown = "", ""
        while waiting:
            name = waiting.pop(0)
            for user in self._users[name]:
                if user.op in ASIDE:
                    continue
                if not self._passes(user):
                    ends.update(dict.fromkeys(_tensors(user, name)))
                    unknown = unknown or ("" if self._has_weights(user) else user.name)
                elif user.name not in seen:
                    seen.add(user.name)
                    waiting.append(user.name)
                    first = first or (user.name if user.op in CHANGING or calls(user) else "")
            ends.update({t: None for t in self._inlined.outputs if node_name(t) == name})
        return BeforeWeights(tuple(ends), first, unknown)

    def _passes(self, node: Any) -> bool:
        if node.op in NORMS:
            return not node.attr["is_training"].b
        if node.op in _MIXING:
            return any(self._is_small(name) for name in node.input[:2])
        if node.op in CONVOLUTIONS:
            return self._is_small(node.input[1]) or self._is_filter(node)
        if node.op in LISTS:
            # What a loop goes over; the rows of a recurrent network are none of it.
            return all(self._passes(user) for user in self._users[node.name])
        return only_pixels(node, self._functions) if calls(node) else node.op in PASSING

    def _has_weights(self, node: Any) -> bool:
        """Tell whether weights of the model go into a node."""
        if multiplies(node, self._functions):
            return True
        if node.op in LISTS:
            return any(self._has_weights(user) for user in self._users[node.name])
        given = map(self._source, node.input)
        return any(n is not None and n.name in self._inlined.captured for n in given)

    def _source(self, name: str) -> Any:
        """Return the node that a tensor is from, under whatever name it is passed on."""
        node = self._nodes.get(node_name(name))
        while node is not None and node.op in _RENAMING:
            node = self._nodes.get(node_name(node.input[0]))
        return node

    def _is_small(self, name: str) -> bool:
        node = self._source(name)
        if node is None or node.op != "Const":
            return False
        sides = [side.size for side in node.attr["value"].tensor.tensor_shape.dim]
        return bool(sides) and int(self._tf.reduce_prod(sides)) <= _FEW

    def _is_filter(self, node: Any) -> bool:
        kernel = self._numbers(node.input[1])
        return kernel is not None and is_fixed(node.op, kernel)

    def _numbers(self, name: str) -> Array | None:
        """Return the numbers of a constant or a variable, where they are few."""
        node = self._source(name)
        if node is None:
            return None
        if node.op == "Const":
            return constant(self._tf, node)
        outside = self._inlined.variables.get(node.name, self._inlined.captured.get(node.name))
        return None if outside is None else captured(outside)

    def up_to(self, ends: Sequence[str]) -> Callable[..., list[Any]]:
        """Return the function of the inputs that gives these tensors."""
        tf, nodes = self._tf, list(dict.fromkeys(map(node_name, ends)))
        part = replace(
            self._inlined,
            graph=tf.compat.v1.graph_util.extract_sub_graph(self._inlined.graph, nodes),
            outputs=tuple(ends),
            shapes=(tf.TensorShape(None),) * len(ends),
        )
        function = as_function(tf, part)

        def called(*tensors: Any) -> list[Any]:
            return function(tensors)

        traced: Callable[..., list[Any]] = tf.function(called, autograph=False)
        return traced


def _tensors(user: Any, name: str) -> list[str]:
    """Return the tensors of a node that another one uses."""
    used = [i for i in user.input if i[0] != "^" and node_name(i) == name]
    return [i if ":" in i else f"{i}:0" for i in used]
