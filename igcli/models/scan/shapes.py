"""Shapes: what each layer makes of one, one rule per layer, in a table.

Shapes are without the batch axis; an open dimension is 1, so that everything is at least so large.
Configs come from strangers: a value of the wrong kind counts as the least it could be.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

Shape: TypeAlias = tuple[int, ...]
LayerConfig: TypeAlias = Mapping[str, Any]
_ELEMENTWISE = frozenset(
    "abs add clip_by_value divide mul multiply relu relu6 sigmoid softmax sub subtract tanh "
    "truediv".split()
)
_Rule: TypeAlias = Callable[[LayerConfig, Sequence[Shape]], Shape | None]


def integers(values: Any) -> Shape:
    """Return a list's numbers, each at least 1; a lone number is a list of one."""
    items = values if isinstance(values, list) else [values]
    return tuple(count(item) for item in items)


def count(value: Any, default: int = 1) -> int:
    """Return a number that is at least 1."""
    return max(value, 1) if isinstance(value, int) and not isinstance(value, bool) else default


def product(config: LayerConfig, *keys: str) -> int:
    """Return the product of these settings."""
    return prod(count(config.get(key)) for key in keys)


def _axes(config: LayerConfig, key: str, rank: int, default: int = 1) -> Shape:
    """Return one number per spatial axis."""
    numbers = integers(config.get(key)) if config.get(key) is not None else (default,)
    return (numbers * rank)[:rank]


def _channels_first(config: LayerConfig) -> bool:
    return config.get("data_format") == "channels_first"


def parts(config: LayerConfig, shape: Shape) -> tuple[Shape, int]:
    """Return the spatial axes and the channels."""
    if not shape:
        return (), 1
    return (shape[1:], shape[0]) if _channels_first(config) else (shape[:-1], shape[-1])


def _join(config: LayerConfig, space: Shape, channels: int) -> Shape:
    return (channels, *space) if _channels_first(config) else (*space, channels)


