"""freeze: a model's variables as constants, in one graph without calls, for every loader.

What is frozen can be simplified (`igcli.models.graph.rewrites`), shows its last operations while it
is traced, and keeps nothing of Keras alive.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np

from igcli.common.arrays import Warn
from igcli.common.errors import ConfigError
from igcli.common.model_spec import ModelSettings
from igcli.models.graph.bfloat16 import in_bfloat16
from igcli.models.graph.convolutions import mark_convolutions
from igcli.models.graph.rewrites import after_folding, before_folding
from igcli.models.loaders.network import Loaded, first_line
from igcli.models.runtime import has_gpu

# Freezing takes some twenty times the weights' memory for a while.
_MOST_BYTES = 2**28
_MOST_CONSTANTS = 2**25
_LARGE_BYTES = 2**16


def freeze(tf: Any, loaded: Loaded, settings: ModelSettings, warn: Warn) -> Loaded:
    """Return the same model as a function over one frozen, simplified graph.

    A graph that can't be frozen is called as it is, with a warning: same numbers, but slower, and
    its tail stays hidden where it lies in a function.

    Raises
    ------
    ConfigError
        When it must be frozen, for bfloat16, and can't.
    """
    try:
        graph, feed, output, shape = _simplified(tf, loaded)
        if not has_gpu(tf):
            mark_convolutions(graph)
        if settings.precision == "bfloat16" and loaded.input.dtype != np.float64:
            frozen = in_bfloat16(tf, graph, feed, output)
        else:
            frozen = imported(tf, graph, feed, output)
        # What can't be imported is known here, where there is another way.
        tf.function(frozen, autograph=False).get_concrete_function(
            tf.TensorSpec((loaded.batch, *loaded.input.shape), loaded.input.dtype)
        )
    except _TooLarge as error:
        return _as_it_is(loaded, settings, warn, f"{error} of weights are too much to inline")
    except Exception as error:
        # Grappler and the freezer raise types of their own on graphs that they do not know.
        return _as_it_is(loaded, settings, warn, f"it can't be inlined ({first_line(error)})")

    def function(rows: Any) -> Any:
        result = frozen(rows)
        result.set_shape(shape)
        return result

    return replace(loaded, function=function)


def imported(tf: Any, graph: Any, feed: str, output: str) -> Callable[[Any], Any]:
    """Return the function of a graph, to be called while another is being traced.

    As constants, weights are arranged for oneDNN once and make a row 1.1 times faster; but each
    traced function holds many copies of them. Those of a large model are taken out of the graph:
    captured, all functions share one.
    """
    weights = _without_weights(tf, graph) if graph.ByteSize() > _MOST_CONSTANTS else {}

    def function(rows: Any) -> Any:
        held = {name: _held(tf, weight) for name, weight in weights.items()}
        (result,) = tf.graph_util.import_graph_def(
            graph, input_map={feed: rows, **held}, return_elements=[output], name=""
        )
        return result

    return function


def _held(tf: Any, weight: Any) -> Any:
    graph = tf.compat.v1.get_default_graph()
    # A plain graph, of a session, captures nothing.
    return graph.capture(weight) if graph.building_function else tf.constant(weight.numpy())


def _without_weights(tf: Any, graph: Any) -> dict[str, Any]:
    """Remove a graph's large constants; return them as tensors, under their outputs' names."""
    weights = {}
    with tf.init_scope():
        for i in reversed(range(len(graph.node))):
            node = graph.node[i]
            if node.op == "Const" and node.attr["value"].ByteSize() > _LARGE_BYTES:
                value = tf.make_ndarray(node.attr["value"].tensor)
                weights[f"{node.name}:0"] = tf.constant(value)
                del graph.node[i]
    return weights


class _TooLarge(Exception):
    """More weights than are worth copying into a graph."""


def _as_it_is(loaded: Loaded, settings: ModelSettings, warn: Warn, why: str) -> Loaded:
    if settings.precision == "bfloat16":
        raise ConfigError("--precision bfloat16 can't be used with this model", why, "leave it out")
    warn(f"{why}: called as it is, its last operation may stay unseen")
    return loaded


def _simplified(tf: Any, loaded: Loaded) -> tuple[Any, str, str, Any]:
    """Return the graph, the names of its input and output, and the output's shape."""
    from tensorflow.python.framework import convert_to_constants

    shape = (loaded.batch, *loaded.input.shape)
    rows = tf.TensorSpec(shape, loaded.input.dtype, name="rows")
    concrete = tf.function(loaded.function, autograph=False).get_concrete_function(rows)
    size = sum(v.shape.num_elements() * v.dtype.size for v in concrete.graph.variables)
    if size > _MOST_BYTES:
        raise _TooLarge(f"{size / 2**30:.1f} GB")
    frozen = convert_to_constants.convert_variables_to_constants_v2(
        concrete, lower_control_flow=False
    )
    graph = frozen.graph.as_graph_def()
    (feed,) = (tensor.name for tensor in frozen.inputs if tensor.dtype.name != "resource")
    output = frozen.outputs[0].name
    before_folding(graph)
    graph = _folded(tf, graph, output)
    after_folding(graph)
    _forget_order(graph, feed)
    return graph, feed, output, concrete.outputs[0].shape


def _forget_order(graph: Any, feed: str) -> None:
    """Drop what only says "after the input": an import maps data, not control."""
    after = f"^{feed.split(':')[0]}"
    for node in graph.node:
        if after in node.input:
            kept = [name for name in node.input if name != after]
            del node.input[:]
            node.input.extend(kept)


def _folded(tf: Any, graph: Any, output: str) -> Any:
    """Fold constants: what BatchNorm computes from its weights, and its scale into convolutions."""
    from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
    from tensorflow.python.grappler import tf_optimizer

    _let_inline(graph)
    with tf.Graph().as_default() as scratch:
        tf.graph_util.import_graph_def(graph, name="")
    meta = tf.compat.v1.train.export_meta_graph(graph_def=scratch.as_graph_def(), graph=scratch)
    meta.collection_def["train_op"].node_list.value.append(output.split(":")[0])
    config = config_pb2.ConfigProto()
    options = config.graph_options.rewrite_options
    options.optimizers.extend(["function", "constfold", "dependency"])
    options.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.TWO
    folded = tf_optimizer.OptimizeGraph(config, meta)
    _rename_functions(folded)
    return folded


def _let_inline(graph: Any) -> None:
    """Drop the wish to be compiled apart: Keras 3 wraps grouped convolutions so."""
    for function in graph.library.function:
        for key in ("_XlaMustCompile", "_noinline"):
            function.attr.pop(key, None)
    for node in _all_nodes(graph):
        node.attr.pop("_XlaMustCompile", None)


def _rename_functions(graph: Any) -> None:
    """Give functions new names: TensorFlow knows the old ones, with other bodies."""
    suffix = f"_{uuid4().hex}"
    names = {function.signature.name for function in graph.library.function}
    for function in graph.library.function:
        function.signature.name += suffix
    for node in _all_nodes(graph):
        if node.op in names:
            node.op += suffix
        for attribute in node.attr.values():
            for named in (attribute.func, *attribute.list.func):
                if named.name in names:
                    named.name += suffix


def _all_nodes(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def
