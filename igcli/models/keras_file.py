"""Load a whole-model Keras file: ``.keras``, or the legacy ``.h5``."""

from pathlib import Path
from typing import Any

from igcli.errors import ModelError
from igcli.models.loaded import Loaded, first_line, input_spec, only_one
from igcli.models.scan import scan_h5, scan_keras


def load_h5(path: Path) -> Loaded:
    """Load a legacy HDF5 model."""
    scan_h5(path)
    return _load(path)


def load_keras(path: Path) -> Loaded:
    """Load a Keras 3 archive."""
    scan_keras(path)
    return _load(path)


def _load(path: Path) -> Loaded:
    import keras

    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises nearly any type on a config that it does not know.
        raise ModelError(
            f"Keras {keras.__version__} can't load {path}",
            first_line(error),
            "export it as a SavedModel with the Keras that wrote it: model.export('folder')",
        ) from error
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ModelError(
            f"{path} has no fixed input shape",
            fix="build the model on a keras.Input and save it again",
        )
    name = only_one(path, "input", [tensor.name for tensor in inputs])
    output = only_one(path, "output", [_output_name(model, i) for i in range(len(model.outputs))])
    wants_dict = isinstance(getattr(model, "_inputs_struct", None), dict)

    def function(rows: Any) -> Any:
        result = model({name: rows} if wants_dict else rows, training=False)
        while isinstance(result, (dict, list, tuple)):
            result = next(iter(result.values() if isinstance(result, dict) else result))
        return result

    spec = input_spec(path, name, inputs[0].shape, inputs[0].dtype)
    return Loaded(function, spec, output, f"Keras {keras.__version__}")


def _output_name(model: Any, index: int) -> str:
    names = getattr(model, "output_names", None)
    return str(names[index] if names else model.layers[-1].name)
