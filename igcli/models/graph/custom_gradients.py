"""Custom gradients: the derivatives that a model names itself, kept while its graph is frozen.

TensorFlow hangs them on an IdentityN, which Grappler takes for idle. What a gradient takes from the
graph that it was written in (an intermediate result, a kernel) becomes an input of that node, so
that it is at hand wherever the graph is imported.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from igcli.common.errors import ModelError
from igcli.common.text import the_first
from igcli.models.graph.grappler import all_nodes
from igcli.models.graph.inlined import Inlined, as_function, inline_trace, trace
from igcli.models.graph.rewrites import node_name
from igcli.models.graph.stateful import told

_KEY = "_gradient_op_type"
_OURS = "IgcliCustom-"
# A call's gradient is that of the function's own graph.
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_SHOWN = 2


class NotHeld(Exception):
    """A custom gradient that a frozen graph can't keep."""


def has_custom_gradients(graph: Any) -> bool:
    """Tell whether any node of a graph, in functions too, has a gradient of its own."""
    return any(_is_custom(node) for node in all_nodes(graph))


def forget_swish(graph: Any) -> None:
    """Take away the custom gradient of TensorFlow's swish: the plain derivative, in less memory."""
    for body in (graph.node, *(function.node_def for function in graph.library.function)):
        nodes = {node.name: node for node in body}
        for node in body:
            if _is_custom(node) and _is_swish(nodes, node):
                del node.attr[_KEY]


def forget_unsaved(graph: Any) -> tuple[str, ...]:
    """Take away custom gradients that the file lacks; return what had them."""
    lost = [node for node in all_nodes(graph) if _is_custom(node) and _registered(node) is None]
    for node in lost:
        del node.attr[_KEY]
    return tuple(sorted({told(node.name) for node in lost}))


def hold_gradients(tf: Any, graph: Any, traced: Any) -> None:
    """Make the custom gradients of a graph independent of the one that they were written in.

    Parameters
    ----------
    graph : GraphDef
        A traced graph, its calls not yet written out; changed.
    traced : FuncGraph
        The graph that it was made of.

    Raises
    ------
    NotHeld
        When a gradient takes something from another graph still.
    """
    operations = {op.name: op for op in traced.get_operations()}
    for node in graph.node:
        if _is_custom(node) and node.name in operations:
            _hold(tf, node, operations[node.name], traced)


def check_held(tf: Any, graph: Any) -> None:
    """Raise NotHeld where a graph without calls has gradients that it can't do alone."""
    for function in graph.library.function:
        for node in function.node_def:
            if _is_custom(node):
                raise NotHeld(f"{node.name} has a custom gradient inside a loop or a condition")
    for node in graph.node:
        if _is_custom(node) and not node.attr[_KEY].s.decode().startswith(_OURS):
            kinds = [tf.as_dtype(kind) for kind in node.attr["T"].list.type]
            with tf.init_scope():
                found = _Gradient.of(tf, node, _registered(node), [(None, k) for k in kinds], None)
            if not _are_eager(found.inlined.captured.values()):
                raise NotHeld(f"the custom gradient of {told(node.name)} needs its own function")


def check_within_reach(tf: Any, function: Callable[[Any], Any], rows: Any, names: Any) -> None:
    """Raise ModelError where a function's gradient takes what lies outside of its graph.

    Parameters
    ----------
    function : callable
        A tensor → a tensor.
    rows : tf.TensorSpec
        Its input.
    names : sequence of str
        What has custom gradients.
    """
    concrete = trace(tf, lambda x: tf.gradients(function(x), x), [rows])
    if not _are_eager(concrete.captured_inputs):
        raise ModelError(
            f"the custom gradient of {the_first(names, _SHOWN)} can't be followed",
            "it needs numbers of another graph, which had to be rewritten: it writes variables, "
            "takes integers or has a fixed batch",
            "export it for inference, for floats and batches of any size",
        )


def names_of(graph: Any) -> tuple[str, ...]:
    """Name the nodes that have custom gradients."""
    return tuple(sorted({told(node.name) for node in all_nodes(graph) if _is_custom(node)}))


