"""describe: a model file's inputs, outputs and layers, for people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.model_spec import InputSpec, LayerInfo, Tail
from igcli.models.loaders.network import Network
from igcli.models.scores import find_tail
from igcli.models.selection.layers import layer_infos
from igcli.models.selection.packing import all_typed


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """One output: its shape, and the last operation before it."""

    name: str
    shape: tuple[int | None, ...]
    tail: Tail


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as it is, before anything of it is chosen."""

    path: Path
    loader: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputInfo, ...]
    layers: tuple[LayerInfo, ...]
    scaling: str


def describe(tf: Any, network: Network, path: Path) -> ModelInfo:
    """Trace a model once, and tell what it takes and gives."""

    def function(*tensors: Any) -> list[Any]:
        return list(network.function(all_typed(tf, tensors, network.inputs)))

    rows = [tf.TensorSpec((None, *spec.shape), spec.dtype) for spec in network.inputs]
    outputs = tf.function(function, autograph=False).get_concrete_function(*rows)
    return ModelInfo(
        path=path,
        loader=network.loader,
        inputs=network.inputs,
        outputs=tuple(
            OutputInfo(name, tuple(tensor.shape[1:]), find_tail(tensor)[0])
            for name, tensor in zip(network.outputs, outputs.outputs, strict=True)
        ),
        layers=layer_infos(network.model),
        scaling=own_scaling(network.model),
    )


_SMALLEST_SCALE = 0.05
_LARGEST_MEAN = 3.0
_BEFORE_WEIGHTS = ("Rescaling", "Normalization", "Resizing", "CenterCrop", "InputLayer", "Random")


def own_scaling(model: Any) -> str:
    """Name the first layer that brings pixels of 0–255 to the model's range; "" without one.

    Only layers before all others are looked at: a Rescaling by 1/255, say, or a Normalization
    whose means are those of pixels.
    """
    for layer in getattr(model, "layers", ()):
        kind = type(layer).__name__
        if not kind.startswith(_BEFORE_WEIGHTS):
            return ""
        if kind == "Rescaling" and _largest(layer.scale) < _SMALLEST_SCALE:
            return str(layer.name)
        if kind == "Normalization" and _largest(getattr(layer, "mean", 0.0)) > _LARGEST_MEAN:
            return str(layer.name)
    return ""


def _largest(values: Any) -> float:
    return float(np.abs(np.asarray(values, np.float64)).max(initial=0.0))
