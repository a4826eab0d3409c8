"""The Keras file loader: a whole model in ``.keras``, or in the legacy ``.h5``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py

from igcli.common.arrays import Warn
from igcli.common.errors import ModelError
from igcli.common.model_spec import ModelSettings
from igcli.models.loaders.custom_objects import custom_objects, with_keras2_lambda
from igcli.models.loaders.keras_versions import load_keras_model
from igcli.models.loaders.network import Network, input_spec
from igcli.models.scan.config import Trust
from igcli.models.scan.files import scan_h5, scan_keras


def load_h5(path: Path, settings: ModelSettings, warn: Warn) -> Network:
    """Load a legacy HDF5 model."""
    objects = custom_objects(settings)
    scan_h5(path, Trust(settings.allow_unsafe, frozenset(objects)))
    return _load(path, settings, objects, warn)


def load_keras(path: Path, settings: ModelSettings, warn: Warn) -> Network:
    """Load a Keras archive; Keras before 2.13 wrote HDF5 under this name."""
    if h5py.is_hdf5(path):
        return load_h5(path, settings, warn)
    objects = custom_objects(settings)
    scan_keras(path, Trust(settings.allow_unsafe, frozenset(objects)))
    return _load(path, settings, objects, warn)


def _load(path: Path, settings: ModelSettings, objects: dict[str, Any], warn: Warn) -> Network:
    import keras

    model = load_keras_model(
        path,
        warn,
        safe_mode=not settings.allow_unsafe,
        custom_objects=with_keras2_lambda(objects) if settings.allow_unsafe else objects,
    )
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ModelError(
            f"{path} has no fixed input shape",
            fix="build the model on a keras.Input and save it again",
        )
    return _network(path, model, keras)


def _network(path: Path, model: Any, keras: Any) -> Network:
    struct = getattr(model, "_inputs_struct", None)

    def function(tensors: Sequence[Any]) -> Sequence[Any]:
        packed = tensors[0] if struct is None else keras.tree.pack_sequence_as(struct, tensors)
        outputs: Sequence[Any] = keras.tree.flatten(model(packed, training=False))
        return outputs

    return Network(
        function,
        tuple(input_spec(path, t.name, t.shape, t.dtype) for t in model.inputs),
        tuple(_output_name(model, i) for i in range(len(model.outputs))),
        f"Keras {keras.__version__}",
        model,
    )


def _output_name(model: Any, index: int) -> str:
    names = getattr(model, "output_names", None)
    return str(names[index] if names else model.layers[-1].name)
