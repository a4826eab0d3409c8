"""The weights of a Keras 2 file: all of them, each to its own variable of a Keras 3 model.

The model was rebuilt from a repaired config, so nothing is taken on trust: a weight of the file
that fits nowhere, or a variable that the file does not set, raises.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import h5py

from igcli.models.keras2.layer_graph import Config, class_of, name_of, new_names

Weight: TypeAlias = tuple[str, tuple[int, ...]]
# What random layers keep; igcli runs models as at inference, where nothing is random.
_RANDOM_STATES = ("StateVar", "_random_generator")
_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
_PARTS = frozenset(
    {
        *("layer", "forward_layer", "backward_layer", "cell", "cells"),
        *("_query_dense", "_key_dense", "_value_dense", "_output_dense"),
    }
)
_LARGEST = 2**32
_EXPANSION = 100


def load_h5_weights(path: Path, config: Config, model: Any) -> None:
    """Set a model's weights from a legacy ``.h5``, layer by layer, by the layers' names.

    Parameters
    ----------
    path : Path
        The file.
    config : dict
        The model's config as the file holds it.
    model : keras.Model
        Rebuilt from the repaired config.
    """
    names = new_names(layers_of(config))
    missing = {id(variable): variable.path for variable in model.weights}
    with h5py.File(path, "r") as file:
        group = file["model_weights"]
        for layer in _texts(group, "layer_names"):
            saved = _saved(group[layer])
            if not saved:
                continue
            variables = _variables(model.get_layer(names[layer]))
            places = match(
                layer,
                [(name, data.shape) for name, data in saved],
                [(variable.path, tuple(variable.shape)) for variable in variables],
            )
            for variable, place in zip(variables, places, strict=True):
                variable.assign(saved[place][1][()])
                missing.pop(id(variable), None)
    if missing:
        raise ValueError(f"the file has no weights for {', '.join(missing.values())}")
    _settle(model)


def match(layer: str, saved: Sequence[Weight], variables: Sequence[Weight]) -> list[int]:
    """Find each variable's place among a layer's saved weights, by name and shape.

    A nested model's weights come in another order in Keras 3 where some of its layers are frozen,
    and many have equal shapes, so the order alone says little.

    Parameters
    ----------
    layer : str
        The layer's name, for the error.
    saved, variables : sequence of (str, tuple of int)
        Names, with slashes, and shapes: in the file, and in the model.

    Raises
    ------
    ValueError
        When a weight or a variable is left over, or a shape differs.
    """
    for parts in (2, 1):
        ours, theirs = ([_tail(name, parts) for name, _ in side] for side in (variables, saved))
        # A lone weight may have any name: Keras 3 leaves some of them unnamed.
        if Counter(ours) == Counter(theirs) or len(ours) == len(theirs) == parts == 1:
            break
    else:
        raise ValueError(
            f"layer {layer!r} has the weights {_listed(saved)} in the file,"
            f" {_listed(variables)} in the model"
        )
    waiting: dict[str, list[int]] = {}
    for place, name in enumerate(theirs):
        waiting.setdefault(name, []).append(place)
    places = [waiting[name].pop(0) for name in ours] if len(ours) > 1 else [0]
    for (name, shape), place in zip(variables, places, strict=True):
        if tuple(saved[place][1]) != tuple(shape):
            raise ValueError(
                f"layer {layer!r}: {name} is {shape} in the model, {saved[place][1]} in the file"
            )
    return places


def load_keras_weights(path: Path, config: Config, model: Any) -> None:
    """Set a model's weights from the ``model.weights.h5`` inside a ``.keras`` of Keras 2.

    Parameters are those of `load_h5_weights`. A model of tf-keras will do as well.
    """
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("model.weights.h5")
        if info.file_size > max(_LARGEST, _EXPANSION * info.compress_size):
            raise ValueError(f"its weights claim {info.file_size} bytes")
        content = io.BytesIO(archive.read(info))
    owners = {}
    with h5py.File(content, "r") as file:
        groups = _groups(file)
        claimed = sum(data.size for own in groups.values() for data in own.values())
        if claimed > model.count_params():
            raise ValueError(f"its weights are {claimed} numbers, not {model.count_params()}")
        for name, own in groups.items():
            owner = _owner(name, model, config)
            # Raises unless there are as many values as the owner has variables.
            owner.load_own_variables({number: data[()] for number, data in own.items()})
            owners[id(owner)] = len(own)
    if sum(owners.values()) != len(model.weights):
        raise ValueError(f"the file sets {sum(owners.values())} of {len(model.weights)} weights")


def layers_of(config: Config) -> list[Config]:
    """Return the layers' configs of a model's, in the file's order."""
    inner = config["config"]
    layers: list[Config] = inner if isinstance(inner, list) else inner["layers"]
    return layers


