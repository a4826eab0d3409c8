"""Load a whole-model Keras file: ``.keras``, or the legacy ``.h5``."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from igcli.errors import ModelError
from igcli.models.loaded import Network, input_spec, last_line
from igcli.models.scan import scan_h5, scan_keras


def load_h5(path: Path) -> Network:
    """Load a legacy HDF5 model."""
    scan_h5(path)
    return _load(path)


def load_keras(path: Path) -> Network:
    """Load a Keras 3 archive."""
    scan_keras(path)
    return _load(path)


def _load(path: Path) -> Network:
    import keras

    try:
        with warnings.catch_warnings():
            # Deprecated arguments in the file: the reader of a run can do nothing about them.
            warnings.simplefilter("ignore")
            model = keras.models.load_model(path, compile=False, safe_mode=True)
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
