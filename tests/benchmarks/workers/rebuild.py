"""The case's model, built anew from its plain layer list by whichever Keras is there.

No one file format is read alike by Keras 2.14, Keras 3 on TensorFlow and Keras 3 on PyTorch; a list
of layers with their arguments, and the weights by layer name, is.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


def build(keras: Any, folder: Path) -> Any:
    """Return the model of ``layers.json`` with the weights of ``weights.npz``."""
    layers = json.loads((folder / "layers.json").read_text())
    first, last = layers[0], layers[-1]
    inputs = keras.Input(tuple(first["shape"]), name=first["name"])
    tensors = {first["name"]: inputs}
    for layer in layers[1:]:
        made = getattr(keras.layers, layer["class"])(name=layer["name"], **layer["arguments"])
        sources = [tensors[name] for name in layer["inputs"]]
        tensors[layer["name"]] = made(sources if len(sources) > 1 else sources[0])
    model = keras.Model(inputs, tensors[last["name"]])
    with np.load(folder / "weights.npz") as weights:
        for layer in model.layers:
            count = len(layer.get_weights())
            layer.set_weights([weights[f"{layer.name}/{i}"] for i in range(count)])
    return model


def versions(*names: str) -> dict[str, str]:
    """Return the installed version of each package."""
    return {name: version(name) for name in names}
