"""Reading: a model's inputs as they are read, their sizes settled and pictures channels last.

A model that takes channels first is given its pictures transposed: igcli reads, explains and draws
them as height × width × channels, and the maps are so too.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import InputSpec
from igcli.common.shapes import PHOTO_CHANNELS, fits, is_image_shape
from igcli.models.loaders.network import Network


def is_channels_first(shape: Sequence[int | None]) -> bool:
    """Tell whether an input of this shape takes pictures, their channels first."""
    return len(shape) == 3 and shape[0] in PHOTO_CHANNELS and not is_image_shape(tuple(shape))


def as_read(tf: Any, network: Network, settings: ModelSettings) -> tuple[Network, tuple[str, ...]]:
    """Return the model as a function of what is read, and the inputs that are transposed for it."""
    shapes = dict(settings.shapes)
    alone = len(network.inputs) == 1
    given = [shapes.get(s.name, shapes.get("", ()) if alone else ()) for s in network.inputs]
    turned = [
        is_channels_first(spec.shape) and _reads_channels_last(shape, spec, settings.pictures)
        for spec, shape in zip(network.inputs, given, strict=True)
    ]
    inputs = tuple(
        _settled(_channels_last(spec) if turn else spec, shape, settings)
        for spec, shape, turn in zip(network.inputs, given, turned, strict=True)
    )
    function = _turning(tf, network, turned) if any(turned) else network.function
    names = (spec.name for spec, turn in zip(inputs, turned, strict=True) if turn)
    return replace(network, inputs=inputs, function=function), tuple(names)


def _turning(
    tf: Any, network: Network, turned: Sequence[bool]
) -> Callable[[Sequence[Any]], Sequence[Any]]:
    def function(tensors: Sequence[Any]) -> Sequence[Any]:
        return network.function(
            [
                tf.transpose(tensor, (0, 3, 1, 2)) if turn else tensor
                for tensor, turn in zip(tensors, turned, strict=True)
            ]
        )

    return function


def _reads_channels_last(shape: tuple[int, ...], spec: InputSpec, pictures: bool) -> bool:
    if not shape:
        return pictures
    return not fits(shape, spec.shape) and any(
        fits(candidate, _channels_last(spec).shape) for candidate in (shape, (*shape, 1))
    )


def _channels_last(spec: InputSpec) -> InputSpec:
    channels, height, width = spec.shape
    return replace(spec, shape=(height, width, channels))


def _settled(spec: InputSpec, shape: tuple[int, ...], settings: ModelSettings) -> InputSpec:
    """Give open dimensions the sizes of the inputs at hand, where these fit."""
    if not shape and settings.image_size and is_image_shape(spec.shape):
        shape = (*settings.image_size, *(n for n in spec.shape[2:] if n is not None))
    for candidate in (shape, (*shape, 1), shape[:-1] if shape[-1:] == (1,) else shape):
        if candidate and fits(candidate, spec.shape):
            return spec.with_shape(candidate)
    return spec
