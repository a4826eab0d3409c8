"""The config of a Keras model: one JSON text, checked before Keras reads it.

Nothing here executes or imports what the text names. What could run code is refused by an
allow-list of names; what could exhaust the machine, by bounds on the text and on what its layers
declare.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.common.errors import ModelError
from igcli.models.keras2.operations import is_listed
from igcli.models.scan.allowed_names import (
    CALLABLE_SLOT,
    CLASSES,
    FUNCTION_MODULES,
    FUNCTIONS,
    MARKERS,
    MODULES,
    RUNS_CODE,
)
from igcli.models.scan.declared_weights import check_sizes
from igcli.models.scan.strict_json import parse, short

_MAX_LAYERS = 10_000
_NAME = re.compile(r"[A-Za-z_][\w.]*")

_REBUILD = "rebuild the model with Keras' own layers, or export it as a SavedModel"
_TRUST = "if you trust the file, --allow-unsafe loads it and runs its code"
_NAME_IT = "name the file that defines it with --custom-objects, or export it as a SavedModel"
# They build models of more than layers: a tokenizer, a converter of images.
_PACKAGES = ("keras_hub.", "keras_nlp.", "keras_cv.")
_EXPORT = (
    "export it as a SavedModel where that package is installed: "
    "keras.models.load_model('FILE').export('FOLDER'). It holds no preprocessing: name what the "
    "model's own preprocessor does to pixels with --preprocess"
)


@dataclass(frozen=True, slots=True)
class Trust:
    """What the user vouches for.

    Attributes
    ----------
    allow_unsafe : bool
        Code in the file may run, and its layers may be as large as they say.
    names : frozenset of str
        Classes and functions that the user's own file defines.
    """

    allow_unsafe: bool = False
    names: frozenset[str] = frozenset()

    def vouches_for(self, name: object) -> bool:
        """Tell whether a name is one of those, whatever package it is registered under."""
        return isinstance(name, str) and any(bare(name) == bare(known) for known in self.names)


NO_TRUST = Trust()


def bare(name: str) -> str:
    """Return a name without the package that it is registered under: ``package>Name``."""
    return name.rsplit(">", 1)[-1]


def check_config(path: Path, text: str | bytes, file_bytes: int, trust: Trust = NO_TRUST) -> None:
    """Check a model's config.

    Parameters
    ----------
    path : Path
        The model file, for messages.
    text : str or bytes
        The JSON text.
    file_bytes : int
        How large the file is: it can't hold more weights than that.
    trust : Trust
        What the user vouches for.

    Raises
    ------
    ModelError
        With the layer and the reason.
    """
    config = parse(path, text)
    # Models are loaded without compile(), which is where users' own losses and metrics stand.
    config.pop("compile_config", None)
    layers = 0
    for owner, slot, value in _values(config):
        if isinstance(value, dict):
            layers += len(_layers(path, value))
        if not trust.allow_unsafe:
            _check_value(path, owner, slot, value, trust)
    if layers > _MAX_LAYERS:
        raise ModelError(f"{path}: its model config has {layers} layers", f"{_MAX_LAYERS} are read")
    if not trust.allow_unsafe:
        check_sizes(path, config, file_bytes)


def _values(config: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Walk every value, with the layer that it is part of and the key that it stands under."""
    waiting: list[tuple[str, str, Any]] = [("", "", config)]
    while waiting:
        owner, slot, value = waiting.pop()
        yield owner, slot, value
        if isinstance(value, dict):
            owner = short(title(value) or owner)
            waiting.extend((owner, key, item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend((owner, slot, item) for item in value)


def _layers(path: Path, node: dict[str, Any]) -> list[Any]:
    """Return a model's layers; no two may have one name."""
    layers = node.get("layers")
    if not isinstance(layers, list):
        return []
    names: set[str] = set()
    for layer in layers:
        if isinstance(layer, dict) and isinstance(name := title(layer), str):
            if name in names:
                raise ModelError(f"{path}: two layers are called {short(name)!r}")
            names.add(name)
    return layers


def title(node: Mapping[str, Any]) -> str | None:
    """Return what a layer is called, as its model calls it."""
    config = node.get("config")
    inner = config.get("name") if isinstance(config, dict) else None
    name = node.get("name", inner)
    return name if isinstance(name, str) else None


def _check_value(path: Path, owner: str, slot: str, value: Any, trust: Trust) -> None:
    if isinstance(value, dict):
        if "class_name" in value:
            _check_object(path, owner, value, trust)
        if "code" in value or "closure" in value:
            raise _refusal(path, f"layer {owner!r} holds a Python function", "its code would run")
    elif isinstance(value, str) and CALLABLE_SLOT.fullmatch(slot):
        _check_callable(path, owner, slot, value, trust)
    elif isinstance(value, str) and slot == "vocabulary" and value:
        what = f"layer {owner!r} names a vocabulary file, {short(value)!r}"
        raise _refusal(path, what, "a model has no need to read other files")


def _check_callable(path: Path, owner: str, slot: str, value: str, trust: Trust) -> None:
    if value in FUNCTIONS or value in CLASSES or trust.vouches_for(value):
        return
    # The two layers that stand for a TensorFlow function have rules of their own.
    if slot == "function" and is_listed(value):
        return
    what = f"{short(slot)} of layer {owner!r} is {short(value)!r}"
    if not _NAME.fullmatch(value) or "." in value:
        raise _refusal(path, what, "only Keras' own functions are called")
    raise ModelError(f"{path}: {what}", "Keras has no such function", _NAME_IT)


def _check_object(path: Path, owner: str, node: dict[str, Any], trust: Trust) -> None:
    name = node["class_name"]
    if not isinstance(name, str):
        raise ModelError(f"{path}: a class_name is no text", short(repr(name)))
    layer = bare(name)
    called = short(title(node) or layer)
    if layer in RUNS_CODE:
        raise _refusal(path, f"layer {called!r} is a {layer}", RUNS_CODE[layer])
    registered = node.get("registered_name")
    if trust.vouches_for(name) or trust.vouches_for(registered):
        return
    if name == "function":
        _check_function(path, owner, node, trust)
        return
    _check_module(path, called, name, node.get("module"))
    if name not in MARKERS:
        _check_class(path, called, name, registered)
    if layer in {"TFOpLambda", "SlicingOpLambda"}:
        _check_tensorflow_function(path, called, node.get("config"))


def _check_class(path: Path, called: str, name: str, registered: Any) -> None:
    own = name.removeprefix("Keras>")
    if registered not in (None, name, own, f"Keras>{own}"):
        own = str(registered)
    if own not in CLASSES:
        raise ModelError(
            f"{path}: layer {called!r} is a custom {short(own)}",
            "its code is not in the file",
            _NAME_IT,
        )


def _check_module(path: Path, called: str, name: str, module: Any) -> None:
    if module is None:
        return
    inside = isinstance(module, str) and any(
        module == root or module.startswith(f"{root}.") for root in MODULES
    )
    if not inside or not _NAME.fullmatch(module):
        raise ModelError(
            f"{path}: {called!r} names {short(name)!r} of module {short(str(module))!r}",
            "only what Keras itself defines is loaded",
            _EXPORT if str(module).startswith(_PACKAGES) else _NAME_IT,
        )


def _check_function(path: Path, owner: str, node: dict[str, Any], trust: Trust) -> None:
    name, module = node.get("config"), node.get("module")
    if trust.vouches_for(name):
        return
    known = isinstance(name, str) and name in FUNCTIONS
    if not known or not isinstance(module, str) or not FUNCTION_MODULES.fullmatch(module):
        raise ModelError(
            f"{path}: layer {owner!r} names function {short(str(name))!r} of module "
            f"{short(str(module))!r}",
            "only Keras' own activations, initialisers, losses and metrics are called",
            _NAME_IT,
        )


def _check_tensorflow_function(path: Path, called: str, config: Any) -> None:
    function = config.get("function") if isinstance(config, dict) else None
    if not isinstance(function, str) or not is_listed(function):
        raise ModelError(
            f"{path}: layer {called!r} calls TensorFlow's {short(str(function))!r}",
            "only TensorFlow's pure functions of numbers are called",
            "export the model as a SavedModel with the Keras that wrote it: model.save('folder')",
        )


def _refusal(path: Path, what: str, why: str) -> ModelError:
    return ModelError(f"{path}: {what}", why, f"{_REBUILD}; {_TRUST}")
