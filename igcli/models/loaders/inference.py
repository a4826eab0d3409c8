"""Inference: what a Keras model keeps for training alone, or from call to call, put out of use."""

from typing import Any

from igcli.common.arrays import Warn

_DROPOUTS = ("dropout", "recurrent_dropout")


def at_inference(model: Any, warn: Warn) -> None:
    """Have a model give the same for the same input at every call, whatever was called before.

    A recurrent cell draws its dropout masks at each call, although they are used in training only;
    a graph that draws can't be frozen. A stateful layer would begin each batch where the last one
    ended: it begins at zero, as after ``reset_states()``.
    """
    stateful = []
    # A model of tf-keras stands behind a `LegacyModel`.
    for layer in getattr(getattr(model, "_model", model), "_flatten_layers", list)():
        if hasattr(layer, "get_dropout_mask"):
            for name in _DROPOUTS:
                setattr(layer, name, 0.0)
        is_recurrent = hasattr(layer, "cell") or hasattr(layer, "forward_layer")
        if is_recurrent and getattr(layer, "stateful", False):
            layer.stateful = False
            stateful.append(layer.name)
    if stateful:
        layers = f"layer{'s' if len(stateful) > 1 else ''} {', '.join(stateful)}"
        warn(f"stateful {layers}: each input begins at zero states, as after reset_states()")
