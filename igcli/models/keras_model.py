"""Load a whole-model Keras file into Keras 3, whichever Keras wrote it.

What Keras 3 wrote, it reads. A file of Keras 2 is rebuilt from a repaired config and the file's
weights; what can't be repaired goes to tf-keras, where that is installed.
"""

import json
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import h5py

from igcli.errors import ModelError
from igcli.models.keras2_weights import load_h5_weights, load_keras_weights
from igcli.models.legacy import LegacyModel
from igcli.models.loaded import last_line
from igcli.models.repair import HARD_SIGMOID, repair
from igcli.models.repair_graph import Config
from igcli.models.repair_ops import REGISTERED, CannotRepair, op_layer
from igcli.records import Warn


def load_keras_model(path: Path, warn: Warn) -> Any:
    """Return the model of a ``.keras`` or ``.h5`` file whose config was scanned already.

    Parameters
    ----------
    path : Path
        The file.
    warn : callable
        Told once, in one line, when the model had to be repaired or tf-keras read it.

    Returns
    -------
    keras.Model
        Not compiled. From tf-keras: a `LegacyModel`, which looks the same to a caller.

    Raises
    ------
    ModelError
        When neither can read it.
    """
    version, config = _read(path)
    with warnings.catch_warnings():
        # Deprecated arguments in the file: the reader of a run can do nothing about them.
        warnings.simplefilter("ignore")
        if version.startswith(("1.", "2.")):
            return _keras2(path, version, config, warn)
        return _keras3(path)


def _keras3(path: Path) -> Any:
    import keras

    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises nearly any type on a config that it does not know.
        raise ModelError(
            f"Keras {keras.__version__} can't load {path}",
            last_line(error),
            "export it as a SavedModel with the Keras that wrote it: model.export('folder')",
        ) from error


def _keras2(path: Path, version: str, config: Config, warn: Warn) -> Any:
    import keras

    try:
        model, notes = _rebuilt(path, config)
    except Exception as error:
        # As above: any type at all.
        reason = str(error) if isinstance(error, CannotRepair) else last_line(error)
        return _with_tf_keras(path, version, config, reason, error, warn)
    if notes:
        counted = [f"{note} ({n}×)" if n > 1 else note for note, n in Counter(notes).items()]
        warn(f"repaired from Keras {version} for {keras.__version__}: {', '.join(counted)}")
    return model


def _rebuilt(path: Path, config: Config) -> tuple[Any, list[str]]:
    import keras

    repaired, notes = repair(config)
    _refuse_unknown(repaired, keras.layers)
    own = {REGISTERED: op_layer(), HARD_SIGMOID: _hard_sigmoid}
    model = keras.saving.deserialize_keras_object(repaired, custom_objects=own, safe_mode=True)
    load = load_keras_weights if path.suffix == ".keras" else load_h5_weights
    load(path, config, model)
    return model, notes


def _hard_sigmoid(x: Any) -> Any:
    """Return Keras 2's hard sigmoid: clip(0.2 x + 0.5, 0, 1)."""
    import tensorflow as tf

    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


def _refuse_unknown(node: Any, layers: Any) -> None:
    """Name the layer whose class Keras 3 lacks; its own error would be the whole config."""
    if isinstance(node, list):
        for part in node:
            _refuse_unknown(part, layers)
    elif isinstance(node, dict):
        name = node.get("class_name")
        if node.get("module") == "keras.layers" and not hasattr(layers, str(name)):
            raise CannotRepair(node["config"].get("name", name), f"Keras 3 has no {name}")
        for part in node.values():
            _refuse_unknown(part, layers)


def _with_tf_keras(
    path: Path, version: str, config: Config, reason: str, error: Exception, warn: Warn
) -> Any:
    import keras

    problem = f"Keras {keras.__version__} can't load {path}, of Keras {version}"
    try:
        import tf_keras
    except ImportError:
        fix = "have tf-keras read it: pip install 'igcli[keras2]'"
        raise ModelError(problem, reason, fix) from error
    try:
        if path.suffix == ".keras":
            # Its own reader knows only where its own version keeps the weights.
            plain = {key: value for key, value in config.items() if key != "compile_config"}
            model = tf_keras.saving.deserialize_keras_object(plain, safe_mode=True)
            load_keras_weights(path, config, model)
        else:
            model = tf_keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as second:
        raise ModelError(
            problem,
            f"{reason}; nor can tf-keras {tf_keras.__version__}: {last_line(second)}",
            "export it as a SavedModel with the Keras that wrote it: model.save('folder')",
        ) from second
    warn(f"read by tf-keras {tf_keras.__version__}, since Keras can't: {reason}")
    return LegacyModel(model)


def _read(path: Path) -> tuple[str, Config]:
    """Return the Keras version that wrote a file, "1." where it does not say, and the config."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            text: Any = archive.read("config.json")
            version = json.loads(archive.read("metadata.json")).get("keras_version")
    else:
        with h5py.File(path, "r") as file:
            text, version = file.attrs["model_config"], file.attrs.get("keras_version")
    version = version.decode() if isinstance(version, bytes) else version
    config: Config = json.loads(text)
    return str(version or "1."), config
