"""Outputs: which of a model's is explained, and which have a gradient at all."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from igcli.common.errors import ConfigError, ModelError
from igcli.models.graph.custom_gradients import has_custom_gradients
from igcli.models.graph.inlined import as_function, inline, trace
from igcli.models.loaders.network import Network
from igcli.models.selection.packing import all_typed


def choose_output(tf: Any, path: Path, network: Network, asked: str | None) -> tuple[str, str]:
    """Return the output that is explained, and what is to be told of the choice.

    Without a name it is the only one, or the only one that has a gradient.

    Raises
    ------
    ConfigError
        When there is none of that name, or there are several.
    ModelError
        When none has a gradient.
    """
    outputs = network.outputs
    if asked is None and len(outputs) == 1:
        return outputs[0], ""
    if asked is not None:
        if asked not in outputs and asked in network.output_keys:
            return outputs[network.output_keys.index(asked)], ""
        if asked not in outputs:
            known = [*outputs, *(key for key in network.output_keys if key not in outputs)]
            raise unknown(f"--output {asked}", f"{path} has the outputs", asked, known)
        return asked, ""
    fit = with_gradient(tf, network)
    if len(fit) == 1:
        others = ", ".join(name for name in outputs if name not in fit)
        return fit[0], f"output {fit[0]!r} is explained: {others} have no gradient"
    if not fit:
        raise ModelError(
            f"{path} has {len(outputs)} outputs, and none has a gradient: {', '.join(outputs)}",
            "they are no floats, or what they are computed from is rounded",
            "explain a model that gives scores",
        )
    none = [name for name in outputs if name not in fit]
    rest = f"; {', '.join(none)} {'have' if len(none) > 1 else 'has'} no gradient" if none else ""
    raise ConfigError(
        f"{path} has {len(outputs)} outputs: {', '.join(outputs)}",
        f"one at a time is explained{rest}",
        f"choose it with --output, --output {fit[0]} for one",
    )


def with_gradient(tf: Any, network: Network) -> list[str]:
    """Return the outputs that a gradient flows to from any input of floats.

    A model of integers has none at its inputs; there all outputs of floats count, since it may be
    explained from a layer on.
    """
    found: list[str] = []
    moving = [i for i, spec in enumerate(network.inputs) if not spec.is_integer]

    def model(*tensors: Any) -> list[Any]:
        return list(network.function(all_typed(tf, tensors, network.inputs)))

    def probe(*tensors: Any) -> list[Any]:
        outputs = written_out(*tensors)
        for name, output in zip(network.outputs, outputs, strict=True):
            if output.dtype.is_floating and (not moving or _flows(tf, output, tensors, moving)):
                found.append(name)
        return outputs

    specs = [tf.TensorSpec((network.batch, *s.shape), s.dtype) for s in network.inputs]
    written_out = model
    if not has_custom_gradients(trace(tf, model, specs).graph.as_graph_def()):
        # The gradient of a call is never none: a rounded number's is zero there.
        called = as_function(tf, inline(tf, model, specs))
        written_out = lambda *tensors: called(tensors)  # noqa: E731
    trace(tf, probe, specs)
    return found


def _flows(tf: Any, output: Any, tensors: Sequence[Any], moving: Sequence[int]) -> bool:
    try:
        gradients = tf.gradients(output, [tensors[i] for i in moving])
    except Exception:
        # An operation that has none raises a LookupError, others raise as they like.
        return False
    return any(gradient is not None for gradient in gradients)


def unknown(flag: str, what: str, asked: str, known: Sequence[str]) -> ConfigError:
    """Return the error for a name that is none of those known."""
    close = difflib.get_close_matches(asked, known, 1)
    return ConfigError(
        f"{flag}: there is no {asked!r}",
        f"{what} {', '.join(known)}",
        f"did you mean {close[0]!r}?" if close else "write one of them",
    )
