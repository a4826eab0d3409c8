"""Load a whole-model Keras file: ``.keras``, or the legacy ``.h5``."""

from pathlib import Path
from typing import Any

import h5py

from igcli.errors import ModelError
from igcli.models.keras_model import load_keras_model
from igcli.models.loaded import Loaded, input_spec, only_one
from igcli.models.scan import scan_h5, scan_keras
from igcli.records import Warn


def load_h5(path: Path, warn: Warn) -> Loaded:
    """Load a legacy HDF5 model."""
    scan_h5(path)
    return _load(path, warn)


def load_keras(path: Path, warn: Warn) -> Loaded:
    """Load a Keras archive; Keras before 2.13 wrote HDF5 under this name."""
    if h5py.is_hdf5(path):
        return load_h5(path, warn)
    scan_keras(path)
    return _load(path, warn)


def _load(path: Path, warn: Warn) -> Loaded:
    import keras

    model = load_keras_model(path, warn)
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ModelError(
            f"{path} has no fixed input shape",
            fix="build the model on a keras.Input and save it again",
        )
    name = only_one(path, "input", [tensor.name for tensor in inputs])
    output = only_one(path, "output", [_output_name(model, i) for i in range(len(model.outputs))])
    struct = getattr(model, "_inputs_struct", None)

    def function(rows: Any) -> Any:
        packed = rows if struct is None else keras.tree.pack_sequence_as(struct, [rows])
        return keras.tree.flatten(model(packed, training=False))[0]

    spec = input_spec(path, name, inputs[0].shape, inputs[0].dtype)
    return Loaded(function, spec, output, f"Keras {keras.__version__}")


def _output_name(model: Any, index: int) -> str:
    names = getattr(model, "output_names", None)
    return str(names[index] if names else model.layers[-1].name)
