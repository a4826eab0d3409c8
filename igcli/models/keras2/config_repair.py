"""Config repair: a Keras 2 model's config brought into the form that Keras 3 reads.

Pure functions over parsed JSON: nothing here imports Keras or TensorFlow. A rule drops an option
only where its value changes nothing; where it would, `CannotRepair` says so. Every layer gets its
`module`, without which Keras 3 takes a path of its own that loses options such as a second axis.
"""

from collections.abc import Callable
from typing import Any

from igcli.models.keras2.layer_graph import (
    Config,
    Notes,
    class_of,
    functional,
    sequential,
)
from igcli.models.keras2.operations import OP_LAYERS, CannotRepair

LayerRepair = Callable[[Config], str]
HARD_SIGMOID = "igcli_keras2_hard_sigmoid"
_ACTIVATIONS: dict[str, tuple[Any, str]] = {
    # tf.nn.softmax and tf.nn.swish by their names in TensorFlow 2.
    "softmax_v2": ("softmax", ""),
    "swish_impl": ("swish", ""),
    "log_softmax_v2": ("log_softmax", ""),
    # 0.2 x + 0.5 in Keras 2, x / 6 + 0.5 in Keras 3: no error, only other numbers.
    "hard_sigmoid": (
        {
            "class_name": "function",
            "module": None,
            "config": HARD_SIGMOID,
            "registered_name": HARD_SIGMOID,
        },
        "Keras 2's hard_sigmoid kept",
    ),
}
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
_INNER_LAYERS = frozenset({"layer", "backward_layer", "cell", "cells"})


def repair(config: Config) -> tuple[Config, list[str]]:
    """Return `config` as Keras 3 reads it, and what was repaired, one phrase per place.

    Parameters
    ----------
    config : dict
        What a Keras 2 file holds: ``class_name``, ``config``. It is not changed.

    Raises
    ------
    CannotRepair
        With the layer's name and the reason.
    """
    notes: Notes = []
    try:
        return _layer(config, notes), notes
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        # A config of another shape than Keras 2 writes.
        raise CannotRepair("model", f"its config is malformed ({error!r})") from error


def _layer(node: Config, notes: Notes) -> Config:
    name = class_of(node)
    if name in ("Functional", "Model"):
        return _written("Functional", functional(node["config"], _layer, notes))
    if name == "Sequential":
        return _written(name, sequential(node["config"], _layer, notes))
    config = dict(node["config"])
    if name in OP_LAYERS:
        raise CannotRepair(config.get("name", name), "an operation outside of a graph")
    try:
        found = [rule(config) for rule in (*LAYER_REPAIRS.get(name, ()), *LAYER_REPAIRS["*"])]
    except CannotRepair as error:
        raise CannotRepair(config.get("name", name), error.reason) from error
    notes += filter(None, found)
    for key in _INNER_LAYERS & config.keys():
        config[key] = _inner(config[key], notes)
    return _written(RENAMED.get(name, name), config)


def _inner(value: Any, notes: Notes) -> Any:
    if isinstance(value, list):
        return [_inner(layer, notes) for layer in value]
    return _layer(value, notes) if value else value


def _written(class_name: str, config: Config) -> Config:
    return {
        "class_name": class_name,
        "module": KERAS3_MODULES.get(class_name, "keras.layers"),
        "config": config,
        # The name that custom objects are looked up by; for Keras' own it changes nothing.
        "registered_name": class_name,
    }


def _without(key: str, *neutral: Any, quiet: bool = False) -> LayerRepair:
    """Make a rule that drops `key` where its value is one of `neutral`; any value, if none is."""

    def rule(config: Config) -> str:
        if key not in config:
            return ""
        value = config.pop(key)
        if neutral and value not in neutral:
            raise CannotRepair("", f"{key}={value!r} has no counterpart in Keras 3")
        return "" if quiet else f"{key} dropped"

    return rule


def _batch_shape(config: Config) -> str:
    if "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")
    return ""


def _training_only(config: Config) -> str:
    """Blank what only training needs; the file's weights replace what initializers make."""
    for key in config:
        if key.endswith(("_regularizer", "_constraint")):
            config[key] = None
        elif key.endswith("_initializer"):
            config[key] = "zeros"
    return ""


def _policy(config: Config) -> str:
    """Write a mixed-precision policy as its name; most are a plain dtype."""
    dtype = config.get("dtype")
    if not isinstance(dtype, dict):
        return ""
    config["dtype"] = dtype["config"]["name"]
    return f"dtype policy {config['dtype']} rewritten"


