"""describe: a model file's inputs, outputs and layers, for people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import EntryPoint, InputSpec, LayerInfo, Tail
from igcli.common.own_scaling import OwnScaling
from igcli.common.shapes import is_image_shape
from igcli.models.dense_scores import has_places
from igcli.models.graph.inlined import inline
from igcli.models.graph.stateful import drawn, has_state
from igcli.models.loaders.network import Network
from igcli.models.scores import find_tail
from igcli.models.selection.any_batch import opened
from igcli.models.selection.layers import last_convolution, layer_infos
from igcli.models.selection.packing import all_typed
from igcli.models.selection.pixels import with_pixels
from igcli.models.selection.reading import as_read, is_channels_first
from igcli.models.selection.scaling import own_scaling


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """One output: its shape, the last operation before it, and its key in a dict of outputs.

    `by_place` tells one that has a score for each class at each place of an input picture.
    """

    name: str
    shape: tuple[int | None, ...]
    tail: Tail
    key: str = ""
    by_place: bool = False


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as it is, before anything of it is chosen.

    Attributes
    ----------
    channels_first : tuple of str
        The inputs that take pictures so.
    batch : int or None
        How many inputs it takes at once; None for any number.
    draws : tuple of str
        What draws random numbers that an output depends on, other ones at each call.
    entry_points : tuple of EntryPoint
        What of a SavedModel can be called; empty for other models.
    last_conv : str or None
        The layer that ``--layer last-conv`` finds.
    """

    path: Path
    loader: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputInfo, ...]
    layers: tuple[LayerInfo, ...]
    own: OwnScaling
    channels_first: tuple[str, ...] = ()
    batch: int | None = None
    draws: tuple[str, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    last_conv: str | None = None


def describe(tf: Any, network: Network, path: Path, settings: ModelSettings) -> ModelInfo:
    """Trace a model once, and tell what it takes and gives."""
    network = with_pixels(tf, opened(tf, as_read(tf, network, settings)[0]))

    def function(*tensors: Any) -> list[Any]:
        return list(network.function(all_typed(tf, tensors, network.inputs)))

    rows = [tf.TensorSpec((network.batch, *spec.shape), spec.dtype) for spec in network.inputs]
    outputs = tf.function(function, autograph=False).get_concrete_function(*rows)
    keys = network.output_keys or ("",) * len(network.outputs)
    return ModelInfo(
        path=path,
        loader=network.loader,
        inputs=network.inputs,
        outputs=tuple(
            _output(name, tensor, key, network.inputs)
            for name, tensor, key in zip(network.outputs, outputs.outputs, keys, strict=True)
        ),
        layers=layer_infos(network.model),
        own=own_scaling(tf, network, outputs),
        channels_first=tuple(s.name for s in network.inputs if is_channels_first(s.shape)),
        batch=network.batch,
        draws=_drawn(tf, outputs, function, rows),
        entry_points=network.entry_points,
        last_conv=last_convolution(network.model),
    )


def _output(name: str, tensor: Any, key: str, inputs: Sequence[InputSpec]) -> OutputInfo:
    shape, tail = tuple(tensor.shape[1:]), find_tail(tensor)[0]
    picture = next((spec.shape for spec in inputs if is_image_shape(spec.shape)), ())
    return OutputInfo(name, shape, tail, key, has_places(picture, shape, tail))


def _drawn(
    tf: Any, traced: Any, function: Callable[..., list[Any]], rows: list[Any]
) -> tuple[str, ...]:
    """Name what draws random numbers; a model that draws nothing is not looked through."""
    if not has_state(traced.graph.as_graph_def()):
        return ()
    inlined = inline(tf, function, rows)
    names = {name for i in range(len(inlined.outputs)) for name in drawn(inlined, i)}
    return tuple(sorted(names))
