"""TensorFlow operations inside Keras 2 models: ``x / 255.``, ``tf.nn.softmax(x)``, ``x[:, 0]``.

Keras 2 saved each as a TFOpLambda layer: the operation's public name and its arguments. Keras 3
has no such layer. igcli calls the very same function, by a name from the list here and no other,
from a layer of its own.
"""

import operator
from collections.abc import Callable, Iterator
from functools import cache, reduce
from typing import Any

OP_LAYERS = frozenset({"TFOpLambda", "SlicingOpLambda"})
REGISTERED = "igcli>TensorFlowOp"


class CannotRepair(Exception):
    """A layer that Keras 3 can't be given; raised with the layer's name and the reason."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"layer {layer!r}: {reason}")
        self.layer = layer
        self.reason = reason


def _under(prefix: str, names: str) -> set[str]:
    return {prefix + name for name in names.split()}


# Pure functions of numbers: none reads a file, calls back into Python or keeps a state.
TF_FUNCTIONS = frozenset(
    _under(
        "math.",
        "abs acos acosh add add_n argmax argmin asin asinh atan atan2 atanh ceil cos cosh cumprod"
        " cumsum cumulative_logsumexp digamma divide divide_no_nan erfc lgamma"
        " equal erf exp expm1 floor floordiv floormod greater greater_equal is_finite is_inf"
        " is_nan l2_normalize less less_equal log log1p log_sigmoid logical_and logical_not"
        " logical_or logical_xor maximum minimum mod multiply multiply_no_nan negative not_equal"
        " pow real reciprocal reciprocal_no_nan reduce_all reduce_any reduce_euclidean_norm"
        " reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_std reduce_sum"
        " reduce_variance rint round rsqrt scalar_mul sigmoid sign sin sinh softplus softsign sqrt"
        " square squared_difference subtract tan tanh top_k truediv xdivy xlogy",
    )
    | _under(
        "nn.",
        "avg_pool avg_pool1d avg_pool2d avg_pool3d bias_add conv1d conv2d conv3d crelu"
        " depthwise_conv2d elu gelu l2_loss leaky_relu local_response_normalization log_softmax"
        " max_pool max_pool1d max_pool2d max_pool3d moments relu relu6 selu separable_conv2d silu"
        " softmax softsign swish space_to_depth depth_to_space",
    )
    | _under(
        "image.",
        "adjust_brightness adjust_contrast central_crop crop_to_bounding_box extract_patches"
        " flip_left_right flip_up_down grayscale_to_rgb pad_to_bounding_box"
        " per_image_standardization resize resize_with_pad rgb_to_grayscale rot90 transpose"
        " resize_with_crop_or_pad rgb_to_hsv hsv_to_rgb rgb_to_yuv yuv_to_rgb total_variation",
    )
    | _under("linalg.", "band_part diag diag_part l2_normalize matmul matvec norm trace")
    | _under(
        "",
        "argsort boolean_mask broadcast_to cast clip_by_norm clip_by_value concat"
        " batch_to_space convert_to_tensor einsum ensure_shape expand_dims eye fill gather"
        " gather_nd identity"
        " linspace matmul meshgrid norm one_hot ones ones_like pad range rank repeat reshape"
        " reverse reverse_sequence roll scatter_nd searchsorted"
        " sequence_mask shape size slice space_to_batch sort split squeeze stack stop_gradient"
        " strided_slice tensordot tile transpose unstack where zeros zeros_like",
    )
    | _under("compat.v1.", "argmax argmin floor_div gather norm pad shape size squeeze transpose")
    | _under(
        "compat.v1.math.",
        "argmax argmin log_softmax reduce_max reduce_mean reduce_min reduce_sum softmax",
    )
    | _under("compat.v1.nn.", "avg_pool log_softmax max_pool softmax")
    | _under("compat.v1.image.", "resize_bicubic resize_bilinear resize_nearest_neighbor")
)
_OPERATORS: dict[str, Callable[..., Any]] = {
    "__operators__.add": lambda x, y: x + y,
    "__operators__.getitem": lambda x, slice_spec: operator.getitem(x, slice_spec),
    "__operators__.eq": lambda x, other: x == other,
    "__operators__.ne": lambda x, other: x != other,
}
_COMPARISONS = ("__operators__.eq", "__operators__.ne")


def foreign_operations(config: Any) -> Iterator[tuple[str, str]]:
    """Yield layer and function name of each operation in a config that is not on the list."""
    if isinstance(config, dict):
        name = str(config.get("class_name")).rsplit(">", 1)[-1]
        inner = config.get("config")
        if name in OP_LAYERS:
            function = inner.get("function") if isinstance(inner, dict) else None
            if not isinstance(function, str) or not is_listed(function):
                yield str(config.get("name", name)), str(function)
        elif name == "TensorFlowOpLayer":
            yield str(config.get("name", name)), "raw_ops"
    parts = config.values() if isinstance(config, dict) else config
    for part in parts if isinstance(config, dict | list) else ():
        yield from foreign_operations(part)


def is_listed(function: str) -> bool:
    """Tell whether an operation is one of those that are called."""
    return function in TF_FUNCTIONS or function in _OPERATORS


def operation(
    node: dict[str, Any], calls: list[dict[str, Any]], is_tensor: Callable[[Any], bool]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the layer that replaces a TFOpLambda, and its one call on a list of tensors.

    Parameters
    ----------
    node : dict
        The layer as Keras 2 wrote it.
    calls : list of dict
        Its calls as Keras 3 writes them.
    is_tensor : callable
        Whether a value in a call stands for a tensor.
    """
    config = node["config"]
    name, function = config["name"], config["function"]
    if not is_listed(function):
        raise CannotRepair(name, f"tf.{function} is not among the operations that igcli repeats")
    if len(calls) != 1:
        raise CannotRepair(name, f"an operation that is called {len(calls)} times")
    tensors: list[Any] = []
    try:
        first = _template(calls[0]["args"][0], tensors, is_tensor)
        rest = {
            key: _template(value, tensors, is_tensor)
            for key, value in calls[0]["kwargs"].items()
            if key != "name"
        }
    except ValueError as error:
        raise CannotRepair(name, f"tf.{function} has {error}") from error
    if not tensors or (function in _COMPARISONS and "other" not in rest):
        raise CannotRepair(name, f"Keras 2 left an argument of tf.{function} out of the file")
    arguments = {"first": first, "rest": rest}
    layer = {
        "class_name": "TensorFlowOp",
        "module": None,
        "registered_name": REGISTERED,
        "config": {"name": name, "function": function, "arguments": arguments},
    }
    return layer, [{"args": [tensors], "kwargs": {}}]


