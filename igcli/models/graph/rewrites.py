"""Rewrites of a frozen graph that change no result: BatchNorm and padding become cheap.

TensorFlow's own constant folding turns BatchNorm's arithmetic on its weights into one scale and one
shift, and pushes the scale into a Conv2D. It does neither for FusedBatchNorm nor for depthwise
convolutions, leaves the shift as a general addition, which later passes can't fuse, and padding as
a copy of the tensor. All of it in inference mode.
"""

from collections import Counter
from typing import Any

import numpy as np

from igcli.common.arrays import Array

_CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})
_BATCH_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})


def before_folding(graph: Any) -> None:
    """Write every inference-mode FusedBatchNorm with constant weights as x · scale + shift."""
    nodes = _Nodes(graph)
    for node in list(graph.node):
        if node.op in _BATCH_NORMS and not node.attr["is_training"].b and nodes.is_nhwc(node):
            weights = [nodes.constant(name) for name in node.input[1:5]]
            if all(weight is not None for weight in weights) and nodes.only_first_used(node):
                scale, offset, mean, variance = (np.asarray(w, np.float64) for w in weights)
                factor = scale / np.sqrt(variance + node.attr["epsilon"].f)
                _replace_by_scale_and_shift(graph, node, factor, offset - mean * factor)


def after_folding(graph: Any) -> None:
    """Push scales into depthwise filters, write shifts as BiasAdd, let convolutions pad."""
    nodes = _Nodes(graph)
    for node in list(graph.node):
        if node.op in _CONVOLUTIONS:
            _take_padding(graph, nodes, node)
    for node in graph.node:
        if node.op == "Mul":
            _scale_depthwise(nodes, node)
    for node in graph.node:
        if node.op == "AddV2":
            _shift_as_bias(nodes, node)


class _Nodes:
    """A graph's nodes by name, and who uses what."""

    def __init__(self, graph: Any) -> None:
        self._by_name = {node.name: node for node in graph.node}
        inputs = [name for node in graph.node for name in node.input]
        self._uses = Counter(node_name(name) for name in inputs)
        self._used = set(inputs)

    def get(self, name: str) -> Any:
        return self._by_name.get(node_name(name))

    def constant(self, name: str) -> Array | None:
        """Return a floating point constant's value; None for all else."""
        value = self.any_constant(name)
        return value if value is not None and np.issubdtype(value.dtype, np.floating) else None

    def any_constant(self, name: str) -> Array | None:
        """Return a constant's value; None for what is no constant."""
        from tensorflow.python.framework import tensor_util

        node = self.get(name)
        while node is not None and node.op == "Identity":
            node = self.get(node.input[0])
        if node is None or node.op != "Const":
            return None
        value: Array = tensor_util.MakeNdarray(node.attr["value"].tensor)
        return value

    def channels(self, convolution: Any) -> int:
        """Return how many channels a convolution gives; 0 where its filter is not constant."""
        kernel = self.constant(convolution.input[1])
        if kernel is None:
            return 0
        depthwise = convolution.op == "DepthwiseConv2dNative"
        return int(kernel.shape[2] * kernel.shape[3] if depthwise else kernel.shape[3])

    def used_once(self, node: Any) -> bool:
        return self._uses[node.name] == 1

    def only_first_used(self, node: Any) -> bool:
        return not any(f"{node.name}:{i}" in self._used for i in range(1, 6))

    @staticmethod
    def is_nhwc(node: Any) -> bool:
        return "data_format" not in node.attr or node.attr["data_format"].s == b"NHWC"


def node_name(name: str) -> str:
    """Return the name of the node that an input, data or control, comes from."""
    return name.lstrip("^").split(":")[0]


def _set_constant(node: Any, value: Array) -> None:
    from tensorflow.python.framework import tensor_util

    dtype = node.attr["dtype"].type
    node.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(value, dtype=dtype))


