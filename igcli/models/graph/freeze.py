"""freeze: a model's variables as constants, in one graph without calls, for every loader.

What is frozen can be simplified (`igcli.models.graph.rewrites`), shows its last operations while it
is traced, and keeps nothing of Keras alive.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from igcli.common.arrays import Warn
from igcli.common.errors import ConfigError
from igcli.common.model_settings import ModelSettings
from igcli.common.notes import Doubt
from igcli.common.text import the_first
from igcli.models.graph.bfloat16 import in_bfloat16
from igcli.models.graph.convolutions import mark_convolutions
from igcli.models.graph.custom_gradients import (
    check_held,
    check_within_reach,
    forget_swish,
    forget_unsaved,
    has_custom_gradients,
    hold_gradients,
    names_of,
)
from igcli.models.graph.grappler import calls_functions, optimized
from igcli.models.graph.inlined import inline, make_known, trace
from igcli.models.graph.masks import masks_of, may_mask, titles
from igcli.models.graph.rewrites import after_folding, before_folding, node_name
from igcli.models.graph.stateful import drawn, has_state, of_batch, written
from igcli.models.graph.writes import writing_nothing
from igcli.models.loaders.network import Loaded, first_line
from igcli.models.runtime import has_gpu

# Freezing takes some twenty times the weights' memory for a while.
_MOST_BYTES = 2**28
_MOST_CONSTANTS = 2**25
_LARGE_BYTES = 2**16
_SHOWN = 2
# An import forgets which of them belong together.
_CONTROL_FLOW_1 = frozenset({"Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "NextIteration"})


def freeze(tf: Any, loaded: Loaded, settings: ModelSettings, warn: Warn) -> Loaded:
    """Return the same model as a function over one frozen, simplified graph.

    It writes no variables, and says what in it is not of inference. A graph that can't be frozen is
    called as it is, with a warning: same numbers, but slower, and its tail stays hidden where it
    lies in a function.

    Raises
    ------
    ConfigError
        When it must be frozen, for bfloat16, and can't.
    """
    concrete = _traced(tf, loaded)
    graph = concrete.graph.as_graph_def()
    if has_state(graph) or may_mask(graph):
        loaded = _looked_through(tf, loaded, warn)
        concrete = _traced(tf, loaded)
    custom = _custom_gradients(graph, warn)
    if custom and settings.precision == "bfloat16":
        raise _not_bfloat16(f"its custom gradients are made for float32: {custom[0]}")
    try:
        function = _frozen(tf, loaded, concrete, settings)
        if custom:
            check_within_reach(tf, function, _rows(tf, loaded), custom)
    except _TooLarge as error:
        why = f"{error} of weights are too much to inline"
        return _as_it_is(tf, loaded, settings, warn, why, custom)
    except Exception as error:
        # Grappler and the freezer raise types of their own on graphs that they do not know.
        why = f"it can't be inlined ({first_line(error)})"
        return _as_it_is(tf, loaded, settings, warn, why, custom)

    if custom:
        warn(_told(custom))
    return replace(loaded, function=function)


def imported(tf: Any, graph: Any, feed: str, output: str) -> Callable[[Any], Any]:
    """Return the function of a graph, to be called while another is being traced.

    As constants, weights are arranged for oneDNN once and make a row 1.1 times faster; but each
    traced function holds many copies of them. Those of a large model are taken out of the graph:
    captured, all functions share one.
    """
    make_known(graph)
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


def _as_it_is(
    tf: Any,
    loaded: Loaded,
    settings: ModelSettings,
    warn: Warn,
    why: str,
    custom: Sequence[str],
) -> Loaded:
    if settings.precision == "bfloat16":
        raise _not_bfloat16(why)
    if custom:
        check_within_reach(tf, loaded.function, _rows(tf, loaded), custom)
        warn(_told(custom))
    warn(f"{why}: called as it is, its last operation may stay unseen")
    return loaded


def _custom_gradients(graph: Any, warn: Warn) -> tuple[str, ...]:
    """Name what has custom gradients that are to be kept; say so where the file lacks some."""
    forget_swish(graph)
    lost = forget_unsaved(graph)
    if lost:
        warn(
            Doubt(
                f"the custom gradient of {the_first(lost, _SHOWN)} is not in the file, and that of "
                "its operations is taken: export it again, with its custom gradients"
            )
        )
    return names_of(graph)


def _told(custom: Sequence[str]) -> str:
    return (
        f"the custom gradient of {the_first(custom, _SHOWN)} is taken: where it is not the "
        "derivative of the score, maps do not add up to the score"
    )


def _not_bfloat16(why: str) -> ConfigError:
    return ConfigError("--precision bfloat16 can't be used with this model", why, "leave it out")


def _frozen(
    tf: Any, loaded: Loaded, concrete: Any, settings: ModelSettings
) -> Callable[[Any], Any]:
    """Return the function of the frozen, simplified graph; what can't be imported raises here."""
    graph, feed, output, shape = _simplified(tf, concrete)
    if calls_functions(graph):
        # The gradient of an imported call is none that TensorFlow can run.
        raise ValueError("a function that it calls can't be written out")
    if any(node.op in _CONTROL_FLOW_1 for node in graph.node):
        raise ValueError("it has conditions of TensorFlow 1: Switch and Merge")
    if not has_gpu(tf):
        mark_convolutions(graph, feed)
    if settings.precision == "bfloat16" and loaded.input.dtype != np.float64:
        frozen = in_bfloat16(tf, graph, feed, output)
    else:
        frozen = imported(tf, graph, feed, output)
    tf.function(frozen, autograph=False).get_concrete_function(
        tf.TensorSpec((loaded.batch, *loaded.input.shape), loaded.input.dtype)
    )

    def function(rows: Any) -> Any:
        result = frozen(rows)
        result.set_shape(shape)
        return result

    return function


