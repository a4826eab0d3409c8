"""Fixed filters: convolutions before a model's weights that were written down, not trained.

A blur, a sharpening or a mix of colours is part of what is done to pixels. What a filter holds
tells it from weights, wherever it is stored: training leaves no two channels alike, and no sums
of exactly 1.
"""

from typing import Any

import numpy as np

from igcli.common.arrays import Array

_DEPTHWISE = "DepthwiseConv2dNative"
CONVOLUTIONS = frozenset({"Conv2D", "Conv3D", _DEPTHWISE})
# Larger ones are weights; nobody need look at their numbers.
_MOST = 4096
_CLOSE = 1e-3


def is_fixed(op: str, kernel: Array) -> bool:
    """Tell whether a convolution's kernel, (*sides, channels, filters), is a fixed filter."""
    kernel = np.asarray(kernel, np.float64)
    if kernel.size > _MOST or not np.isfinite(kernel).all() or not kernel.any():
        return False
    flat = kernel.reshape(-1, *kernel.shape[-2:])
    if op != _DEPTHWISE:
        return _is_same_for_all(flat) or _are_means(flat.reshape(-1, flat.shape[-1]))
    if flat.shape[1] == 1:
        return _are_means(flat[:, 0])
    return bool(np.allclose(flat, flat[:, :1], rtol=_CLOSE))


def _are_means(filters: Array) -> bool:
    """Tell whether each filter weighs pixels, by shares that add up to 1."""
    return bool(np.allclose(filters.sum(axis=0), 1.0, atol=_CLOSE))


def _is_same_for_all(flat: Array) -> bool:
    """Tell whether a full convolution is one filter on each channel by itself."""
    channels = flat.shape[1]
    if channels == 1 or flat.shape[2] != channels:
        return False
    own = flat[:, range(channels), range(channels)]
    others = flat * (1.0 - np.eye(channels))
    return not others.any() and bool(np.allclose(own, own[:, :1], rtol=_CLOSE))


def constant(tf: Any, node: Any) -> Array | None:
    """Return a constant node's numbers, where these are few; None else."""
    tensor = node.attr["value"].tensor
    size = int(np.prod([side.size for side in tensor.tensor_shape.dim]))
    return np.asarray(tf.make_ndarray(tensor)) if size <= _MOST else None


def captured(value: Any) -> Array | None:
    """Return the numbers of a variable, or a tensor, that stands outside of a graph."""
    size = value.shape.num_elements()
    if size is None or size > _MOST or value.dtype.name in {"resource", "variant", "string"}:
        return None
    return np.asarray(value.numpy())
