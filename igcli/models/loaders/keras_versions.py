"""Keras versions: a whole-model file brought into Keras 3, whichever Keras wrote it.

What Keras 3 wrote, it reads. A file of Keras 2 is rebuilt from a repaired config and the file's
weights; what can't be repaired goes to tf-keras, where that is installed.
"""

import json
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import h5py

from igcli.common.arrays import Warn
from igcli.common.errors import ModelError
from igcli.models.keras2.config_repair import HARD_SIGMOID, KERAS3_MODULES, repair
from igcli.models.keras2.layer_graph import Config
from igcli.models.keras2.legacy import LegacyModel
from igcli.models.keras2.operations import REGISTERED, CannotRepair, foreign_operations, op_layer
from igcli.models.keras2.weights import load_h5_weights, load_keras_weights
from igcli.models.keras3.loading import load_as_it_is, load_keras3
from igcli.models.loaders.custom_objects import as_named_in
from igcli.models.loaders.network import said_in

Check: TypeAlias = Callable[[str], None]

_MOST_NAMES = 10_000


def load_keras_model(
    path: Path,
    warn: Warn,
    *,
    safe_mode: bool = True,
    custom_objects: Config | None = None,
    check: Check | None = None,
) -> Any:
    """Return the model of a ``.keras`` or ``.h5`` file whose config was scanned already.

    Parameters
    ----------
    path : Path
        The file.
    warn : callable
        Told once, in one line, when the model had to be repaired or tf-keras read it.
    safe_mode : bool
        Whether Keras refuses code in the file.
    custom_objects : dict, optional
        Classes and functions by the names that the user's file has for them.
    check : callable, optional
        Raises ModelError where a repaired config, as JSON, is not to be loaded.

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
    options = {"safe_mode": safe_mode, "custom_objects": as_named_in(config, custom_objects or {})}
    with warnings.catch_warnings():
        # Deprecated arguments in the file: the reader of a run can do nothing about them.
        warnings.simplefilter("ignore")
        if not version.startswith(("1.", "2.")):
            model, said = load_keras3(path, version, config, options, check or _unchecked)
        else:
            model, said = _keras2_or_other(path, version, config, options)
    if said:
        warn(said)
    return model


def _keras2_or_other(path: Path, version: str, config: Config, options: Config) -> tuple[Any, str]:
    if options["safe_mode"]:
        _refuse_operations(path, config)
    try:
        return _keras2(path, version, config, options)
    except Exception as error:
        # Keras raises nearly any type on a config that it does not know.
        return _otherwise(path, version, config, options, error)


def _unchecked(text: str) -> None:
    """Take a repaired config as it is, where its caller does."""


def _refuse_operations(path: Path, config: Config) -> None:
    """Keep tf-keras from calling what a file names: tf.io.write_file is such a name too."""
    for layer, function in foreign_operations(config):
        raise ModelError(
            f"{path}: layer {layer!r} calls tf.{function}",
            "only TensorFlow's pure functions of numbers are called",
            "export the model as a SavedModel with the Keras that wrote it: model.save('folder')",
        )


def _keras2(path: Path, version: str, config: Config, options: Config) -> tuple[Any, str]:
    """Rebuild a model from its repaired config, and say what was repaired."""
    import keras

    repaired, notes = repair(config)
    own = options["custom_objects"] | {REGISTERED: op_layer(), HARD_SIGMOID: _hard_sigmoid}
    _refuse_unknown(repaired, {*dir(keras.layers), *own, *KERAS3_MODULES})
    _reserve_names(repaired)
    model = keras.saving.deserialize_keras_object(
        repaired, custom_objects=own, safe_mode=options["safe_mode"]
    )
    load = load_h5_weights if h5py.is_hdf5(path) else load_keras_weights
    load(path, config, model)
    counted = [f"{note} ({n}×)" if n > 1 else note for note, n in Counter(notes).items()]
    said = f"repaired from Keras {version} for {keras.__version__}: {', '.join(counted)}"
    return model, said if notes else ""


def _hard_sigmoid(x: Any) -> Any:
    """Return Keras 2's hard sigmoid: clip(0.2 x + 0.5, 0, 1)."""
    import tensorflow as tf

    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