def _template(value: Any, tensors: list[Any], is_tensor: Callable[[Any], bool]) -> Any:
    """Return an argument with its tensors taken out, to `tensors`, and numbered."""
    if isinstance(value, list):
        return [_template(part, tensors, is_tensor) for part in value]
    if not isinstance(value, dict):
        return value
    if is_tensor(value):
        tensors.append(value)
        return {"tensor": len(tensors) - 1}
    if value.get("class_name") == "__ellipsis__":
        return {"ellipsis": True}
    if value.get("class_name") == "TensorShape":
        return list(value["items"])
    if value.keys() == {"start", "stop", "step"}:
        ends = [value["start"], value["stop"], value["step"]]
        return {"slice": _template(ends, tensors, is_tensor)}
    raise ValueError("an argument of an unknown kind")


def call_operation(function: str, arguments: dict[str, Any], tensors: Any) -> Any:
    """Call the TensorFlow function of that name with `tensors` where the template has them."""
    import tensorflow as tf

    if not is_listed(function):
        raise ValueError(f"tf.{function} is not among the operations that igcli repeats")
    called = _OPERATORS.get(function) or reduce(getattr, function.split("."), tf)

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "tensor" in value:
            return tensors[value["tensor"]]
        if "ellipsis" in value:
            return ...
        return slice(*(filled(part) for part in value["slice"]))

    rest = {key: filled(value) for key, value in arguments["rest"].items()}
    if isinstance(spec := rest.get("slice_spec"), list):
        rest["slice_spec"] = tuple(spec)
    return called(filled(arguments["first"]), **rest)


@cache
def op_layer() -> Any:
    """Return the Keras 3 layer class that calls one operation."""
    import keras

    class TensorFlowOp(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, function: str, arguments: dict[str, Any], **kwargs: Any) -> None:
            # Keras 2 gave operations their tensors in whatever dtype these had.
            super().__init__(autocast=False, **kwargs)
            self._function = function
            self._template = arguments

        def call(self, tensors: Any) -> Any:
            return call_operation(self._function, self._template, tensors)

    return TensorFlowOp