def _replace_by_scale_and_shift(graph: Any, node: Any, scale: Array, shift: Array) -> None:
    kind = node.attr["T"].type
    for suffix, value in (("scale", scale), ("shift", shift)):
        constant = graph.node.add(name=f"{node.name}/igcli_{suffix}", op="Const")
        constant.attr["dtype"].type = kind
        _set_constant(constant, value)
    product = graph.node.add(name=f"{node.name}/igcli_product", op="Mul")
    product.input.extend([node.input[0], f"{node.name}/igcli_scale"])
    product.attr["T"].type = kind
    control = [name for name in node.input if name.startswith("^")]
    _become(node, "AddV2", [product.name, f"{node.name}/igcli_shift", *control])


def _become(node: Any, op: str, inputs: list[str]) -> None:
    """Make a node another operation of the same type `T`; its name stays, for who uses it."""
    kind = node.attr["T"].type
    node.op = op
    node.attr.clear()
    node.attr["T"].type = kind
    del node.input[:]
    node.input.extend(inputs)


def _take_padding(graph: Any, nodes: _Nodes, convolution: Any) -> None:
    """Let a VALID convolution pad itself, with zeros in height and width, as a Pad before it does.

    What amounts to SAME is called so: the gradient of those has a faster way.
    """
    pad = nodes.get(convolution.input[0])
    if pad is None or pad.op != "Pad" or convolution.attr["padding"].s != b"VALID":
        return
    kernel, widths = nodes.constant(convolution.input[1]), nodes.any_constant(pad.input[1])
    if kernel is None or widths is None or not nodes.is_nhwc(convolution):
        return
    if widths[[0, 3]].any() or not nodes.used_once(pad) or not _ones(convolution, "dilations"):
        return
    around = [(size - 1) // 2 for size in kernel.shape[:2] if size % 2]
    if _ones(convolution, "strides") and widths[1:3].tolist() == [[side] * 2 for side in around]:
        convolution.attr["padding"].s = b"SAME"
    elif convolution.op == "DepthwiseConv2dNative":
        # TensorFlow's kernel aborts the process on padding as wide as the filter.
        return
    else:
        convolution.attr["padding"].s = b"EXPLICIT"
        convolution.attr["explicit_paddings"].list.i[:] = widths.ravel().tolist()
    convolution.input[0] = pad.input[0]
    graph.node.remove(pad)


def _ones(node: Any, attribute: str) -> bool:
    return set(node.attr[attribute].list.i) <= {1}


def _scale_depthwise(nodes: _Nodes, node: Any) -> None:
    for data, factor in (node.input[:2], node.input[1::-1]):
        convolution, scale = nodes.get(data), nodes.constant(factor)
        if convolution is None or scale is None or convolution.op != "DepthwiseConv2dNative":
            continue
        filters, kernel = nodes.get(convolution.input[1]), nodes.constant(convolution.input[1])
        if kernel is None or filters.op != "Const" or not nodes.is_nhwc(convolution):
            continue
        channels = kernel.shape[2] * kernel.shape[3]
        if _per_channel(scale, channels) and nodes.used_once(convolution):
            if nodes.used_once(filters):
                _set_constant(filters, kernel * scale.reshape(kernel.shape[2:]))
                _become(node, "Identity", [data])
                return


def _shift_as_bias(nodes: _Nodes, node: Any) -> None:
    for data, other in (node.input[:2], node.input[1::-1]):
        source, shift, constant = nodes.get(data), nodes.constant(other), nodes.get(other)
        if source is None or shift is None or constant.op != "Const":
            continue
        producer = nodes.get(source.input[0]) if source.op == "Identity" else source
        if producer.op not in _CONVOLUTIONS or not nodes.is_nhwc(producer):
            continue
        channels = nodes.channels(producer)
        if channels > 1 and _per_channel(shift, channels) and nodes.used_once(constant):
            _set_constant(constant, shift.ravel())
            _become(node, "BiasAdd", [data, other])
            node.attr["data_format"].s = b"NHWC"
            return


def _per_channel(values: Array, channels: int) -> bool:
    """Tell whether a constant has one number per channel of an NHWC tensor."""
    return values.shape[-1:] == (channels,) and values.size == channels and values.ndim in {1, 4}
