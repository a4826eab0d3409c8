"""An integer input as floats: the path runs in what a model makes of its pixels before all else.

A model of uint8 pixels casts them to floats first, behind a crop or a reshape at most. The same
graph with floats in place of the integers gives the same for whole numbers, has values between
them, and a gradient.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from igcli.models.graph.inlined import Inlined

# A tensor, as the node that gives it and the number of its output.
Tensor: TypeAlias = tuple[str, int]

# The same numbers in other places, of the type that the attribute T names.
_MOVES = frozenset(
    """
    Identity Reshape ExpandDims Squeeze Transpose Reverse ReverseV2 StridedSlice Slice Pad PadV2
    MirrorPad BroadcastTo Tile EnsureShape ResizeNearestNeighbor Gather GatherV2 Unpack Split SplitV
    ConcatV2 Pack Snapshot
    """.split()
)
# Only their shape counts.
_SHAPES = frozenset({"Shape", "Rank", "Size"})
# They take any numbers and give floats.
_TO_FLOATS = frozenset({"ResizeBilinear", "ResizeBicubic", "ResizeArea", "CropAndResize"})
_LISTS = frozenset(
    {"TensorListFromTensor", "TensorListGetItem", "TensorListStack", "TensorListGather"}
)
_LOOPS = frozenset({"While", "StatelessWhile"})
_TYPE = {"Gather": "Tparams", "GatherV2": "Tparams", "Cast": "SrcT"}


class _NotCast(Exception):
    """Integers that something else than floats is made of."""


def as_floats(tf: Any, inlined: Inlined, feed: str) -> Inlined | None:
    """Return a graph that takes floats for an input of integers; None where it does more with them.

    Parameters
    ----------
    tf : module
        TensorFlow.
    inlined : Inlined
        The graph.
    feed : str
        The input's placeholder.
    """
    edited = inlined.copy()
    graph = edited.graph
    library = {function.signature.name: function for function in graph.library.function}
    flow = _Flow(tf, library)
    try:
        floats = flow.spread(graph.node, [(feed, 0)])
    except _NotCast:
        return None
    if not flow.casts:
        return None
    _Edit(tf, graph, library).edit(graph.node, floats, flow)
    edited.node(feed).attr["dtype"].type = tf.float32.as_datatype_enum
    return edited


class _Flow:
    """Where integers go until they become floats.

    Attributes
    ----------
    casts : int
        In how many places they become floats.
    """

    def __init__(self, tf: Any, library: Mapping[str, Any]) -> None:
        self._tf = tf
        self._library = library
        self.casts = 0

    def spread(self, nodes: Any, start: Iterable[Tensor]) -> set[Tensor]:
        """Return every tensor that holds the integers; raise _NotCast where more is done."""
        users: dict[str, list[Any]] = {}
        for node in nodes:
            for name in node.input:
                users.setdefault(tensor_of(name)[0], []).append(node)
        found: set[Tensor] = set()
        waiting = deque(start)
        while waiting:
            tensor = waiting.popleft()
            if tensor not in found:
                found.add(tensor)
                for node in users.get(tensor[0], []):
                    if tensor in map(tensor_of, node.input):
                        waiting += self._given(node, found)
        return found

    def within(self, node: Any, floats: set[Tensor]) -> dict[str, set[Tensor]]:
        """Return the same for a loop's functions, by their names."""
        places = places_in(node, floats)
        found = {}
        for key in ("cond", "body"):
            function = self._library[node.attr[key].func.name]
            arguments = function.signature.input_arg
            found[function.signature.name] = self.spread(
                function.node_def, [(arguments[i].name, 0) for i in places]
            )
        body = self._library[node.attr["body"].func.name]
        inner = found[body.signature.name]
        results = (tensor_of(body.ret[argument.name]) for argument in body.signature.output_arg)
        if [i for i, result in enumerate(results) if result in inner] != places:
            raise _NotCast(node.name)
        return found

    def _given(self, node: Any, found: set[Tensor]) -> Iterator[Tensor]:
        """Yield which of a node's outputs hold the integers too."""
        if node.op == "Cast":
            kind = self._tf.as_dtype(node.attr["DstT"].type)
            if kind.is_floating:
                self.casts += 1
            elif kind.is_integer and kind != self._tf.int8:
                yield node.name, 0
            else:
                raise _NotCast(node.name)
        elif node.op in _TO_FLOATS:
            self.casts += 1
        elif node.op in _MOVES or node.op in _LISTS:
            counts = (node.attr[key].i for key in ("num", "num_split") if key in node.attr)
            yield from ((node.name, i) for i in range(next(counts, 1)))
        elif node.op in _LOOPS:
            self.within(node, found)
            yield from ((node.name, i) for i in places_in(node, found))
        elif node.op not in _SHAPES:
            raise _NotCast(node.name)


