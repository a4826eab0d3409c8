"""Weight counts: how many weights each layer has at least, one rule per layer, in a table."""

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from igcli.models.scan.shapes import LayerConfig, Shape, each, integers, parts, product

_Weigh: TypeAlias = Callable[[LayerConfig, Shape], int]


def _kernel(config: LayerConfig, shape: Shape) -> int:
    return prod(integers(config.get("kernel_size")))


def _convolution_weights(config: LayerConfig, shape: Shape) -> int:
    channels = parts(config, shape)[1]
    return (
        _kernel(config, shape) * channels * product(config, "filters") // product(config, "groups")
    )


def _depthwise_weights(config: LayerConfig, shape: Shape) -> int:
    return _kernel(config, shape) * parts(config, shape)[1] * product(config, "depth_multiplier")


def _separable_weights(config: LayerConfig, shape: Shape) -> int:
    depth = parts(config, shape)[1] * product(config, "depth_multiplier")
    return _kernel(config, shape) * depth + depth * product(config, "filters")


def _gates(count: int, key: str = "units") -> _Weigh:
    def weigh(config: LayerConfig, shape: Shape) -> int:
        units = product(config, key)
        kernel = _kernel(config, shape) if key == "filters" else 1
        return count * kernel * units * (units + (shape[-1] if shape else 1))

    return weigh


def _times_last(*keys: str) -> _Weigh:
    return lambda config, shape: product(config, *keys) * (shape[-1] if shape else 1)


def _per_number(config: LayerConfig, shape: Shape) -> int:
    return prod(shape) if not config.get("shared_axes") else shape[-1] if shape else 1


WEIGHTS: dict[str, _Weigh] = {
    "Dense": _times_last("units"),
    "Embedding": lambda config, shape: product(config, "input_dim", "output_dim"),
    "ReversibleEmbedding": lambda config, shape: product(config, "input_dim", "output_dim"),
    "EinsumDense": lambda config, shape: prod(integers(config.get("output_shape"))),
    "MultiHeadAttention": _times_last("num_heads", "key_dim"),
    "GroupQueryAttention": _times_last("num_query_heads", "head_dim"),
    "RandomFourierFeatures": _times_last("output_dim"),
    "MelSpectrogram": lambda config, shape: product(config, "num_mel_bins", "fft_length") // 2,
    "PReLU": _per_number,
    **each("DepthwiseConv1D DepthwiseConv2D", _depthwise_weights),
    **each(
        "SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D",
        _separable_weights,
    ),
    **each(
        "Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D LocallyConnected1D "
        "LocallyConnected2D",
        _convolution_weights,
    ),
    **each(
        "Conv1DTranspose Conv2DTranspose Conv3DTranspose Convolution1DTranspose "
        "Convolution2DTranspose Convolution3DTranspose",
        _convolution_weights,
    ),
    **each("SimpleRNN SimpleRNNCell", _gates(1)),
    **each("GRU GRUCell GRUV1 GRUV2 GRUCellV1 GRUCellV2 CuDNNGRU", _gates(3)),
    **each("LSTM LSTMCell LSTMV1 LSTMV2 LSTMCellV1 LSTMCellV2 CuDNNLSTM", _gates(4)),
    **each("ConvLSTM1D ConvLSTM2D ConvLSTM3D", _gates(4, "filters")),
}
