"""Load a SavedModel directory: a signature, ``serve``, or a callable module.

A SavedModel is a TensorFlow graph and runs as one, after a scan of its ops.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from igcli.common.arrays import Warn
from igcli.common.errors import ModelError
from igcli.common.model_spec import ModelSettings
from igcli.models.loaders.network import Network, first_line, input_spec
from igcli.models.runtime import import_tensorflow
from igcli.models.scan.saved_model_graph import scan_saved_model

_DEFAULT_SIGNATURE = "serving_default"


def load_saved_model(path: Path, settings: ModelSettings, warn: Warn) -> Network:
    """Load a SavedModel: the function that it serves, with all its inputs and outputs by name."""
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
    args, kwargs = concrete.structured_input_signature
    leaves = [leaf for leaf in tf.nest.flatten((args, kwargs)) if hasattr(leaf, "dtype")]
    named = not tf.nest.flatten(args) and len(kwargs) == len(leaves)
    names = sorted(kwargs) if named else [_leaf_name(leaf, i) for i, leaf in enumerate(leaves)]
    output_names = _output_names(tf, concrete.structured_outputs)

    # The module owns the variables: the default argument keeps it alive.
    def function(tensors: Sequence[Any], _module: Any = module) -> Sequence[Any]:
        waiting = iter(tensors)
        filled = tf.nest.map_structure(
            lambda leaf: next(waiting) if hasattr(leaf, "dtype") else leaf, (args, kwargs)
        )
        found: Sequence[Any] = tf.nest.flatten(concrete(*filled[0], **filled[1]))
        return found

    specs = [
        input_spec(path, name, None if s.shape.rank is None else s.shape.as_list(), s.dtype.name)
        for name, s in zip(names, leaves, strict=True)
    ]
    return Network(function, tuple(specs), tuple(output_names), f"SavedModel {loader}")


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
            if _tensor_inputs(concrete):
                return concrete, attribute
    raise ModelError(
        f"{path} has nothing to call",
        "it holds no signature, no serve endpoint and no function of tensors",
        "export it with model.export('folder'), or tf.saved_model.save with signatures",
    )


def _tensor_inputs(concrete: Any) -> list[Any]:
    return [tensor for tensor in concrete.inputs if tensor.dtype.name != "resource"]


def _output_names(tf: Any, outputs: Any) -> list[str]:
    """Return the outputs' names in the order of their leaves; those of a dict are its keys."""
    leaves = tf.nest.flatten(outputs)
    if isinstance(outputs, dict) and len(outputs) == len(leaves):
        return sorted(outputs)
    names = [getattr(leaf, "name", None) or f"output_{i}" for i, leaf in enumerate(leaves)]
    return names if len(set(names)) == len(names) else [f"output_{i}" for i in range(len(names))]


def _leaf_name(leaf: Any, index: int) -> str:
    return getattr(leaf, "name", None) or f"input_{index}"
