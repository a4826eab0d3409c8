"""describe: a model file's inputs, outputs and layers, for people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.model_spec import InputSpec, LayerInfo, ModelSettings, Tail
from igcli.models.loaders.network import Network
from igcli.models.scores import find_tail
from igcli.models.selection.any_batch import opened
from igcli.models.selection.layers import layer_infos
from igcli.models.selection.packing import all_typed
from igcli.models.selection.reading import as_read, is_channels_first


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """One output: its shape, and the last operation before it."""

    name: str
    shape: tuple[int | None, ...]
    tail: Tail


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as it is, before anything of it is chosen.

    Attributes
    ----------
    channels_first : tuple of str
        The inputs that take pictures so.
    batch : int or None
        How many inputs it takes at once; None for any number.
    """

    path: Path
    loader: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputInfo, ...]
    layers: tuple[LayerInfo, ...]
    scaling: str
    channels_first: tuple[str, ...] = ()
    batch: int | None = None


def describe(tf: Any, network: Network, path: Path, settings: ModelSettings) -> ModelInfo:
    """Trace a model once, and tell what it takes and gives."""
    network = opened(tf, as_read(tf, network, settings)[0])

    def function(*tensors: Any) -> list[Any]:
        return list(network.function(all_typed(tf, tensors, network.inputs)))

    rows = [tf.TensorSpec((network.batch, *spec.shape), spec.dtype) for spec in network.inputs]
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
        channels_first=tuple(s.name for s in network.inputs if is_channels_first(s.shape)),
        batch=network.batch,
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
