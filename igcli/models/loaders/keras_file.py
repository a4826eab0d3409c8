"""The Keras file loader: a whole model in ``.keras``, or in the legacy ``.h5``."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import h5py

from igcli.common.arrays import Warn
from igcli.common.errors import ModelError
from igcli.common.model_settings import ModelSettings
from igcli.models.loaders.cpu_convolutions import channels_last_convolutions
from igcli.models.loaders.custom_objects import custom_objects, with_keras2_lambda
from igcli.models.loaders.inference import at_inference
from igcli.models.loaders.keras_versions import load_keras_model
from igcli.models.loaders.network import Network, input_spec
from igcli.models.scan.config import Trust, check_config
from igcli.models.scan.files import scan_h5, scan_keras
from igcli.models.selection.calls import token_inputs

Scan: TypeAlias = Callable[[Path, Trust], int]


def load_h5(path: Path, settings: ModelSettings, warn: Warn) -> Network:
    """Load a legacy HDF5 model."""
    return _load(path, settings, warn, scan_h5)


def load_keras(path: Path, settings: ModelSettings, warn: Warn) -> Network:
    """Load a Keras archive; Keras before 2.13 wrote HDF5 under this name."""
    return _load(path, settings, warn, scan_h5 if h5py.is_hdf5(path) else scan_keras)


def _load(path: Path, settings: ModelSettings, warn: Warn, scan: Scan) -> Network:
    objects = custom_objects(settings)
    trust = Trust(settings.allow_unsafe, frozenset(objects))
    weight_bytes = scan(path, trust)
    import keras

    model = load_keras_model(
        path,
        warn,
        safe_mode=not settings.allow_unsafe,
        custom_objects=with_keras2_lambda(objects) if settings.allow_unsafe else objects,
        check=lambda text: check_config(path, text, weight_bytes, trust),
    )
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ModelError(
            f"{path} has no fixed input shape",
            fix="build the model on a keras.Input and save it again",
        )
    at_inference(model, warn)
    return _network(path, model, keras, warn)


def _network(path: Path, model: Any, keras: Any, warn: Warn) -> Network:
    struct = getattr(model, "_inputs_struct", None)

    def function(tensors: Sequence[Any]) -> Sequence[Any]:
        packed = tensors[0] if struct is None else keras.tree.pack_sequence_as(struct, tensors)
        with channels_last_convolutions():
            outputs: Sequence[Any] = keras.tree.flatten(model(packed, training=False))
        return outputs

    shapes = [tuple(tensor.shape or ()) for tensor in model.inputs]
    tokens = token_inputs(model)
    names = tuple(str(tensor.name) for tensor in model.inputs)
    named = _following_keys(names, _keys(keras, struct), "inputs", warn)
    outputs = tuple(_output_name(model, i) for i in range(len(model.outputs)))
    keys = _keys(keras, getattr(model, "_outputs_struct", None))
    return Network(
        function,
        tuple(
            replace(
                input_spec(path, name, (None, *shape[1:]) if shape else None, t.dtype),
                tokens=t.name in tokens,
            )
            for t, shape, name in zip(model.inputs, shapes, named, strict=True)
        ),
        _following_keys(outputs, keys, "outputs", warn),
        f"Keras {keras.__version__}",
        model,
        _batch(path, {shape[0] for shape in shapes if shape}),
        output_keys=keys,
    )


def _keys(keras: Any, struct: Any) -> tuple[str, ...]:
    """Return a dict's keys in the order in which Keras flattens it; none of anything else."""
    if not isinstance(struct, dict):
        return ()
    paths = [path for path, _ in keras.tree.flatten_with_path(struct)]
    return tuple(str(path[0]) for path in paths) if all(len(p) == 1 for p in paths) else ()


def _following_keys(
    names: tuple[str, ...], keys: tuple[str, ...], what: str, warn: Warn
) -> tuple[str, ...]:
    """Return a dict's keys as names where a key is another tensor's name, as a call takes it."""
    crossed = [key for key, name in zip(keys, names, strict=False) if key != name and key in names]
    if not crossed:
        return names
    warn(
        f"its {what} are a dict, whose key {crossed[0]!r} is the name of another tensor: "
        f"{what} are called by their keys, as in model({{...}})"
    )
    return keys


def _batch(path: Path, sizes: set[int | None]) -> int | None:
    """Return how many inputs the file says that the model takes at once."""
    known = {size for size in sizes if size is not None}
    if len(known) > 1:
        raise ModelError(
            f"{path}: its inputs have fixed batches of {' and '.join(map(str, sorted(known)))}",
            "an explanation takes one row of each",
            "save the model with an open batch axis (None)",
        )
    return known.pop() if known else None


def _output_name(model: Any, index: int) -> str:
    names = getattr(model, "output_names", None)
    return str(names[index] if names else model.layers[-1].name)
