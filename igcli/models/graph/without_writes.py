"""A graph without writes: the same function, which leaves every variable as it is.

A model that is asked for scores and gradients has nothing to write: not the moving averages of a
batch normalisation in training mode, nor a state that the next call would start from. Each call
starts from what is in the file.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from igcli.models.graph.inlined import Inlined, behind
from igcli.models.graph.stateful import is_seed_of_draws, is_write, resource_of

_GENERATOR = "RngReadAndSkip"
# What a generator gives: a counter of two numbers, and a key.
_GENERATOR_SHAPE = (3,)


def without_writes(tf: Any, inlined: Inlined) -> Inlined:
    """Return the function without its writes; one that draws random numbers goes on doing so.

    Seeds that each call would move on are drawn at random: left alone, they would stand still, and
    a model that is random would look as if it were none.
    """
    edited = inlined.copy()
    graph = edited.graph
    nodes = {node.name: node for node in graph.node}
    moving = {
        resource_of(nodes, node.input[0])
        for node in graph.node
        if is_write(node) and node.op != _GENERATOR
    }
    seeds = _seeds(nodes)
    for node in list(graph.node):
        if node.op == _GENERATOR:
            _draw_instead(tf, graph, node, _GENERATOR_SHAPE, tf.int64)
        elif node.name in seeds and resource_of(nodes, node.input[0]) in moving:
            shape = inlined.variables[resource_of(nodes, node.input[0])].shape
            _draw_instead(tf, graph, node, tuple(shape), tf.as_dtype(node.attr["dtype"].type))
    for body in (graph.node, *(function.node_def for function in graph.library.function)):
        for node in body:
            if is_write(node) and not _gives(tf, node):
                _empty(node, "NoOp", [])
    return edited


def _seeds(nodes: Mapping[str, Any]) -> set[str]:
    """Return the reads of variables that random numbers are drawn from."""
    found: set[str] = set()
    for node in nodes.values():
        if is_seed_of_draws(node):
            found |= {n.name for n in behind(nodes, [node.name]) if n.op == "ReadVariableOp"}
    return found


def _gives(tf: Any, node: Any) -> bool:
    """Tell an operation that writes and gives a number too: it can't be left out."""
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    return definition is None or bool(definition.output_arg)


def _draw_instead(tf: Any, graph: Any, node: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """Put random integers in a node's place."""
    from tensorflow.python.framework import tensor_util

    drawn = dtype if dtype in (tf.int32, tf.int64) else tf.int64
    constants = {
        "shape": np.array(shape, np.int32),
        "least": np.array(0, drawn.as_numpy_dtype),
        "most": np.array(np.iinfo(np.int32).max, drawn.as_numpy_dtype),
    }
    names = []
    for key, value in constants.items():
        constant = graph.node.add(name=f"{node.name}/igcli_{key}", op="Const")
        constant.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum
        constant.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(value))
        names.append(constant.name)
    draw = node
    if drawn != dtype:
        draw = graph.node.add(name=f"{node.name}/igcli_drawn")
        _empty(node, "Cast", [draw.name])
        node.attr["SrcT"].type = drawn.as_datatype_enum
        node.attr["DstT"].type = dtype.as_datatype_enum
    _empty(draw, "RandomUniformInt", names)
    draw.attr["T"].type = tf.int32.as_datatype_enum
    draw.attr["Tout"].type = drawn.as_datatype_enum


def _empty(node: Any, op: str, inputs: list[str]) -> None:
    """Make a node another operation; what it waits for and its name stay."""
    order = [name for name in node.input if name.startswith("^")]
    node.op = op
    node.attr.clear()
    del node.input[:]
    node.input.extend([*inputs, *order])
