"""Load a whole-model Keras file: ``.keras``, or the legacy ``.h5``."""

import warnings
from pathlib import Path
from typing import Any

from igcli.errors import ModelError
from igcli.models.custom import custom_objects, with_keras2_lambda
from igcli.models.loaded import Loaded, input_spec, last_line, only_one
from igcli.models.scan import scan_h5, scan_keras
from igcli.models.scan_config import Trust
from igcli.records import ModelSettings


def load_h5(path: Path, settings: ModelSettings) -> Loaded:
    """Load a legacy HDF5 model."""
    objects = custom_objects(settings)
    scan_h5(path, Trust(settings.allow_unsafe, frozenset(objects)))
    return _load(path, settings, objects)


def load_keras(path: Path, settings: ModelSettings) -> Loaded:
    """Load a Keras 3 archive."""
    objects = custom_objects(settings)
    scan_keras(path, Trust(settings.allow_unsafe, frozenset(objects)))
    return _load(path, settings, objects)


def _load(path: Path, settings: ModelSettings, objects: dict[str, Any]) -> Loaded:
    import keras

    try:
        with warnings.catch_warnings():
            # Deprecated arguments in the file: the reader of a run can do nothing about them.
            warnings.simplefilter("ignore")
            model = keras.models.load_model(
                path,
                compile=False,
                safe_mode=not settings.allow_unsafe,
                custom_objects=with_keras2_lambda(objects) if settings.allow_unsafe else objects,
            )
    except Exception as error:
        # Keras raises nearly any type on a config that it does not know.
        raise ModelError(
            f"Keras {keras.__version__} can't load {path}",
            last_line(error),
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
    struct = getattr(model, "_inputs_struct", None)

    def function(rows: Any) -> Any:
        packed = rows if struct is None else keras.tree.pack_sequence_as(struct, [rows])
        return keras.tree.flatten(model(packed, training=False))[0]

    spec = input_spec(path, name, inputs[0].shape, inputs[0].dtype)
    return Loaded(function, spec, output, f"Keras {keras.__version__}")


def _output_name(model: Any, index: int) -> str:
    names = getattr(model, "output_names", None)
    return str(names[index] if names else model.layers[-1].name)
