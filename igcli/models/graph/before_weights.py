"""What stands before the weights of a traced graph: operations that only move or scale pixels."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from igcli.common.arrays import Array
from igcli.models.graph.rewrites import node_name

_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
_ARITHMETIC = _NORMS | frozenset("Mul Sub Add AddV2 RealDiv Div DivNoNan BiasAdd".split())
_PASSING = _ARITHMETIC | frozenset(
    "Cast Identity IdentityN StopGradient PreventGradient CheckNumerics Snapshot Neg Reciprocal "
    "Reshape ExpandDims Squeeze Transpose Pad PadV2 MirrorPad StridedSlice Slice ReverseV2 Reverse "
    "Split SplitV Unpack Pack ConcatV2 Concat GatherV2 Gather Tile BroadcastTo Select SelectV2 "
    "ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea ScaleAndTranslate CropAndResize "
    "ClipByValue Minimum Maximum Mean Sum Min Max Square SquaredDifference Sqrt Rsqrt "
    "AddN SpaceToBatchND BatchToSpaceND SpaceToDepth PlaceholderWithDefault EnsureShape".split()
)
# They tell of an input's size, or check it, and nothing of its numbers goes on.
_ASIDE = frozenset(
    "Shape ShapeN Size Rank Assert NoOp Less LessEqual Greater GreaterEqual Equal NotEqual "
    "IsNan IsInf IsFinite All Any ZerosLike OnesLike".split()
)
# A matrix of so few numbers mixes channels, RGB to grey for one.
_MIXING = frozenset({"MatMul", "BatchMatMulV2", "Einsum"})
_FEW = 12


@dataclass(frozen=True, slots=True)
class BeforeWeights:
    """The end of what happens to an input before its numbers meet weights.

    Attributes
    ----------
    ends : tuple of str
        The tensors that go into weights, or out of the model.
    first : str
        The first node that changes numbers; empty where none does.
    """

    ends: tuple[str, ...]
    first: str


class TracedGraph:
    """A traced function's graph, its calls written out, its variables where they are."""

    def __init__(self, tf: Any, concrete: Any) -> None:
        # Grappler's inlining, without the copy of all weights that freezing makes.
        from tensorflow.python.framework import convert_to_constants

        self._tf = tf
        self._concrete = concrete
        self._outer = {inner.op.name: outer for outer, inner in concrete.graph.captures}
        self.feeds = tuple(t.op.name for t in concrete.inputs if t.op.name not in self._outer)
        self._outputs = {f"{t.op.name}:{t.value_index}" for t in concrete.outputs}
        self._graph = convert_to_constants._run_inline_graph_optimization(concrete, False, False)
        self._nodes = {node.name: node for node in self._graph.node}
        self._users: defaultdict[str, list[Any]] = defaultdict(list)
        for node in self._graph.node:
            for name in dict.fromkeys(node_name(i) for i in node.input if i[0] != "^"):
                self._users[name].append(node)

    def names(self) -> Iterator[str]:
        """Yield the names of nodes and variables, scope by scope."""
        for path in (*self._nodes, *(v.name for v in self._concrete.graph.variables)):
            for part in re.split("[/:;]", path):
                yield part
                yield re.sub(r"_\d+$", "", part)

    def before_weights(self, feed: str) -> BeforeWeights:
        """Follow an input up to the first weights on each of its ways."""
        waiting, seen, ends, first = [feed], {feed}, dict[str, None](), ""
        while waiting:
            name = waiting.pop(0)
            for user in self._users[name]:
                if user.op in _ASIDE:
                    continue
                if not self._passes(user):
                    ends.update(dict.fromkeys(_tensors(user, name)))
                elif user.name not in seen:
                    seen.add(user.name)
                    waiting.append(user.name)
                    first = first or (user.name if user.op in _ARITHMETIC else "")
            ends.update({t: None for t in self._outputs if node_name(t) == name})
        return BeforeWeights(tuple(ends), first)

    def _passes(self, node: Any) -> bool:
        if node.op in _NORMS:
            return not node.attr["is_training"].b
        if node.op in _MIXING:
            return any(self._is_small(name) for name in node.input[:2])
        return node.op in _PASSING

    def _is_small(self, name: str) -> bool:
        node = self._nodes.get(node_name(name))
        while node is not None and node.op in {"Identity", "Reshape", "Cast"}:
            node = self._nodes.get(node_name(node.input[0]))
        if node is None or node.op != "Const":
            return False
        sides = [side.size for side in node.attr["value"].tensor.tensor_shape.dim]
        return bool(sides) and int(self._tf.reduce_prod(sides)) <= _FEW

    def values(self, ends: Sequence[str], given: Mapping[str, Array]) -> list[Array]:
        """Return what tensors are for inputs, by their placeholders' names."""
        tf = self._tf
        part = tf.compat.v1.graph_util.extract_sub_graph(
            self._graph, list(dict.fromkeys(map(node_name, ends)))
        )
        there = {node.name for node in part.node}

        def function(rows: dict[str, Any]) -> Any:
            here = tf.compat.v1.get_default_graph()
            outer = {n: here.capture(o) for n, o in self._outer.items() if n in there}
            found = {f"{n}:0": t for n, t in {**outer, **rows}.items() if n in there}
            return tf.graph_util.import_graph_def(
                part, input_map=found, return_elements=list(ends), name=""
            )

        rows = {name: tf.constant(array) for name, array in given.items()}
        return [t.numpy() for t in tf.function(function, autograph=False)(rows)]


def _tensors(user: Any, name: str) -> list[str]:
    """Return the tensors of a node that another one uses."""
    used = [i for i in user.input if i[0] != "^" and node_name(i) == name]
    return [i if ":" in i else f"{i}:0" for i in used]