def _traced(tf: Any, loaded: Loaded) -> Any:
    return trace(tf, loaded.function, [_rows(tf, loaded)])


def _rows(tf: Any, loaded: Loaded) -> Any:
    shape = (loaded.batch, *loaded.input.shape)
    return tf.TensorSpec(shape, loaded.input.dtype, name="rows")


def _looked_through(tf: Any, loaded: Loaded, warn: Warn) -> Loaded:
    """Return a model that writes no variables, and tell what it draws and leaves out."""
    spec = _rows(tf, loaded)
    try:
        inlined = inline(tf, lambda rows: [loaded.function(rows)], [spec])
    except Exception as error:
        # As in `freeze`: Grappler knows not every graph.
        warn(f"not looked through for random numbers, writes and masks: {first_line(error)}")
        return loaded
    found = replace(
        loaded,
        draws=drawn(inlined, 0),
        of_batch=of_batch(inlined, 0),
        masks=titles(masks_of(inlined), loaded.layers),
    )
    if not written(inlined):
        return found
    function = writing_nothing(tf, inlined, [spec], loaded.batch, warn)
    return replace(found, function=lambda rows: function([rows])[0])


def _simplified(tf: Any, concrete: Any) -> tuple[Any, str, str, Any]:
    """Return the graph, the names of its input and output, and the output's shape."""
    from tensorflow.python.framework import convert_to_constants

    size = sum((v.shape.num_elements() or 0) * v.dtype.size for v in concrete.graph.variables)
    if size > _MOST_BYTES:
        raise _TooLarge(f"{size / 2**30:.1f} GB")
    frozen = convert_to_constants.convert_variables_to_constants_v2(
        concrete, lower_control_flow=False
    )
    graph = frozen.graph.as_graph_def()
    (feed,) = (tensor.name for tensor in frozen.inputs if tensor.dtype.name != "resource")
    output = frozen.outputs[0].name
    forget_swish(graph)
    forget_unsaved(graph)
    before_folding(graph)
    # Constants fold: what BatchNorm computes from its weights, its scale into convolutions.
    optimizers = ["function", "constfold", "dependency"]
    if has_custom_gradients(graph):
        hold_gradients(tf, graph, concrete.graph)
        graph = optimized(tf, graph, [node_name(output)], ["function"])
        check_held(tf, graph)
        # What hangs on an idle node goes with it.
        optimizers = ["constfold"]
    graph = optimized(tf, graph, [node_name(output)], optimizers)
    after_folding(graph)
    _forget_order(graph, feed)
    return graph, feed, output, concrete.outputs[0].shape


def _forget_order(graph: Any, feed: str) -> None:
    """Drop what only says "after the input": an import maps data, not control."""
    after = f"^{node_name(feed)}"
    for node in graph.node:
        if after in node.input:
            kept = [name for name in node.input if name != after]
            del node.input[:]
            node.input.extend(kept)
