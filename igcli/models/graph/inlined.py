"""An inlined graph: a traced function without calls, to be looked at, edited and called again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from igcli.models.graph.grappler import all_nodes, optimized, rename_functions
from igcli.models.graph.rewrites import node_name

_BRANCHES = {"If": "StatefulPartitionedCall", "StatelessIf": "PartitionedCall"}
_LOGIC: dict[str, Callable[[list[bool]], bool]] = {
    "Identity": all,
    "LogicalAnd": all,
    "LogicalOr": any,
    "LogicalNot": lambda values: not values[0],
}
_MOST_INLININGS = 8


@dataclass(frozen=True, slots=True)
class Inlined:
    """A traced function's graph.

    Attributes
    ----------
    graph : GraphDef
        Its nodes. Functions are left only as bodies and branches of loops and conditions.
    feeds : tuple of str
        The inputs' placeholders, by name.
    outputs : tuple of str
        The outputs' tensors, by name.
    shapes : tuple
        Their shapes, as far as they are known.
    captured : mapping of str to Any
        What stands outside, variables above all, by its placeholder's name.
    variables : mapping of str to Any
        Those of them that are variables.
    function : callable
        What was traced; it keeps the variables alive.
    """

    graph: Any
    feeds: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: tuple[Any, ...]
    captured: Mapping[str, Any]
    variables: Mapping[str, Any]
    function: Callable[..., Any]

    def node(self, name: str) -> Any:
        """Return a node by its name, or by that of one of its tensors."""
        return {node.name: node for node in self.graph.node}[node_name(name)]

    def copy(self) -> "Inlined":
        """Return the same with a graph of its own, which may be edited."""
        graph = type(self.graph)()
        graph.CopyFrom(self.graph)
        return replace(self, graph=graph)


def trace(tf: Any, function: Callable[..., Any], specs: Sequence[Any]) -> Any:
    """Return a function's graph as TensorFlow traces it, calls and all."""
    return tf.function(function, autograph=False).get_concrete_function(*specs)


def inline(tf: Any, function: Callable[..., Any], specs: Sequence[Any]) -> Inlined:
    """Trace a function of tensors that returns a list of them, and write its calls out.

    A condition on what is constant, such as ``training``, becomes the branch that is taken.
    """
    return inline_trace(tf, function, trace(tf, function, specs))


def inline_trace(tf: Any, function: Callable[..., Any], concrete: Any) -> Inlined:
    """Write out the calls of a function that is traced already; see `inline`."""
    inner = {id(tensor): outer for outer, tensor in concrete.graph.captures}
    handles = {id(variable.handle): variable for variable in concrete.graph.variables}
    captured = {t.op.name: inner[id(t)] for t in concrete.inputs if id(t) in inner}
    outputs = tuple(tensor.name for tensor in concrete.outputs)
    kept = [tensor.op.name for tensor in (*concrete.inputs, *concrete.outputs)]
    graph = concrete.graph.as_graph_def()
    _keep_loops(graph)
    for _ in range(_MOST_INLININGS):
        graph = optimized(tf, graph, kept, ["function"], small=True)
        if not _take_branches(graph):
            break
    return Inlined(
        graph=graph,
        feeds=tuple(t.op.name for t in concrete.inputs if id(t) not in inner),
        outputs=outputs,
        shapes=tuple(tensor.shape for tensor in concrete.outputs),
        captured=captured,
        variables={n: handles[id(o)] for n, o in captured.items() if id(o) in handles},
        function=function,
    )


def as_function(tf: Any, inlined: Inlined) -> Callable[[Sequence[Any]], list[Any]]:
    """Return the function of an inlined graph, to be called while another is being traced."""
    graph = inlined.copy().graph
    rename_functions(graph)
    make_known(graph)

    def function(tensors: Sequence[Any], _alive: Any = inlined.function) -> list[Any]:
        here = tf.compat.v1.get_default_graph()
        given = {name: here.capture(outer) for name, outer in inlined.captured.items()}
        given |= dict(zip(inlined.feeds, tensors, strict=True))
        for variable in inlined.variables.values():
            # Who freezes the graph asks it for its variables.
            here.watch_variable(variable)
        names = {node.name for node in graph.node}
        results: list[Any] = tf.graph_util.import_graph_def(
            graph,
            input_map={f"{name}:0": tensor for name, tensor in given.items() if name in names},
            return_elements=list(inlined.outputs),
            name="",
        )
        for result, shape in zip(results, inlined.shapes, strict=True):
            result.set_shape(shape)
        return results

    return function


def make_known(graph: Any) -> None:
    """Tell TensorFlow of a graph's functions: an import does so to that graph, not to who runs it.

    Their names must be new.
    """
    from tensorflow.python.eager import context

    for definition in graph.library.function:
        context.context().add_function_def(definition)


def behind(nodes: Mapping[str, Any], ends: Sequence[str]) -> Iterator[Any]:
    """Yield the nodes that tensors are computed from, these included; order alone is no reason."""
    seen: set[str] = set()
    waiting = [node_name(end) for end in ends]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in nodes:
            seen.add(name)
            yield nodes[name]
            waiting += [node_name(i) for i in nodes[name].input if not i.startswith("^")]


def _keep_loops(graph: Any) -> None:
    """Leave loops and conditions as they are, and drop second versions of functions for GPUs."""
    for node in all_nodes(graph):
        if "_lower_using_switch_merge" in node.attr:
            node.attr["_lower_using_switch_merge"].b = False
    for function in graph.library.function:
        function.attr.pop("api_implements", None)


def _take_branches(graph: Any) -> bool:
    """Write conditions on constants as calls of the branch that is taken; tell whether any was."""
    nodes = {node.name: node for node in graph.node}
    taken = False
    for node in graph.node:
        value = _known(nodes, node.input[0]) if node.op in _BRANCHES else None
        if value is not None:
            branch = node.attr["then_branch" if value else "else_branch"].func
            node.op = _BRANCHES[node.op]
            node.attr["f"].func.CopyFrom(branch)
            for key in ("Tcond", "then_branch", "else_branch", "output_shapes"):
                node.attr.pop(key, None)
            node.attr.pop("_lower_using_switch_merge", None)
            del node.input[0]
            taken = True
    return taken


def _known(nodes: Mapping[str, Any], name: str) -> bool | None:
    """Return a truth value that follows from constants alone; None where none does."""
    from tensorflow.python.framework import tensor_util

    node = nodes[node_name(name)]
    if node.op == "Const":
        value = tensor_util.MakeNdarray(node.attr["value"].tensor)
        return bool(value) if value.size == 1 else None
    if node.op not in _LOGIC:
        return None
    values = [_known(nodes, i) for i in node.input if not i.startswith("^")]
    known = [value for value in values if value is not None]
    return _LOGIC[node.op](known) if len(known) == len(values) else None