# What copies its layer, as Bidirectional does, finds the function again by its own name.
_hard_sigmoid.__name__ = HARD_SIGMOID


def _refuse_unknown(node: Any, known: set[str]) -> None:
    """Name the layer whose class Keras 3 lacks; its own error would be the whole config."""
    if isinstance(node, list):
        for part in node:
            _refuse_unknown(part, known)
    elif isinstance(node, dict):
        name = node.get("class_name")
        if node.get("module") == "keras.layers" and name not in known:
            raise CannotRepair(node["config"].get("name", name), f"Keras 3 has no {name}")
        for part in node.values():
            _refuse_unknown(part, known)


def _reserve_names(node: Any) -> None:
    """Keep the names that Keras makes up, for a mask's operations too, off those in a config."""
    import keras

    for part in node.values() if isinstance(node, dict) else node:
        if isinstance(part, dict | list):
            _reserve_names(part)
    name = node.get("name") if isinstance(node, dict) else None
    if isinstance(name, str):
        base, _, number = name.rpartition("_")
        counted = bool(base) and number.isdecimal()
        wanted = min(int(number), _MOST_NAMES) + 1 if counted else 1
        while keras.backend.get_uid(base if counted else name) < wanted:
            pass


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, CannotRepair) else said_in(error)


def _otherwise(
    path: Path, version: str, config: Config, options: Config, error: Exception
) -> tuple[Any, str]:
    """Let Keras 3 try it as it is where code in it may run: a Lambda. Else tf-keras."""
    if not options["safe_mode"]:
        with suppress(ModelError):
            return load_as_it_is(path, options), ""
    return _tf_keras(path, version, config, options, error)


def _tf_keras(
    path: Path, version: str, config: Config, options: Config, error: Exception
) -> tuple[Any, str]:
    import keras

    problem = f"Keras {keras.__version__} can't load {path}, of Keras {version}"
    reason = _reason(error)
    try:
        import tf_keras
    except ImportError:
        fix = "have tf-keras read it: pip install 'igcli[keras2]'"
        raise ModelError(problem, reason, fix) from error
    try:
        if not h5py.is_hdf5(path):
            # Its own reader knows only where its own version keeps the weights.
            plain = {key: value for key, value in config.items() if key != "compile_config"}
            model = tf_keras.saving.deserialize_keras_object(plain, **options)
            load_keras_weights(path, config, model)
        else:
            model = tf_keras.models.load_model(path, compile=False, **options)
    except Exception as second:
        raise ModelError(
            problem,
            f"{reason}; nor can tf-keras {tf_keras.__version__}: {said_in(second)}",
            "export it as a SavedModel with the Keras that wrote it: model.save('folder')",
        ) from second
    return LegacyModel(model), f"read by tf-keras {tf_keras.__version__}, since {reason}"


def _read(path: Path) -> tuple[str, Config]:
    """Return the Keras version that wrote a file, "1." where it does not say, and the config."""
    # By content: Keras before 2.13 wrote HDF5 into a .keras.
    if h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            text, version = file.attrs["model_config"], file.attrs.get("keras_version")
    else:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("config.json")
            version = _version_in(archive) or "3."
    version = version.decode() if isinstance(version, bytes) else version
    config: Config = json.loads(text)
    return str(version or "1."), config


def _version_in(archive: zipfile.ZipFile) -> str | None:
    try:
        info = archive.getinfo("metadata.json")
        found = json.loads(archive.read(info) if info.file_size < 2**20 else b"{}")
        return str(found["keras_version"])
    except (KeyError, TypeError, ValueError):
        return None