def _owner(name: str, model: Any, config: Config) -> Any:
    """Follow a path of the archive, such as layers/bidirectional/forward_layer/cell."""
    found, node, parts = model, config, name.split("/")
    while parts:
        part = parts.pop(0)
        if part in _CONTAINERS:
            layers = layers_of(node)
            node = layers[_numbered(layers).index(parts.pop(0))]
            old = name_of(node)
            here = {layer.name: layer for layer in found.layers}
            found = here[old] if old in here else here[new_names(layers)[old]]
        elif part == "cells":
            cells = node["config"]["cells"]
            index = _numbered(cells).index(parts.pop(0))
            found, node = found.cells[index], cells[index]
        elif part in _PARTS:
            found = getattr(found, part)
            node = node["config"].get("layer" if part == "forward_layer" else part, node)
        else:
            raise ValueError(f"its weights have an unknown part, {name!r}")
    return found


def _numbered(layers: list[Config]) -> list[str]:
    """Name layers as the archive does: by class, counted, whatever their own names."""
    names, seen = [], Counter[str]()
    for node in layers:
        words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", class_of(node))
        name = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
        names.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names


def _groups(file: Any) -> dict[str, dict[str, Any]]:
    """Find an archive's weights: path of the owner → number → data. Links are not followed."""
    groups: dict[str, dict[str, Any]] = {}

    def visit(name: str, item: Any) -> None:
        owner, _, number = name.rpartition("/vars/")
        wanted = name.split("/")[0] in _CONTAINERS and not _is_random_state(name)
        if wanted and isinstance(item, h5py.Dataset):
            groups.setdefault(owner, {})[number] = _inside(item)

    file.visititems(visit)
    return groups


def _saved(group: Any) -> list[tuple[str, Any]]:
    names = [name for name in _texts(group, "weight_names") if not _is_random_state(name)]
    return [(name, _inside(group[name])) for name in names]


def _inside(data: Any) -> Any:
    """Return a dataset whose values are in its own file; raise for any other."""
    if data.external or data.is_virtual:
        raise ValueError(f"weight {data.name!r} lies in another file")
    return data


def _texts(group: Any, name: str) -> list[str]:
    """Read a list of texts from a group's attributes, where long ones are cut into chunks."""
    chunks = [group.attrs[name]] if name in group.attrs else []
    while f"{name}{len(chunks)}" in group.attrs:
        chunks.append(group.attrs[f"{name}{len(chunks)}"])
    texts = [text for chunk in chunks for text in chunk]
    return [text.decode() if isinstance(text, bytes) else str(text) for text in texts]


def _variables(layer: Any) -> list[Any]:
    """List a layer's variables as Keras 2 does: first those that train."""
    train = list(layer.trainable_weights)
    seen = {id(variable) for variable in train}
    return train + [variable for variable in layer.weights if id(variable) not in seen]


def _is_random_state(name: str) -> bool:
    return any(state in name for state in _RANDOM_STATES)


def _tail(name: str, parts: int) -> str:
    # Keras 3 calls a DepthwiseConv2D's depthwise_kernel its kernel.
    plain = name.removesuffix(":0").replace("/depthwise_kernel", "/kernel")
    return "/".join(plain.split("/")[-parts:])


def _listed(weights: Sequence[Weight]) -> str:
    return ", ".join(f"{_tail(name, 2)} {tuple(shape)}" for name, shape in weights[:4])


def _settle(model: Any) -> None:
    """Have layers derive what they compute from their weights (Normalization does)."""
    for layer in getattr(model, "layers", ()):
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
        _settle(layer)
