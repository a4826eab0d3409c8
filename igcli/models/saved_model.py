"""Load a SavedModel directory: a signature, ``serve``, or a callable module.

A SavedModel is a TensorFlow graph and runs as one, after a scan of its ops.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from igcli.errors import ModelError
from igcli.models.loaded import Loaded, first_line, input_spec, only_one
from igcli.models.runtime import import_tensorflow
from igcli.models.scan_graph import scan_saved_model
from igcli.records import ModelSettings

_DEFAULT_SIGNATURE = "serving_default"


def load_saved_model(path: Path, settings: ModelSettings) -> Loaded:
    """Load a SavedModel that has a function of one float input with one output."""
    scan_saved_model(path, settings.allow_unsafe)
    tf = import_tensorflow()
    try:
        module = tf.saved_model.load(str(path))
    except Exception as error:
        # Broken graphs, missing ops and missing variables each raise types of their own.
        raise ModelError(
            f"{path} can't be loaded as a SavedModel", first_line(error), "export it again"
        ) from error
    concrete, loader = _entry_point(path, module)
    name, spec = _only_input(path, concrete)
    shape = None if spec.shape.rank is None else spec.shape.as_list()
    checked = input_spec(path, name, shape, spec.dtype.name)
    output = only_one(path, "output", _output_names(concrete))

    # The module owns the variables: the default argument keeps it alive.
    def function(rows: Any, _module: Any = module) -> Any:
        return next(iter(_flatten(_call(concrete, spec, tf.cast(rows, spec.dtype)))))

    return Loaded(function, checked, output, f"SavedModel {loader}")


def _entry_point(path: Path, module: Any) -> tuple[Any, str]:
    """Choose what to call: a signature, else `serve`, else the module itself."""
    signatures = dict(module.signatures) if hasattr(module, "signatures") else {}
    if _DEFAULT_SIGNATURE in signatures:
        return signatures[_DEFAULT_SIGNATURE], f"signature {_DEFAULT_SIGNATURE}"
    if len(signatures) == 1:
        ((key, concrete),) = signatures.items()
        return concrete, f"signature {key}"
    if signatures:
        raise ModelError(
            f"{path} has signatures {', '.join(sorted(signatures))}",
            f"none is {_DEFAULT_SIGNATURE!r}",
            f"export the one to explain as {_DEFAULT_SIGNATURE!r}",
        )
    for attribute in ("serve", "__call__"):
        for concrete in getattr(getattr(module, attribute, None), "concrete_functions", ()):
            if len(_tensor_inputs(concrete)) == 1:
                return concrete, attribute
    raise ModelError(
        f"{path} has nothing to call",
        "it holds no signature, no serve endpoint and no function of one input",
        "export it with model.export('folder'), or tf.saved_model.save with signatures",
    )


def _tensor_inputs(concrete: Any) -> list[Any]:
    return [tensor for tensor in concrete.inputs if tensor.dtype.name != "resource"]


def _only_input(path: Path, concrete: Any) -> tuple[str, Any]:
    args, kwargs = concrete.structured_input_signature
    named = dict(kwargs)
    for i, spec in enumerate(_flatten(args)):
        named.setdefault(getattr(spec, "name", None) or f"input_{i}", spec)
    tensors = {name: spec for name, spec in named.items() if hasattr(spec, "dtype")}
    name = only_one(path, "input", sorted(tensors))
    return name, tensors[name]


def _flatten(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        node = node.values()
    elif not isinstance(node, (list, tuple)):
        return [node]
    return [leaf for child in node for leaf in _flatten(child)]


def _output_names(concrete: Any) -> list[str]:
    outputs = concrete.structured_outputs
    if isinstance(outputs, dict):
        return sorted(outputs)
    return [
        getattr(leaf, "name", None) or f"output_{i}" for i, leaf in enumerate(_flatten(outputs))
    ]


def _call(concrete: Any, spec: Any, rows: Any) -> Any:
    _, kwargs = concrete.structured_input_signature
    return concrete(**{next(iter(kwargs)): rows}) if kwargs else concrete(rows)