@dataclass(frozen=True, slots=True)
class _Gradient:
    """A traced gradient function.

    Attributes
    ----------
    inlined : Inlined
        Its graph.
    taken : tuple of int
        Which of the node's outputs it takes the incoming gradients of.
    given : tuple of int
        Which of the node's inputs it gives a gradient of.
    """

    inlined: Inlined
    taken: tuple[int, ...]
    given: tuple[int, ...]

    @classmethod
    def of(
        cls, tf: Any, node: Any, function: Any, outputs: Sequence[tuple[Any, Any]], op: Any
    ) -> "_Gradient":
        """Trace a registered gradient for outputs of these shapes and types."""
        kinds = list(enumerate(outputs))
        taken = tuple(i for i, (_, kind) in kinds if kind.is_floating or kind.is_complex)
        given: list[int] = []

        def gradient(*incoming: Any) -> list[Any]:
            every = dict(zip(taken, incoming, strict=True))
            found = function(op, *(every.get(i) for i, _ in kinds))
            found = found if isinstance(found, list | tuple) else [found]
            given[:] = [i for i, one in enumerate(found) if one is not None]
            return [tf.convert_to_tensor(found[i]) for i in given]

        specs = [tf.TensorSpec(*outputs[i]) for i in taken]
        try:
            traced = trace(tf, gradient, specs)
        except Exception as error:
            # What a user's own function raises on shapes that are not known.
            raise NotHeld(f"the custom gradient of {told(node.name)} can't be traced") from error
        return cls(inline_trace(tf, gradient, traced), taken, tuple(given))


def _hold(tf: Any, node: Any, op: Any, traced: Any) -> None:
    """Trace a node's gradient, and give the node what that takes from the graph as inputs."""
    with traced.as_default():
        outputs = [(tensor.shape, tensor.dtype) for tensor in op.outputs]
        found = _Gradient.of(tf, node, _registered(node), outputs, op)
    outer = {id(inner): held for held, inner in traced.captures}
    captured = {name: outer.get(id(t), t) for name, t in found.inlined.captured.items()}
    inner = {name: t for name, t in captured.items() if not _are_eager([t])}
    if any(tensor.graph is not traced for tensor in inner.values()):
        raise NotHeld(f"the custom gradient of {told(node.name)} needs another graph")
    order = [name for name in node.input if name.startswith("^")]
    data = [name for name in node.input if not name.startswith("^")]
    del node.input[:]
    node.input.extend([*data, *(tensor.name for tensor in inner.values()), *order])
    node.attr["T"].list.type.extend(t.dtype.as_datatype_enum for t in inner.values())
    own = replace(
        found.inlined,
        feeds=(*found.inlined.feeds, *inner),
        captured={name: t for name, t in captured.items() if name not in inner},
    )
    _register(tf, node, replace(found, inlined=own), len(data), len(inner))


def _register(tf: Any, node: Any, found: _Gradient, count: int, held: int) -> None:
    name = f"{_OURS}{uuid4().hex}"
    function = as_function(tf, found.inlined)

    @tf.RegisterGradient(name)  # type: ignore[untyped-decorator]
    def gradient(op: Any, *incoming: Any) -> list[Any]:
        given = function([*(incoming[i] for i in found.taken), *op.inputs[count:]])
        by_input = dict(zip(found.given, given, strict=True))
        return [by_input.get(i) for i in range(count + held)]

    node.attr[_KEY].s = name.encode()


def _is_custom(node: Any) -> bool:
    return _KEY in node.attr and node.op not in _CALLS


def _registered(node: Any) -> Any:
    from tensorflow.python.framework import ops

    try:
        return ops.gradient_registry.lookup(node.attr[_KEY].s.decode())
    except LookupError:
        return None


def _are_eager(tensors: Iterable[Any]) -> bool:
    """Tell whether all tensors have values, rather than stand for some in another graph."""
    from tensorflow.python.framework.ops import EagerTensor

    return all(isinstance(tensor, EagerTensor) for tensor in tensors)


def _is_swish(nodes: Any, node: Any) -> bool:
    """Tell IdentityN(x · sigmoid(beta · x), x, beta), as TensorFlow itself writes it."""
    if node.op != "IdentityN" or len(node.input) != 3:
        return False
    result, x, beta = map(node_name, node.input)
    for sigmoid in _factors(nodes, result, x):
        if sigmoid in nodes and nodes[sigmoid].op == "Sigmoid":
            return beta in _factors(nodes, node_name(nodes[sigmoid].input[0]), x)
    return False


def _factors(nodes: Any, product: str, one: str) -> list[str]:
    """Return the other factor of a product."""
    if product not in nodes or nodes[product].op != "Mul":
        return []
    factors = [node_name(name) for name in nodes[product].input[:2]]
    if one not in factors:
        return []
    factors.remove(one)
    return factors