def _activations(config: Config) -> str:
    said = ""
    for key in ("activation", "recurrent_activation"):
        name = config.get(key)
        if isinstance(name, dict) and name.get("class_name") == "function":
            # As archives have a function of TensorFlow's.
            name = name.get("config")
        if isinstance(name, str) and name in _ACTIVATIONS:
            config[key], note = _ACTIVATIONS[name]
            said = said or note
    return said


def _one_axis(config: Config) -> str:
    axis = config.get("axis")
    if isinstance(axis, list):
        if len(axis) != 1:
            raise CannotRepair("", f"axis={axis} has no counterpart in Keras 3")
        config["axis"] = axis[0]
    return ""


def _threshold(config: Config) -> str:
    config["threshold"] = config.pop("theta")
    return "ThresholdedReLU written as ReLU"


def _only(config: Config, *keys: str) -> None:
    for key in config.keys() - {"name", "trainable", "dtype", *keys}:
        del config[key]


def _inactive(config: Config) -> str:
    _only(config)
    return "data augmentation left out, as at inference"


def _resized(config: Config) -> str:
    # Outside of training Keras 2 cut to the aspect ratio and resized; Keras 3 cuts out the centre.
    _only(config, "height", "width")
    config["crop_to_aspect_ratio"] = True
    return "RandomCrop written as Resizing"


def _interpolation(config: Config) -> str:
    # Keras 3 takes the others too, and raises when the model is called.
    if config.get("interpolation", "nearest") not in _INTERPOLATIONS:
        raise CannotRepair("", f"Keras 3 has no interpolation {config['interpolation']!r}")
    return ""


def _layer_scale(config: Config) -> str:
    if config.keys() - {"name", "trainable", "dtype"} != {"init_values", "projection_dim"}:
        raise CannotRepair("", "a LayerScale that is not ConvNeXt's")
    return ""


_GROUPS = _without("groups", 1)
_SEPARABLE = (
    _GROUPS,
    *(
        _without(f"kernel_{what}", quiet=True)
        for what in ("initializer", "regularizer", "constraint")
    ),
)
_RNN = (_without("time_major", False),)
_BATCH_NORM = (
    _one_axis,
    *(_without(key, None, False) for key in ("renorm", "virtual_batch_size", "fused")),
)

_DROPOUT = (_without("trainable", quiet=True), _without("noise_shape", quiet=True))
_AUGMENTATION = tuple(
    f"Random{what}"
    for what in (
        *("Brightness", "Contrast", "Flip", "Height", "Rotation", "Translation", "Width", "Zoom"),
    )
)

LAYER_REPAIRS: dict[str, tuple[LayerRepair, ...]] = {
    # Last: an InputLayer's own rule needs its batch_input_shape.
    "*": (_policy, _activations, _training_only, _without("batch_input_shape", quiet=True)),
    "InputLayer": (_batch_shape,),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), (_GROUPS,)),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _SEPARABLE),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), (_GROUPS,)),
    **dict.fromkeys(("RNN", "SimpleRNN", "LSTM", "GRU"), _RNN),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), _RNN),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _DROPOUT),
    **dict.fromkeys(("BatchNormalization", "SyncBatchNormalization"), _BATCH_NORM),
    **dict.fromkeys(("Attention", "AdditiveAttention"), (_without("causal", False),)),
    **dict.fromkeys(_AUGMENTATION, (_inactive,)),
    "MultiHeadAttention": (
        _without("query_shape"),
        _without("key_shape", quiet=True),
        _without("value_shape", quiet=True),
        _without("softmax_robust_masking", False, quiet=True),
    ),
    "Embedding": (_without("input_length", quiet=True),),
    "ThresholdedReLU": (_threshold,),
    "RandomCrop": (_resized,),
    **dict.fromkeys(("Resizing", "UpSampling2D"), (_interpolation,)),
    "LayerScale": (_layer_scale,),
}
RENAMED = {
    "ThresholdedReLU": "ReLU",
    "SyncBatchNormalization": "BatchNormalization",
    "RandomCrop": "Resizing",
    **dict.fromkeys(_AUGMENTATION, "Identity"),
}
# Where Keras 3 itself says, in the files that it writes, that these are.
KERAS3_MODULES = {
    "Functional": "keras.src.models.functional",
    "Sequential": "keras",
    "LayerScale": "keras.src.applications.convnext",
}
