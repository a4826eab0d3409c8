"""strides: where a tensor's cells lie on the picture that a graph takes, by its operations.

Each operation between them maps the centres of its output's cells to places in its input: a line,
whose slope is the stride and whose offset comes from the padding and the kernel. The lines of a
chain of operations make one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from igcli.common.dense import divides
from igcli.common.register import Register


@dataclass(frozen=True, slots=True)
class Line:
    """A place in one tensor for each place in another, along one axis: slope · place + offset."""

    slope: float
    offset: float

    def after(self, inner: "Line") -> "Line":
        """Return this line of what `inner` gives."""
        return Line(self.slope * inner.slope, self.slope * inner.offset + self.offset)

    @property
    def inverse(self) -> "Line":
        """Return the line that leads back."""
        return Line(1.0 / self.slope, -self.offset / self.slope)


Lines: TypeAlias = tuple[Line, Line]
_SAME = Line(1.0, 0.0)
# Where Keras repeats rows or columns: between tensors of four axes lies one of five.
_REPEATS = frozenset({"Tile", "BroadcastTo", "ExpandDims", "Reshape"})


def register_of(tensor: Any, source: Any) -> Register | None:
    """Return where a tensor's cells lie on a picture; None where they do on none.

    Where strides can't be followed, they are spread evenly, if as many may divide the picture.

    Parameters
    ----------
    tensor : Tensor
        (n, rows, columns, channels), of a graph, sizes known.
    source : Tensor
        (n, height, width, channels), what the graph takes.
    """
    grid, size = _sides(tensor), _sides(source)
    if grid is None or size is None or min(grid) < 2:
        return None
    found = _followed(tensor, source)
    return Register.even(grid, size) if found is None and divides(size, grid) else found


def _followed(tensor: Any, source: Any) -> Register | None:
    waiting, seen = [(tensor, (_SAME, _SAME))], set()
    while waiting:
        here, lines = waiting.pop()
        if here is source:
            down, right = (line.slope * 0.5 + line.offset for line in lines)
            return Register((down, right), (lines[0].slope, lines[1].slope))
        if here.op in seen or _sides(here) is None:
            continue
        seen.add(here.op)
        for before, step in reversed(_steps(here.op)):
            waiting.append((before, (step[0].after(lines[0]), step[1].after(lines[1]))))
    return None


def _steps(op: Any) -> list[tuple[Any, Lines]]:
    """Return what an operation's cells are computed from, and where they lie there."""
    follow = _FOLLOWED.get(op.type)
    if follow is not None:
        found = follow(op)
        return [] if found is None else [found]
    sides = _sides(op.outputs[0])
    return [(tensor, (_SAME, _SAME)) for tensor in op.inputs if _sides(tensor) == sides]


def _sides(tensor: Any) -> tuple[int, int] | None:
    height, width = tensor.shape.as_list()[1:3] if tensor.shape.rank == 4 else (None, None)
    return None if height is None or width is None else (height, width)


def _window(op: Any) -> tuple[Any, Lines] | None:
    """Follow a convolution or a pooling, height and width in the middle."""
    pools = op.type.endswith("Pool")
    kernel = op.get_attr("ksize")[1:3] if pools else op.inputs[1].shape.as_list()[:2]
    sizes = _sides(op.inputs[0])
    return None if sizes is None else (op.inputs[0], _windows(op, kernel, sizes))


def _transposed(op: Any) -> tuple[Any, Lines] | None:
    """Follow a transposed convolution: the way back of the convolution that it is of."""
    sizes = _sides(op.outputs[0])
    if sizes is None:
        return None
    down, right = _windows(op, op.inputs[1].shape.as_list()[:2], sizes)
    return op.inputs[2], (down.inverse, right.inverse)


def _windows(op: Any, kernel: list[int], sizes: tuple[int, int]) -> Lines:
    strides = op.get_attr("strides")[1:3]
    dilations = [1, 1] if op.type.endswith("Pool") else op.get_attr("dilations")[1:3]
    padding = op.get_attr("padding").decode()
    explicit = op.get_attr("explicit_paddings")[2:6:2] if padding == "EXPLICIT" else [0, 0]
    down, right = (
        _of_window(d * (k - 1) + 1, s, size, p if padding != "SAME" else None)
        for k, s, d, size, p in zip(kernel, strides, dilations, sizes, explicit, strict=True)
    )
    return down, right


