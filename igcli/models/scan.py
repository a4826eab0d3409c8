"""Read a model file's config before Keras does, and refuse what could run code.

Nothing here executes, imports or unpickles anything from the file. A layer must be one of Keras'
own; Lambda and TFSMLayer, callables by module path, and HDF5 links out of the file are refused.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from igcli.errors import ModelError

_RUNS_CODE = frozenset({"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"})
_KERAS_MODULES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras", "builtins")
_MAX_CONFIG_BYTES = 64 * 2**20
_MAX_DEPTH = 200
_MAX_DIMENSION = 2**24


def scan_h5(path: Path) -> None:
    """Check a legacy ``.h5`` model file; raise ModelError with the reason to refuse it."""
    try:
        with h5py.File(path, "r") as file:
            _refuse_links(path, file)
            text = file.attrs.get("model_config")
    except OSError as error:
        raise ModelError(
            f"{path} is not a readable HDF5 file", str(error).split("\n")[0], "check the file"
        ) from error
    if text is None:
        raise ModelError(
            f"{path} holds weights only, no model",
            fix="save the whole model: model.save('model.h5') or model.save('model.keras')",
        )
    _scan_text(path, text)


def scan_keras(path: Path) -> None:
    """Check a ``.keras`` archive; raise ModelError with the reason to refuse it."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo("config.json")
            if info.file_size > _MAX_CONFIG_BYTES:
                raise ModelError(f"{path}: its config.json claims {info.file_size} bytes")
            text = archive.read(info)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise ModelError(
            f"{path} is not a .keras archive", str(error), "save it again with model.save"
        ) from error
    _scan_text(path, text)


def _scan_text(path: Path, text: str | bytes) -> None:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: its model config is not JSON", str(error)) from error
    if not isinstance(config, dict):
        raise ModelError(f"{path}: its model config is not a table")
    for node in _objects(path, config, 0):
        _check_class(path, node)
        _check_shapes(path, node)


def _objects(path: Path, node: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        raise ModelError(f"{path}: its model config is nested more than {_MAX_DEPTH} deep")
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _objects(path, value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(path, value, depth + 1)


def _check_class(path: Path, node: dict[str, Any]) -> None:
    name = node.get("class_name")
    if not isinstance(name, str):
        return
    layer = name.rsplit(">", 1)[-1]
    config = node.get("config")
    title = config.get("name", layer) if isinstance(config, dict) else layer
    if layer in _RUNS_CODE:
        raise ModelError(
            f"{path}: layer {title!r} is a {layer}",
            "it carries code that would run on this machine",
            "rebuild the model with Keras' own layers, or export it as a SavedModel",
        )
    module = node.get("module")
    if name == "function" or (isinstance(module, str) and not _is_keras(module)):
        raise ModelError(
            f"{path}: {title!r} names {name!r} of module {module!r}",
            "only what Keras itself defines is loaded",
            "rebuild the model with Keras' own layers, or export it as a SavedModel",
        )
    if (
        ">" in name
        and not name.startswith("Keras>")
        or node.get("registered_name")
        not in (
            None,
            name,
            layer,
            f"Keras>{layer}",
        )
    ):
        raise ModelError(
            f"{path}: layer {title!r} is a custom {node.get('registered_name') or name}",
            "its code is not in the file",
            "export the model as a SavedModel: model.export('folder')",
        )


def _is_keras(module: str) -> bool:
    return any(module == name or module.startswith(name + ".") for name in _KERAS_MODULES)


def _check_shapes(path: Path, node: dict[str, Any]) -> None:
    for key in ("batch_input_shape", "batch_shape", "input_shape", "target_shape"):
        shape = node.get(key)
        if isinstance(shape, list):
            for n in shape:
                if isinstance(n, int) and abs(n) > _MAX_DIMENSION:
                    raise ModelError(f"{path}: {key} {shape} is absurdly large")
    for key in ("units", "filters"):
        n = node.get(key)
        if isinstance(n, int) and n > _MAX_DIMENSION:
            raise ModelError(f"{path}: {key} {n} is absurdly large")


def _refuse_links(path: Path, file: Any) -> None:
    def visit(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            raise ModelError(f"{path}: {name!r} links to another file, {link.filename!r}")

    file.visititems_links(visit)
