"""select: which output, which inputs, from which layer on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from igcli.common.errors import ConfigError, ModelError
from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import InputSpec
from igcli.models.loaders.network import Loaded, Network
from igcli.models.selection.any_batch import opened
from igcli.models.selection.at_layer import from_layer
from igcli.models.selection.held_masks import with_held_masks
from igcli.models.selection.layers import (
    LAST_CONV,
    find_layer,
    is_input,
    last_convolution,
    layer_names,
)
from igcli.models.selection.outputs import choose_output, unknown
from igcli.models.selection.packing import all_typed, input_parts, packed, unpacked
from igcli.models.selection.pixels import with_pixels
from igcli.models.selection.reading import as_read
from igcli.models.selection.scaling import own_scaling


def select(tf: Any, path: Path, network: Network, settings: ModelSettings) -> Loaded:
    """Return what the settings ask for as a function of one tensor.

    Raises
    ------
    ConfigError
        When the model has no such output, input or layer.
    ModelError
        When there is nothing to integrate along.
    """
    network, transposed = as_read(tf, network, settings)
    network = opened(tf, network)
    settings, found = _with_layer_found(path, network, settings)
    layer = _layer(path, network, settings)
    if layer is None:
        network = with_pixels(tf, network)
    output, note = choose_output(tf, path, network, settings.output)
    if layer is not None:
        name = str(settings.layer)
        loaded = from_layer(tf, path, network, layer, name, settings.layer_input, output)
    else:
        asked = (settings.layer,) if settings.layer else settings.explain
        loaded = _from_inputs(tf, path, network, asked, output)
    loaded = replace(
        loaded,
        inputs=network.inputs if len(network.inputs) > 1 else (),
        own=own_scaling(tf, network),
        batch=network.batch,
        transposed=transposed,
        layers=layer_names(network.model),
        notes=tuple(filter(None, (note, found))),
    )
    return with_held_masks(tf, path, loaded) if settings.hold_mask else loaded


def _with_layer_found(
    path: Path, network: Network, settings: ModelSettings
) -> tuple[ModelSettings, str]:
    """Put the layer's own name in the place of ``last-conv``, and say which it is."""
    if settings.layer != LAST_CONV or LAST_CONV in layer_names(network.model):
        return settings, ""
    found = last_convolution(network.model)
    if network.model is None:
        # It says that layers are not known.
        find_layer(path, None, LAST_CONV)
    if found is None:
        raise ConfigError(
            f"--layer {LAST_CONV}: no layer of {path} gives rows and columns of places",
            fix="name another layer: `igcli inspect` lists them",
        )
    return replace(settings, layer=found), f"--layer {LAST_CONV} is {found}"


def _layer(path: Path, network: Network, settings: ModelSettings) -> Any:
    """Return the layer asked for; None where none is, or an input by its name."""
    names = {spec.name for spec in network.inputs}
    if settings.layer is None:
        if settings.layer_input:
            raise ConfigError("--layer-input needs a layer", fix="name one with --layer")
        return None
    if settings.explain:
        raise ConfigError(
            "--explain can't be used with --layer",
            "all that the layer gives is explained",
            "leave one of them out",
        )
    if settings.layer in names:
        return None
    layer = find_layer(path, network.model, settings.layer)
    if is_input(layer):
        raise ConfigError(
            f"--layer {settings.layer} is an input layer inside a nested model",
            "it passes on what it gets",
            "name the layer before it or after it",
        )
    return layer


def _from_inputs(
    tf: Any, path: Path, network: Network, asked: Sequence[str], output: str
) -> Loaded:
    inputs, index = network.inputs, network.outputs.index(output)
    held = _held(path, inputs, asked, has_layers=bool(layer_names(network.model)))
    if len(inputs) == 1:

        def one(rows: Any) -> Any:
            return network.function(all_typed(tf, [rows], inputs))[index]

        return Loaded(one, inputs[0], output, network.loader)
    parts = input_parts(path, inputs, held)

    def several(rows: Any) -> Any:
        return network.function(all_typed(tf, unpacked(tf, rows, parts), inputs))[index]

    return Loaded(several, packed(parts, inputs), output, network.loader, parts=parts)


def _held(
    path: Path, inputs: Sequence[InputSpec], explain: Sequence[str], has_layers: bool
) -> list[bool]:
    """Tell which inputs keep their value: all but those asked for, else all integers."""
    names = [spec.name for spec in inputs]
    for name in explain:
        if name not in names:
            raise unknown(f"--explain {name}", f"{path} has the inputs", name, names)
    held = [spec.name not in explain if explain else spec.is_integer for spec in inputs]
    integers = [s.name for s, hold in zip(inputs, held, strict=True) if s.is_integer and not hold]
    if integers or all(held):
        name = (integers or names)[0]
        raise ModelError(
            f"{path}: input {name!r} takes integers",
            "nothing can be integrated along integers",
            "explain a layer that they go into, with --layer; `igcli inspect` lists the layers"
            if has_layers
            else "save the model with an input of floats, cast to floats before anything else is "
            "done to it, or as a .keras file, whose layers can be explained",
        )
    return held
