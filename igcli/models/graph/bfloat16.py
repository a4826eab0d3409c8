"""A frozen graph in bfloat16: everything but the input, the output and a final softmax.

A softmax that is sure of itself differs from 1 by less than bfloat16 can tell, and its gradient
would be lost; so what follows the logits stays in float32.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from igcli.models.graph.rewrites import node_name

_PASSED_THROUGH = frozenset({"Identity", "Cast", "Reshape", "Squeeze"})
_ALWAYS_SINGLE = frozenset({"ResizeBicubic", "ResizeBilinear"})
_TAILS = frozenset({"Softmax", "Sigmoid"})


def in_bfloat16(tf: Any, graph: Any, feed: str, output: str) -> Callable[[Any], Any]:
    """Return the function of a float32 graph, computed in bfloat16 up to the logits."""
    logits = _logits(graph, output)
    lower = _lowered(tf, graph)
    tail = _tail(graph, output, logits, tf.float32.as_datatype_enum)

    def function(rows: Any) -> Any:
        (values,) = tf.graph_util.import_graph_def(
            lower,
            input_map={feed: tf.cast(rows, tf.bfloat16)},
            return_elements=[logits],
            name="bfloat16",
        )
        values = tf.cast(values, tf.float32)
        if logits == output:
            return values
        (result,) = tf.graph_util.import_graph_def(
            tail, input_map={logits: values}, return_elements=[output], name="tail"
        )
        return result

    return function


def _logits(graph: Any, output: str) -> str:
    """Return the tensor that goes into a final softmax or sigmoid, else the output."""
    nodes = {node.name: node for node in graph.node}
    node = nodes[node_name(output)]
    while node.op in _PASSED_THROUGH:
        node = nodes[node_name(node.input[0])]
    if node.op not in _TAILS:
        return output
    name = node.input[0]
    return name if ":" in name else f"{name}:0"


def _tail(graph: Any, output: str, logits: str, single: int) -> Any:
    """Return the nodes between the logits and the output, the logits' own as a placeholder."""
    nodes = {node.name: node for node in graph.node}
    tail = type(graph)()
    tail.versions.CopyFrom(graph.versions)
    start = node_name(logits)
    waiting, seen = [node_name(output)], {start}
    placeholder = tail.node.add(name=start, op="Placeholder")
    placeholder.attr["dtype"].type = single
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            tail.node.append(nodes[name])
            waiting.extend(node_name(source) for source in nodes[name].input)
    return tail


def _lowered(tf: Any, graph: Any) -> Any:
    from tensorflow.python.framework import tensor_util

    single, low = tf.float32.as_datatype_enum, tf.bfloat16.as_datatype_enum
    lowered = type(graph)()
    lowered.CopyFrom(graph)
    for node in lowered.node:
        if node.op == "Const" and node.attr["dtype"].type == single:
            value = np.asarray(tensor_util.MakeNdarray(node.attr["value"].tensor))
            low_value = value.astype(tf.bfloat16.as_numpy_dtype)
            node.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(low_value))
        for attribute in node.attr.values():
            if attribute.type == single:
                attribute.type = low
    for node in [node for node in lowered.node if node.op in _ALWAYS_SINGLE]:
        _cast_after(lowered, node, single, low)
    return lowered


def _cast_after(graph: Any, node: Any, single: int, low: int) -> None:
    """Give a node's work to another one, and make it the cast of what comes out."""
    worker = graph.node.add()
    worker.CopyFrom(node)
    worker.name = f"{node.name}/float32"
    node.op = "Cast"
    node.attr.clear()
    node.attr["SrcT"].type, node.attr["DstT"].type = single, low
    del node.input[:]
    node.input.append(worker.name)
