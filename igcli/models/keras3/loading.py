"""The loading of what Keras 3 wrote: as it is or, of an older file, from a repaired config."""

import importlib
import json
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py

from igcli.common.errors import ModelError
from igcli.models.keras2.operations import CannotRepair
from igcli.models.keras3.older_config import Config, Finders, repair
from igcli.models.loaders.network import said_in

_OPERATIONS = ("numpy", "nn", "core", "math", "linalg", "image", "einops")
_LAYERS = ("keras.src.applications.convnext",)
# Of a file that does not say who wrote it.
_UNKNOWN = (3,)


def load_keras3(
    path: Path, version: str, config: Config, options: Config, check: Callable[[str], None]
) -> tuple[Any, str]:
    """Return the model, and what was repaired, in one line; nothing where nothing was.

    Parameters
    ----------
    path : Path
        The file.
    version : str
        Of the Keras that wrote it.
    config : dict
        The model's config as the file holds it.
    options : dict
        ``safe_mode`` and ``custom_objects``, as Keras takes them.
    check : callable
        Raises ModelError where a repaired config, as JSON, is not to be loaded.

    Raises
    ------
    ModelError
        When Keras can't read it.
    """
    plain = {key: value for key, value in config.items() if key != "compile_config"}
    found: list[tuple[Config, list[str]]] = []
    first: ModelError | None = None
    for no_augmentation in (False, True):
        try:
            repaired = repair(
                plain, _numbers(version), _finders(options), h5py.is_hdf5(path), no_augmentation
            )
        except CannotRepair as error:
            raise _unreadable(path, error) from error
        if repaired in found:
            break
        found.append(repaired)
        try:
            return _load(path, plain, *repaired, options, check), _said(version, repaired[1])
        except ModelError as error:
            first = first or error
    assert first is not None
    raise first


def _load(
    path: Path,
    plain: Config,
    repaired: Config,
    notes: list[str],
    options: Config,
    check: Callable[[str], None],
) -> Any:
    import keras

    if repaired == plain:
        return load_as_it_is(path, options)
    check(json.dumps(repaired))
    try:
        model = keras.saving.deserialize_keras_object(repaired, **options)
        model.load_weights(path)
    except Exception as error:
        # Keras raises nearly any type. Nothing but the form was mended where there are no notes.
        if not notes:
            with suppress(ModelError):
                return load_as_it_is(path, options)
        raise _unreadable(path, error) from error
    return model


def _said(version: str, notes: list[str]) -> str:
    import keras

    counted = [f"{note} ({n}×)" if n > 1 else note for note, n in Counter(notes).items()]
    older = "" if version == keras.__version__ else f" from Keras {version}"
    said = f"repaired{older} for Keras {keras.__version__}: {', '.join(counted)}"
    return said if notes else ""


def load_as_it_is(path: Path, options: Config) -> Any:
    """Return what Keras makes of a file by itself; raise ModelError where it can't."""
    import keras

    try:
        return keras.models.load_model(path, compile=False, **options)
    except Exception as error:
        # As above: any type at all.
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ModelError:
    import keras

    return ModelError(
        f"Keras {keras.__version__} can't load {path}",
        said_in(error),
        "name the file that defines its layers with --custom-objects, or export it as a "
        "SavedModel with the Keras that wrote it: model.export('folder')",
    )


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else _UNKNOWN


def _finders(options: Config) -> Finders:
    import keras

    def layer_module(name: str) -> str | None:
        if name in options["custom_objects"]:
            return None
        return "keras.layers" if hasattr(keras.layers, name) else _holder(_LAYERS, name)

    def operation_module(name: str) -> str | None:
        modules = [f"keras.src.ops.{module}" for module in _OPERATIONS]
        return None if name in options["custom_objects"] else _holder(modules, name)

    def can_rebuild(node: Config) -> bool:
        alone = {key: node[key] for key in ("module", "class_name", "config", "registered_name")}
        try:
            keras.saving.deserialize_keras_object(alone, **options)
        except Exception:
            # Any type at all, once more.
            return False
        return True

    return Finders(layer_module, operation_module, can_rebuild)


def _holder(modules: list[str] | tuple[str, ...], name: str) -> str | None:
    """Return the first of some modules of Keras that has a class of that name."""
    for module in modules:
        with suppress(ImportError):
            if isinstance(getattr(importlib.import_module(module), name, None), type):
                return module
    return None