def _windows(config: LayerConfig, space: Shape, size: Shape, steps: Shape) -> Shape:
    """Return how many windows fit, by Keras' two paddings."""
    dilation = _axes(config, "dilation_rate", len(space))
    if config.get("padding") in ("same", "causal"):
        return tuple(-(-n // s) for n, s in zip(space, steps, strict=True))
    return tuple(
        max((n - (k - 1) * d - 1) // s + 1, 1)
        for n, k, d, s in zip(space, size, dilation, steps, strict=True)
    )


def _convolution(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    if not shapes:
        return None
    space, channels = parts(config, shapes[0])
    size, steps = (_axes(config, key, len(space)) for key in ("kernel_size", "strides"))
    made = config.get("filters")
    out = count(made) if made is not None else channels * product(config, "depth_multiplier")
    return _join(config, _windows(config, space, size, steps), out)


def _transposed(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    if not shapes:
        return None
    space, _ = parts(config, shapes[0])
    steps = _axes(config, "strides", len(space))
    larger = tuple(n * s for n, s in zip(space, steps, strict=True))
    return _join(config, larger, product(config, "filters"))


def _pooling(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    if not shapes:
        return None
    space, channels = parts(config, shapes[0])
    size = _axes(config, "pool_size", len(space), 2)
    steps = _axes(config, "strides", len(space)) if config.get("strides") else size
    return _join(config, _windows(config, space, size, steps), channels)


def _global_pooling(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    if not shapes:
        return None
    space, channels = parts(config, shapes[0])
    return _join(config, (1,) * len(space), channels) if config.get("keepdims") else (channels,)


def _up_sampling(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    if not shapes:
        return None
    space, channels = parts(config, shapes[0])
    times = _axes(config, "size", len(space), 2)
    return _join(config, tuple(n * t for n, t in zip(space, times, strict=True)), channels)


def _zero_padding(config: LayerConfig, shapes: Sequence[Shape]) -> Shape:
    if not shapes:
        return ()
    space, channels = parts(config, shapes[0])
    given = config.get("padding")
    sides = given if isinstance(given, list) and len(given) == len(space) else [0] * len(space)
    added = [sum(n for n in (s if isinstance(s, list) else [s, s]) if _is_size(n)) for s in sides]
    return _join(config, tuple(n + a for n, a in zip(space, added, strict=True)), channels)


def _cropping(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    if not shapes:
        return None
    space, channels = parts(config, shapes[0])
    larger = parts(config, _zero_padding({**config, "padding": config.get("cropping")}, shapes))
    # A frame of the same width, taken away.
    return _join(
        config, tuple(max(2 * n - m, 1) for n, m in zip(space, larger[0], strict=True)), channels
    )


def _tensorflow(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    name = str(config.get("function")).rsplit(".", 1)[-1]
    return _same(config, shapes) if name in _ELEMENTWISE else None


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _resizing(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    if not shapes:
        return None
    _, channels = parts(config, shapes[0])
    return _join(config, (product(config, "height"), product(config, "width")), channels)


def _dense(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    return (*shapes[0][:-1], product(config, "units")) if shapes else (product(config, "units"),)


def _recurrent(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    steps = shapes[0][:1] if shapes and config.get("return_sequences") else ()
    return (*steps, product(config, "units"))


def _reshape(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    target = config.get("target_shape")
    if not shapes or not isinstance(target, list):
        return None
    sizes = integers(target)
    rest = max(prod(shapes[0]) // prod(sizes), 1)
    return tuple(rest if n == -1 else size for n, size in zip(target, sizes, strict=True))


def _concatenate(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    axis = config.get("axis", -1)
    if not shapes or len({len(shape) for shape in shapes}) > 1 or not isinstance(axis, int):
        return None
    rank = len(shapes[0])
    place = axis - 1 if axis > 0 else rank + axis
    if not 0 <= place < rank:
        return None
    first = shapes[0]
    return (*first[:place], sum(shape[place] for shape in shapes), *first[place + 1 :])


def _same(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    return max(shapes, key=prod, default=None)


def _input(config: LayerConfig, shapes: Sequence[Shape]) -> Shape | None:
    declared = config.get("batch_shape") or config.get("batch_input_shape")
    return integers(declared[1:]) if isinstance(declared, list) and len(declared) > 1 else None


def each(names: str, rule: Any) -> dict[str, Any]:
    """Return a table with one rule for several layers."""
    return dict.fromkeys(names.split(), rule)


SHAPES: dict[str, _Rule] = {
    "InputLayer": _input,
    "Dense": _dense,
    "Flatten": lambda config, shapes: (prod(shapes[0]),) if shapes else None,
    "Reshape": _reshape,
    "RepeatVector": lambda config, shapes: (product(config, "n"), *shapes[0]) if shapes else None,
    "Concatenate": _concatenate,
    "Embedding": lambda config, shapes: (
        *(shapes[0] if shapes else ()),
        product(config, "output_dim"),
    ),
    **each(
        "Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D SeparableConv1D "
        "SeparableConv2D SeparableConvolution1D SeparableConvolution2D DepthwiseConv1D "
        "DepthwiseConv2D",
        _convolution,
    ),
    **each("Conv1DTranspose Conv2DTranspose Conv3DTranspose", _transposed),
    **each(
        "MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D "
        "AveragePooling3D MaxPool1D MaxPool2D MaxPool3D AvgPool1D AvgPool2D AvgPool3D",
        _pooling,
    ),
    **each(
        "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D "
        "GlobalMaxPooling2D GlobalMaxPooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D "
        "GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D",
        _global_pooling,
    ),
    **each("UpSampling1D UpSampling2D UpSampling3D", _up_sampling),
    **each("Cropping1D Cropping2D Cropping3D", _cropping),
    "TFOpLambda": _tensorflow,
    **each("ZeroPadding1D ZeroPadding2D ZeroPadding3D", _zero_padding),
    **each("Resizing CenterCrop", _resizing),
    **each("LSTM GRU SimpleRNN LSTMV1 LSTMV2 GRUV1 GRUV2 CuDNNLSTM CuDNNGRU", _recurrent),
    **each(
        "Activation ActivityRegularization Add AlphaDropout Average BatchNormalization "
        "BatchNormalizationV1 BatchNormalizationV2 CustomScaleLayer LayerScale Dropout ELU "
        "GaussianDropout GaussianNoise "
        "GroupNormalization Identity LayerNormalization LeakyReLU Masking Maximum Minimum Multiply "
        "Normalization PReLU RMSNormalization ReLU Relu Relu6 Rescaling Sigmoid Silu Softmax "
        "SpatialDropout1D SpatialDropout2D SpatialDropout3D Subtract Tanh ThresholdedReLU Abs "
        "Absolute Negative Square Sqrt Exp Log Gelu Elu Clip Divide TrueDivide",
        _same,
    ),
}
