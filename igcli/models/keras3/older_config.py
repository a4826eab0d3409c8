"""The older config of a Keras 3 model, repaired: written as today's Keras reads it.

Pure functions over parsed JSON. Four things are mended, and nothing else is touched:

- Until Keras 3.10 a model's only output stood in a list and came back as the output itself; since
  3.11 it comes back as a list, which no layer behind a nested model takes.
- An ``.h5`` says of its layers no more than the class's name. Without a module Keras takes an older
  path, which mistakes operations for layers (``x + y`` for Add) and loses a second axis.
- Layers of data augmentation that Keras can't rebuild do nothing at inference: they are left out.
- A RandomCrop does what it did at inference then; see `igcli.models.keras3.random_crop`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from igcli.models.keras3.random_crop import random_crop
from igcli.models.scan.allowed_names import MARKERS

Config: TypeAlias = dict[str, Any]

# Since then a model's outputs are written in the structure that they have.
_STRUCTURES_SINCE = (3, 11)
_ENDS = ("input_layers", "output_layers")
_NOT_AUGMENTATION = frozenset({"RandomCrop", "RandomFourierFeatures"})
_OTHER_AUGMENTATION = frozenset(
    {"AugMix", "CutMix", "Equalization", "MixUp", "RandAugment", "Solarization"}
)
_MODELS = {"Functional": "keras.src.models.functional", "Model": "keras", "Sequential": "keras"}


@dataclass(frozen=True, slots=True)
class Finders:
    """What only Keras itself can tell.

    Attributes
    ----------
    layer_module, operation_module : callable
        Class name → the module that it is found in; None where there is none.
    can_rebuild : callable
        A layer's config → whether Keras makes a layer of it.
    """

    layer_module: Callable[[str], str | None]
    operation_module: Callable[[str], str | None]
    can_rebuild: Callable[[Config], bool]


def repair(
    config: Config,
    version: tuple[int, ...],
    finders: Finders,
    is_hdf5: bool,
    no_augmentation: bool = False,
) -> tuple[Config, list[str]]:
    """Return a repaired copy of a config, and what was repaired, one phrase per place.

    Parameters
    ----------
    config : dict
        What a Keras 3 file holds: ``class_name``, ``config``. It is not changed.
    version : tuple of int
        Of the Keras that wrote it.
    finders : Finders
        Asks Keras.
    is_hdf5 : bool
        Whether the file is an ``.h5``.
    no_augmentation : bool
        Whether to leave out every layer of data augmentation: some can be rebuilt, and not called.

    Raises
    ------
    CannotRepair
        With the layer's name and the reason.
    """
    work = _Repair(config.get("config"), version, finders, is_hdf5, no_augmentation)
    return work.of(config), work.notes


class _Repair:
    """One file's repair, and its notes."""

    def __init__(
        self,
        outer: Any,
        version: tuple[int, ...],
        finders: Finders,
        is_hdf5: bool,
        no_augmentation: bool,
    ) -> None:
        self._outer = outer
        self._lists = version < _STRUCTURES_SINCE
        self._version = version
        self._finders = finders
        self._is_hdf5 = is_hdf5
        self._no_augmentation = no_augmentation
        self.notes: list[str] = []

    def of(self, value: Any) -> Any:
        """Return a value of a config, all that is in it repaired."""
        if isinstance(value, list):
            return [self.of(part) for part in value]
        if not isinstance(value, dict):
            return value
        repaired = {key: self.of(part) for key, part in value.items()}
        nested = value is not self._outer
        if self._lists and nested and all(isinstance(value.get(key), list) for key in _ENDS):
            self._take_out_of_lists(repaired)
        if isinstance(repaired.get("class_name"), str) and isinstance(repaired.get("config"), dict):
            return self._object(repaired)
        return repaired

    def _take_out_of_lists(self, model: Config) -> None:
        for key in _ENDS:
            ends = model[key]
            if len(ends) == 1 and isinstance(ends[0], list):
                model[key] = ends[0]
                if key == "output_layers":
                    self.notes.append("a nested model's only output taken out of its list")

    def _object(self, node: Config) -> Config:
        if self._is_hdf5 and "module" not in node and node["class_name"] not in MARKERS:
            node = self._with_module(node)
        if _is_augmentation(node) and (
            self._no_augmentation or not self._finders.can_rebuild(node)
        ):
            self.notes.append(f"{node['class_name']} left out, as at inference")
            return _left_out(node)
        if node["class_name"] == "RandomCrop" and _is_layer_of_keras(node):
            return self._crop(node)
        return node

    def _crop(self, node: Config) -> Config:
        same = random_crop(node, self._version)
        if same is None:
            return node
        self.notes.append(f"RandomCrop written as {same[0]}")
        return _in_place_of(node, *same)

    def _with_module(self, node: Config) -> Config:
        name = node["class_name"]
        layer, operation = self._finders.layer_module(name), self._finders.operation_module(name)
        # Where both go by one name: a layer says whether it is trainable, an operation does not.
        is_layer = "trainable" in node["config"] or operation is None
        module = _MODELS.get(name) or (layer if is_layer else operation)
        return {**node, "module": module, "registered_name": None if module else name}


def _is_layer_of_keras(node: Config) -> bool:
    return str(node.get("module")).startswith("keras") and "trainable" in node["config"]


def _is_augmentation(node: Config) -> bool:
    name = node["class_name"]
    is_random = name.startswith("Random") and name not in _NOT_AUGMENTATION
    return _is_layer_of_keras(node) and (is_random or name in _OTHER_AUGMENTATION)


def _left_out(node: Config) -> Config:
    return _in_place_of(node, "Identity", {})


def _in_place_of(node: Config, class_name: str, config: Config) -> Config:
    """Return another layer of Keras under a layer's name, called as that is."""
    kept = {key: node["config"][key] for key in ("name", "trainable") if key in node["config"]}
    layer: Config = {
        "module": "keras.layers",
        "class_name": class_name,
        "config": {**kept, **config},
        "registered_name": None,
    }
    if "name" in node:
        layer["name"] = node["name"]
    if "inbound_nodes" in node:
        layer["inbound_nodes"] = [_without_training(call) for call in node["inbound_nodes"]]
    return layer


def _without_training(call: Any) -> Any:
    if not isinstance(call, dict) or not isinstance(call.get("kwargs"), dict):
        return call
    return {**call, "kwargs": {k: v for k, v in call["kwargs"].items() if k != "training"}}