class _Edit:
    """Gives nodes the type of the floats that they now get."""

    def __init__(self, tf: Any, graph: Any, library: Mapping[str, Any]) -> None:
        self._float = tf.float32.as_datatype_enum
        self._variant = tf.variant.as_datatype_enum
        self._integers = {kind.as_datatype_enum for kind in _integers(tf)}
        self._graph = graph
        self._library = library
        self._copies = 0

    def edit(self, nodes: Any, floats: set[Tensor], flow: _Flow, inside: bool = False) -> None:
        """Edit a graph's nodes, or a function's."""
        for node in list(nodes):
            if not floats & set(map(tensor_of, node.input)):
                continue
            if node.op in _LOOPS:
                self._edit_loop(node, floats, flow)
            elif node.op in _LISTS:
                node.attr["element_dtype"].type = self._float
            else:
                key = _TYPE.get(node.op, "T")
                before = node.attr[key].type
                node.attr[key].type = self._float
                if node.op == "Cast" and node.attr["DstT"].type in self._integers:
                    node.attr["DstT"].type = self._float
                self._cast_others(nodes, node, floats, before, inside)

    def _edit_loop(self, node: Any, floats: set[Tensor], flow: _Flow) -> None:
        places, inner = places_in(node, floats), flow.within(node, floats)
        for key in ("cond", "body"):
            function = self._graph.library.function.add()
            function.CopyFrom(self._library[node.attr[key].func.name])
            self._copies += 1
            old = function.signature.name
            function.signature.name = f"{old}_igcli_floats_{self._copies}"
            node.attr[key].func.name = function.signature.name
            arguments = [function.signature.input_arg[i] for i in places]
            if key == "body":
                arguments += [function.signature.output_arg[i] for i in places]
            for argument in arguments:
                if argument.type != self._variant:
                    argument.type = self._float
            self.edit(function.node_def, inner[old], flow, inside=True)
        types = node.attr["T"].list.type
        for i in places:
            if types[i] != self._variant:
                types[i] = self._float

    def _cast_others(
        self, nodes: Any, node: Any, floats: set[Tensor], before: int, inside: bool
    ) -> None:
        """Cast what a node joins with floats: the border of a picture, say."""
        for i in _typed(node):
            if tensor_of(node.input[i]) not in floats:
                cast = nodes.add(name=f"{node.name}/igcli_cast_{i}", op="Cast")
                cast.input.append(node.input[i])
                cast.attr["SrcT"].type, cast.attr["DstT"].type = before, self._float
                node.input[i] = f"{cast.name}:y:0" if inside else cast.name


def _typed(node: Any) -> range | tuple[int, ...]:
    """Return which inputs of a node share its type."""
    if node.op in {"ConcatV2", "Pack"}:
        return range(node.attr["N"].i)
    if node.op == "PadV2":
        return (0, 2)
    return (1,) if node.op == "Split" else (0,)


def tensor_of(name: str) -> Tensor:
    """Return which tensor a node's input names, in a graph or in a function."""
    node, _, output = name.partition(":")
    return node, int(output.rpartition(":")[2] or 0)


def places_in(node: Any, floats: set[Tensor]) -> list[int]:
    """Return which inputs of a node hold them."""
    return [i for i, name in enumerate(node.input) if tensor_of(name) in floats]


def _integers(tf: Any) -> tuple[Any, ...]:
    return (tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.int16, tf.int32, tf.int64)
