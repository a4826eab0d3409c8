"""The SavedModel loader: a signature, ``serve``, or a callable module.

A SavedModel is a TensorFlow graph and runs as one, after a scan of its ops.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from igcli.common.arrays import Warn
from igcli.common.errors import ModelError
from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import EntryPoint, InputSpec
from igcli.models.graph.batch_axis import Function, opened
from igcli.models.graph.inlined import as_function
from igcli.models.graph.stateful import written
from igcli.models.graph.writes import rows_of_state, writing_nothing
from igcli.models.loaders.choose_trace import Chosen, Points, choose
from igcli.models.loaders.entry_points import Argument, Trace, entry_points
from igcli.models.loaders.input_values import input_values
from igcli.models.loaders.network import Network, first_line, input_spec
from igcli.models.runtime import import_tensorflow
from igcli.models.scan.saved_model_graph import scan_saved_model

_SERVE = "serve"


def load_saved_model(path: Path, settings: ModelSettings, warn: Warn) -> Network:
    """Load a SavedModel: the function that it serves, with all its inputs and outputs by name.

    Raises
    ------
    ConfigError, ModelError
        When it is unsafe or broken, or has nothing that can be explained.
    """
    scan_saved_model(path, settings.allow_unsafe)
    tf = import_tensorflow()
    module = _load(tf, path)
    points = entry_points(tf, module)
    chosen = choose(tf, path, points, settings.signature, input_values(settings.input_value))
    if chosen.note:
        warn(chosen.note)
    function, batch = _function(tf, chosen, warn)
    data, trace = chosen.filled.data, chosen.trace
    told = f", {chosen.filled.told}" if chosen.filled.values else ""
    return Network(
        _keeping(module, function),
        tuple(_input_spec(path, argument) for argument in data),
        tuple(trace.outputs),
        f"SavedModel {trace.title}{told}",
        batch=batch,
        settled=tuple(chosen.filled.values),
        entry_points=_listed(points, trace),
    )


def _load(tf: Any, path: Path) -> Any:
    """Load a module; of several graphs, of TensorFlow 1, the one that serves."""
    try:
        return tf.saved_model.load(str(path), tags=_tags(tf, path))
    except Exception as error:
        # Broken graphs, missing ops and missing variables each raise types of their own.
        raise ModelError(
            f"{path} can't be loaded as a SavedModel", first_line(error), "export it again"
        ) from error


def _tags(tf: Any, path: Path) -> list[str] | None:
    from tensorflow.python.saved_model import loader_impl

    graphs = loader_impl.parse_saved_model(str(path)).meta_graphs
    tags = [sorted(graph.meta_info_def.tags) for graph in graphs]
    if len(tags) < 2:
        return None
    return next((found for found in tags if found == [_SERVE]), tags[0])


def _function(tf: Any, chosen: Chosen, warn: Warn) -> tuple[Function, int | None]:
    """Return what is called, and the number of rows that it must be called with."""
    specs = [tf.TensorSpec(a.spec.shape, a.spec.dtype) for a in chosen.filled.data]
    sizes = {spec.shape[0] for spec in specs if spec.shape.rank} - {None}
    batch = next(iter(sizes)) if sizes else None
    function, inlined = _calling(tf, chosen), chosen.inlined
    if inlined is not None:
        function = as_function(tf, inlined)
        if written(inlined):
            batch = batch or rows_of_state(tf, inlined, specs)
            function = writing_nothing(tf, inlined, specs, batch, warn)
    if batch is None:
        return function, None
    found = opened(tf, function, specs, batch)
    return (function, batch) if found is None else (found, None)


def _calling(tf: Any, chosen: Chosen) -> Function:
    return lambda tensors: chosen.trace.call(tf, chosen.filled.all_of(tf, chosen.trace, tensors))


def _keeping(module: Any, function: Function) -> Function:
    # The module owns the variables and tables: the default argument keeps it alive.
    def call(tensors: Sequence[Any], _module: Any = module) -> Sequence[Any]:
        return function(tensors)

    return call


def _input_spec(path: Path, argument: Argument) -> InputSpec:
    shape = argument.spec.shape
    sides = (None, *shape.as_list()[1:]) if shape.rank else None
    return input_spec(path, argument.name, sides, argument.spec.dtype.name)


def _listed(points: Points, chosen: Trace) -> tuple[EntryPoint, ...]:
    """Tell of every entry point: of a function, the trace that would be explained first."""
    listed = []
    for name, traces in points.items():
        trace = chosen if chosen in traces else traces[0]
        listed.append(
            EntryPoint(
                name=name,
                takes=", ".join(_in_words(a.name, a.spec) for a in trace.arguments),
                gives=", ".join(_in_words(key, spec) for key, spec in trace.outputs.items()),
                traces=len(traces),
                chosen=trace is chosen,
            )
        )
    return tuple(listed)


def _in_words(name: str, spec: Any) -> str:
    shape = spec.shape.as_list() if spec.shape.rank is not None else ["?"]
    sides = " × ".join("any" if side is None else str(side) for side in shape[1:])
    return f"{name} ({', '.join(filter(None, [sides, spec.dtype.name]))})"
