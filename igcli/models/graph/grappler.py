"""Grappler, TensorFlow's own rewrites of graphs, on a graph that is no part of anything yet."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})


def optimized(
    tf: Any, graph: Any, kept: Sequence[str], optimizers: Sequence[str], small: bool = False
) -> Any:
    """Return a graph after some optimizers, with new names for its functions.

    Parameters
    ----------
    graph : GraphDef
        Changed: what keeps functions from being inlined is dropped.
    kept : sequence of str
        The nodes that must stay: all that they don't need goes.
    optimizers : sequence of str
        Grappler's names.
    small : bool
        Whether graphs of a few nodes are worth it too.
    """
    from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
    from tensorflow.python.grappler import tf_optimizer

    _let_inline(graph)
    with tf.Graph().as_default() as scratch:
        tf.graph_util.import_graph_def(graph, name="")
    meta = tf.compat.v1.train.export_meta_graph(graph_def=scratch.as_graph_def(), graph=scratch)
    meta.collection_def["train_op"].node_list.value.extend(kept)
    config = config_pb2.ConfigProto()
    options = config.graph_options.rewrite_options
    options.optimizers.extend(optimizers)
    options.min_graph_nodes = -1 if small else 0
    options.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.TWO
    result = tf_optimizer.OptimizeGraph(config, meta)
    rename_functions(result)
    return result


def _let_inline(graph: Any) -> None:
    """Drop the wish to be compiled apart: Keras 3 wraps grouped convolutions so."""
    for function in graph.library.function:
        for key in ("_XlaMustCompile", "_noinline"):
            function.attr.pop(key, None)
        if function.signature.is_stateful and not function.control_ret:
            _name_state(function)
    for node in all_nodes(graph):
        node.attr.pop("_XlaMustCompile", None)


def _name_state(function: Any) -> None:
    """Say what has state in a function of TensorFlow 1, which tells nobody.

    What its outputs do not name, as nodes to be run, keeps it from being inlined.
    """
    from tensorflow.python.framework import op_def_registry

    for node in function.node_def:
        definition = op_def_registry.get(node.op)
        if definition is not None and definition.is_stateful:
            function.signature.control_output.append(node.name)
            function.control_ret[node.name] = node.name


def rename_functions(graph: Any) -> None:
    """Give functions new names: TensorFlow knows the old ones, with other bodies."""
    suffix = f"_{uuid4().hex}"
    names = {function.signature.name for function in graph.library.function}
    for function in graph.library.function:
        function.signature.name += suffix
    for node in all_nodes(graph):
        if node.op in names:
            node.op += suffix
        for attribute in node.attr.values():
            for named in (attribute.func, *attribute.list.func):
                if named.name in names:
                    named.name += suffix


def calls_functions(graph: Any) -> bool:
    """Tell whether a graph calls functions still, rather than having their nodes itself."""
    return any(node.op in _CALLS for node in all_nodes(graph))


def all_nodes(graph: Any) -> Iterator[Any]:
    """Yield a graph's nodes, and those of its functions."""
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def
