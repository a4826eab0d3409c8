"""The batch axis of a function that was traced for batches of one size, opened in its graph."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.common.distance import scale_of_scores
from igcli.models.graph.inlined import Inlined, as_function, behind, inline, trace
from igcli.models.graph.rewrites import node_name

Function: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]

# What white is, in floats: models take pixels as 0 to 1 or as 0 to 255.
WHITES = (1.0, 255.0)
# What an open side is taken as where any will do.
_ANY_SIZE = 96
# Batches of other sizes are summed in another order.
_NEAR = 1e-4
_LOOPS = frozenset({"While", "StatelessWhile", "If", "StatelessIf"})


def opened(tf: Any, function: Function, specs: Sequence[Any], size: int) -> Function | None:
    """Return a function of batches of one size as one of any number of rows, or None.

    What opens the axis is an edit of the graph: of the inputs' shapes, and where that is not enough
    of every Reshape to a fixed shape. It holds only if fewer, as many and more rows then give what
    the function itself gives for them, in batches of its size.

    Parameters
    ----------
    tf : module
        TensorFlow.
    function : callable
        A list of tensors of `size` rows each → a list of outputs. It writes no variables.
    specs : sequence of tf.TensorSpec
        Its inputs.
    size : int
        How many rows it takes.
    """
    fixed = [tf.TensorSpec((size, *spec.shape[1:]), spec.dtype) for spec in specs]
    inlined = inline(tf, lambda *tensors: list(function(tensors)), fixed)
    for edit in (_open_inputs, _open_reshapes):
        try:
            found = as_function(tf, edit(tf, inlined, fixed, size))
            tried = [made_up(tf, specs, rows, white) for rows in _tried(size) for white in WHITES]
            if all(_agree(tf, inlined, found, tensors, size) for tensors in tried):
                return found
        except Exception:
            # A graph that depends on the batch's size fails in as many ways as there are ops.
            continue
    return None


def takes(tf: Any, function: Function, specs: Sequence[Any], rows: int) -> bool:
    """Tell whether a function can be asked for so many rows."""
    try:
        values(tf, function, made_up(tf, specs, rows))
    except Exception:
        return False
    return True


def made_up(tf: Any, specs: Sequence[Any], rows: int, white: float = 1.0) -> list[Any]:
    """Return inputs to try a function on: pixels, or small numbers that are tokens too.

    Floats are around 0 to `white`, one of WHITES: those of 0 to 1 are nearly black to a model that
    scales pixels of 0 to 255 itself, and hide what it does with them.
    """
    random = np.random.default_rng(0)
    tensors = []
    for spec in specs:
        shape = [rows, *(side or _ANY_SIZE for side in spec.shape[1:])]
        numbers = random.uniform(0.0, 256.0 if spec.dtype == tf.uint8 else 2.0, shape)
        whole = spec.dtype.is_integer or spec.dtype.is_bool
        tensors.append(tf.cast(np.floor(numbers) if whole else white * (numbers - 0.5), spec.dtype))
    return tensors


def _tried(size: int) -> tuple[int, ...]:
    return (size, size + 1, 1) if size > 1 else (1, 2)


def _open_inputs(tf: Any, inlined: Inlined, fixed: Sequence[Any], size: int) -> Inlined:
    """Open the axis of the inputs, and of what only repeats their shape."""
    edited = inlined.copy()
    for name in edited.feeds:
        edited.node(name).attr["shape"].shape.dim[0].size = -1
    for node in edited.graph.node:
        node.attr.pop("_output_shapes", None)
        shapes = [node.attr["shape"].shape] if node.op == "EnsureShape" else []
        if node.op in _LOOPS:
            shapes = list(node.attr["output_shapes"].list.shape)
        for shape in shapes:
            if shape.dim and shape.dim[0].size == size:
                shape.dim[0].size = -1
    opened = (
        (None, *shape[1:]) if shape.rank and shape[0] == size else shape for shape in edited.shapes
    )
    return replace(edited, shapes=tuple(opened))


def _open_reshapes(tf: Any, inlined: Inlined, fixed: Sequence[Any], size: int) -> Inlined:
    """Let every Reshape find its first side itself, where all others are known."""
    edited = _open_inputs(tf, inlined, fixed, size)
    nodes = {node.name: node for node in edited.graph.node}
    for name, sides in _reshapes(tf, inlined, fixed).items():
        if name in nodes and None not in sides[1:] and _depends(nodes, name, edited.feeds):
            shape = edited.graph.node.add(name=f"{name}/igcli_shape", op="Const")
            value = tf.make_tensor_proto(np.array([-1, *sides[1:]], np.int32))
            shape.attr["dtype"].type = value.dtype
            shape.attr["value"].tensor.CopyFrom(value)
            nodes[name].input[1] = shape.name
            nodes[name].attr["Tshape"].type = value.dtype
    return edited


def _reshapes(tf: Any, inlined: Inlined, fixed: Sequence[Any]) -> dict[str, list[int | None]]:
    """Return what shapes the graph's Reshapes give to a batch of its own size."""
    function = as_function(tf, inlined)
    graph = trace(tf, lambda *tensors: function(tensors), fixed).graph
    shapes = {op.name: op.outputs[0].shape for op in graph.get_operations() if op.type == "Reshape"}
    return {name: shape.as_list() for name, shape in shapes.items() if shape.rank}


def _depends(nodes: Mapping[str, Any], name: str, feeds: Sequence[str]) -> bool:
    source = node_name(nodes[name].input[0])
    return any(before.name in feeds for before in behind(nodes, [source]))


def _agree(tf: Any, inlined: Inlined, found: Function, tensors: Sequence[Any], size: int) -> bool:
    """Tell whether a function gives for some rows what batches of one size give."""
    given = values(tf, found, tensors)
    wanted = _filled(tf, as_function(tf, inlined), tensors, size)
    return all(b is None or alike(a, b) for a, b in zip(given, wanted, strict=True))


def _filled(
    tf: Any, function: Function, tensors: Sequence[Any], size: int
) -> Iterator[Array | None]:
    """Yield a function's outputs for any number of rows, asked for in batches of its size.

    What is no output of so many rows is None.
    """
    rows = len(tensors[0])
    places = np.minimum(np.arange(-(-rows // size) * size), rows - 1).reshape(-1, size)
    parts = [values(tf, function, [tf.gather(t, p) for t in tensors], size) for p in places]
    for outputs in zip(*parts, strict=True):
        by_row = all(output.shape[:1] == (size,) for output in outputs)
        yield np.concatenate(outputs)[:rows] if by_row else None


def alike(a: Array, b: Array, share: float = _NEAR) -> bool:
    """Tell whether two outputs are the same beyond rounding."""
    if a.shape != b.shape:
        return False
    if not np.issubdtype(b.dtype, np.floating):
        return True
    if not b.size:
        return True
    rows, wanted = (values.reshape(len(b) if b.ndim else 1, -1) for values in (a, b))
    near = share * scale_of_scores(np.where(np.isfinite(wanted), wanted, 0.0))
    return bool(np.isclose(rows, wanted, rtol=0.0, atol=near, equal_nan=True).all())


def values(
    tf: Any, function: Function, tensors: Sequence[Any], size: int | None = None
) -> list[Array]:
    """Return a function's outputs, traced for batches of one size or of any."""
    specs = [tf.TensorSpec((size, *t.shape[1:]), t.dtype) for t in tensors]
    traced = trace(tf, lambda *given: list(function(given)), specs)
    return [result.numpy() for result in traced(*tensors)]