def _of_window(kernel: int, stride: int, size: int, before: int | None) -> Line:
    """Return where windows are centred; TensorFlow pads less before than after, if unevenly."""
    if before is None:
        before = max((-(-size // stride) - 1) * stride + kernel - size, 0) // 2
    return Line(stride, 0.5 * kernel - before - 0.5 * stride)


def _padded(op: Any) -> tuple[Any, Lines] | None:
    before = _constant(op.inputs[1])
    if before is None:
        return None
    return op.inputs[0], (Line(1.0, -float(before[1][0])), Line(1.0, -float(before[2][0])))


def _cut(op: Any) -> tuple[Any, Lines] | None:
    """Follow a slice of all four axes."""
    begin, strides = _constant(op.inputs[1]), _constant(op.inputs[3])
    masks = [op.get_attr(name) for name in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask")]
    sizes = _sides(op.inputs[0])
    if begin is None or strides is None or len(begin) != 4 or any(masks) or sizes is None:
        return None
    if min(strides[1:3]) < 1:
        return None
    open_ends = op.get_attr("begin_mask")
    first = [0 if open_ends >> axis & 1 else int(begin[axis]) for axis in (1, 2)]
    first = [at % size if at < 0 else at for at, size in zip(first, sizes, strict=True)]
    down, right = (
        Line(float(s), float(at + 0.5 - 0.5 * s)) for at, s in zip(first, strides[1:3], strict=True)
    )
    return op.inputs[0], (down, right)


def _resized(op: Any) -> tuple[Any, Lines] | None:
    old, new = _sides(op.inputs[0]), _sides(op.outputs[0])
    if old is None or new is None or op.get_attr("align_corners"):
        return None
    scales = [a / b for a, b in zip(old, new, strict=True)]
    smooth = op.type != "ResizeNearestNeighbor"
    if smooth and not op.get_attr("half_pixel_centers"):
        down, right = (Line(scale, 0.5 - 0.5 * scale) for scale in scales)
    else:
        down, right = (Line(scale, 0.0) for scale in scales)
    return op.inputs[0], (down, right)


def _repeated(op: Any) -> tuple[Any, Lines] | None:
    """Follow rows or columns that are repeated, as Keras' UpSampling2D does."""
    new, tensor = _sides(op.outputs[0]), op.inputs[0]
    kinds = []
    while tensor.shape.rank == 5 and tensor.op.type in _REPEATS:
        kinds.append(tensor.op.type)
        tensor = tensor.op.inputs[0]
    old = _sides(tensor)
    if old is None or new is None:
        return None
    if old == new:
        return tensor, (_SAME, _SAME)
    if not {"Tile", "BroadcastTo"} & set(kinds) or any(
        b % a for a, b in zip(old, new, strict=True)
    ):
        return None
    return tensor, (Line(old[0] / new[0], 0.0), Line(old[1] / new[1], 0.0))


def _dilated(op: Any) -> tuple[Any, Lines] | None:
    """Follow a dilated convolution as TensorFlow lays it out: apart, convolved, together."""
    inner = op.inputs[0].op
    apart = inner.inputs[0].op if inner.type in ("Conv2D", "DepthwiseConv2dNative") else None
    if apart is None or apart.type != "SpaceToBatchND":
        return None
    block, pads = _constant(apart.inputs[1]), _constant(apart.inputs[2])
    crops = _constant(op.inputs[2])
    plain = list(inner.get_attr("strides")) == [1, 1, 1, 1]
    if block is None or pads is None or crops is None or not plain:
        return None
    kernel = inner.inputs[1].shape.as_list()[:2]
    down, right = (
        Line(1.0, float(0.5 * (d * (k - 1) + 1) - p - 0.5 + c))
        for d, k, (p, _), (c, _) in zip(block, kernel, pads, crops, strict=True)
    )
    return apart.inputs[0], (down, right)


def _constant(tensor: Any) -> Any:
    """Return a tensor's value where the graph tells it."""
    from igcli.models.runtime import import_tensorflow

    value = import_tensorflow().get_static_value(tensor)
    return None if value is None else np.asarray(value)


_FOLLOWED: dict[str, Callable[[Any], tuple[Any, Lines] | None]] = {
    "Conv2D": _window,
    "DepthwiseConv2dNative": _window,
    "MaxPool": _window,
    "AvgPool": _window,
    "Conv2DBackpropInput": _transposed,
    "Pad": _padded,
    "PadV2": _padded,
    "MirrorPad": _padded,
    "StridedSlice": _cut,
    "ResizeBilinear": _resized,
    "ResizeBicubic": _resized,
    "ResizeNearestNeighbor": _resized,
    "Reshape": _repeated,
    "BatchToSpaceND": _dilated,
}
