"""What stands before the weights of a traced graph: operations that only move or scale pixels."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from igcli.models.graph.inlined import Inlined, as_function
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


class PixelGraph:
    """An inlined graph, to be followed from its inputs on."""

    def __init__(self, tf: Any, inlined: Inlined) -> None:
        self._tf = tf
        self._inlined = inlined
        self.feeds = inlined.feeds
        self._nodes = {node.name: node for node in inlined.graph.node}
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
            ends.update({t: None for t in self._inlined.outputs if node_name(t) == name})
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
