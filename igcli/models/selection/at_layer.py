"""A model entered at a layer: the path runs in what goes into it, or comes out of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.errors import ConfigError
from igcli.common.model_spec import InputSpec, LayerCall, parts_of
from igcli.common.shapes import is_image_shape
from igcli.models.graph.strides import register_of
from igcli.models.loaders.network import Loaded, Network
from igcli.models.selection.calls import calls_of
from igcli.models.selection.layers import LayerCalls
from igcli.models.selection.packing import fixed_shapes, read_as, unpacked

# What an open dimension is taken as where its size changes no result.
_ANY_SIZE = 96
_OF_THE_SHAPE_ALONE = frozenset({"Shape", "ZerosLike", "OnesLike"})


class _Split:
    """A model cut at a layer: inputs → the layer's tensors, and inputs, those → output.

    Attributes
    ----------
    source : InputSpec
        What is read.
    found : list
        The layer's tensors as traced, call after call in the model's order.
    fits : bool
        Whether they are floats of a known rank; only then there are:
    dtype, shapes
        Theirs.
    passed_by : bool
        Whether the output also depends on the inputs past the layer.
    register : Register or None
        Where the cells of the layer's map lie on the input picture.
    """

    def __init__(
        self, tf: Any, path: Path, network: Network, layer: Any, at_input: bool, index: int
    ) -> None:
        self._tf = tf
        self._calls = LayerCalls(tf, network.function, layer, at_input)
        self._names = [spec.name for spec in network.inputs]
        self._shown = calls_of(network.model, layer)
        self._runs: list[list[Any]] = []
        self._given: list[Any] = []
        self.source, self._unpack = read_as(tf, path, network.inputs)
        self._index = index
        rows = tf.TensorSpec((network.batch, *self.source.shape), self.source.dtype)
        before = self._trace(self._first, rows)
        self.found: list[Any] = before.outputs
        floating = all(t.dtype.is_floating and t.shape.rank is not None for t in self.found)
        self.fits = bool(self.found) and floating
        if self.fits:
            wide = any(tensor.dtype == tf.float64 for tensor in self.found)
            self.dtype = np.dtype("float64" if wide else "float32")
            self.shapes = [tuple(tensor.shape[1:]) for tensor in self.found]
            specs = [tf.TensorSpec((network.batch, *shape), self.dtype) for shape in self.shapes]
            after = self._trace(self.after, rows, specs)
            self.passed_by = _depends(after.outputs[0], after.inputs[0])
            single = len(self.found) == 1 and is_image_shape(self.source.shape)
            self.register = register_of(self.found[0], before.inputs[0]) if single else None

    def before(self, rows: Any) -> list[Any]:
        """Return the layer's tensors, call after call in the model's order."""
        return self._ordered(self._calls.record(self._unpack(rows)))

    def after(self, rows: Any, tensors: Sequence[Any]) -> Any:
        """Return the output for other tensors in the layer's place."""
        tf = self._tf
        cast = [tf.cast(t, like.dtype) for t, like in zip(tensors, self.found, strict=True)]
        waiting = iter(cast)
        as_run = {run: [next(waiting) for _ in self._runs[run]] for run in self._order}
        flat = [tensor for run in sorted(as_run) for tensor in as_run[run]]
        return self._calls.replay(self._unpack(rows), flat)[self._index]

    def calls(self, names: Sequence[str]) -> tuple[LayerCall, ...]:
        """Say where the layer's tensors, of these names, come from."""
        places = [place for place, run in enumerate(self._order) for _ in self._runs[run]]
        known = len(self._shown) == len(self._runs)
        return tuple(
            LayerCall(
                name,
                tuple(n for n, x in zip(self._names, self._given, strict=True) if _depends(t, x)),
                self._shown[place].on if known else (),
            )
            for name, place, t in zip(names, places, self._ordered(self._runs), strict=True)
        )

    def _first(self, rows: Any) -> list[Any]:
        self._given = self._unpack(rows)
        self._runs = self._calls.record(self._given)
        return self._ordered(self._runs)

    @property
    def _order(self) -> Sequence[int]:
        """The calls as they are run, in the model's order; as run where it does not show that."""
        if len(self._shown) == len(self._runs):
            return [call.run for call in self._shown]
        return range(len(self._runs))

    def _ordered(self, runs: Sequence[Sequence[Any]]) -> list[Any]:
        return [tensor for run in self._order for tensor in runs[run]]

    def nothing(self, points: Any) -> Any:
        """Return inputs for as many rows, where their numbers change no result."""
        sides = (side or _ANY_SIZE for side in self.source.shape)
        return self._tf.zeros((self._tf.shape(points)[0], *sides), self.source.dtype)

    def _trace(self, function: Any, *specs: Any) -> Any:
        return self._tf.function(function, autograph=False).get_concrete_function(*specs)


def from_layer(
    tf: Any, path: Path, network: Network, layer: Any, name: str, at_input: bool, output: str
) -> Loaded:
    """Return the model from a layer on, called once or several times; what passes it by is held.

    Raises
    ------
    ConfigError
        When the model never calls the layer, or nothing can be integrated along what it gives.
    """
    split = _Split(tf, path, network, layer, at_input, network.outputs.index(output))
    if not split.fits:
        what = "takes" if at_input else "gives"
        given = ", ".join(f"{t.dtype.name} of shape {t.shape}" for t in split.found)
        raise ConfigError(
            f"--layer {name} can't be explained",
            f"it {what} {given}" if given else "the model never calls it",
            "choose a layer between floats: `igcli inspect` lists them",
        )
    if len(split.shapes) > 1 or split.passed_by:
        return _as_vector(tf, path, network, split, name, output)

    def function(points: Any) -> Any:
        return split.after(split.nothing(points), [points])

    def enter(rows: Any) -> Any:
        return tf.cast(split.before(rows)[0], split.dtype)

    point = InputSpec(name, split.shapes[0], split.dtype)
    return Loaded(
        function,
        point,
        output,
        network.loader,
        source=split.source,
        enter=enter,
        register=split.register,
    )


def _as_vector(
    tf: Any, path: Path, network: Network, split: _Split, name: str, output: str
) -> Loaded:
    """Lay out several calls' tensors in a vector, and behind them the inputs that pass by."""
    shapes: list[tuple[int | None, ...]] = list(split.shapes)
    several = len(shapes) > 1
    names = [f"{name}:{i}" for i in range(len(shapes))] if several else [name]
    calls = split.calls(names) if several else ()
    held = [False] * len(shapes)
    if split.passed_by:
        names, shapes, held = (
            [*names, split.source.name],
            [*shapes, split.source.shape],
            [*held, True],
        )
    parts = parts_of(names, fixed_shapes(path, zip(names, shapes, strict=True)), held)

    def function(points: Any) -> Any:
        tensors = unpacked(tf, points, parts)
        rows = tensors.pop() if split.passed_by else split.nothing(points)
        return split.after(tf.cast(rows, split.source.dtype), tensors)

    def enter(rows: Any) -> Any:
        tensors = split.before(rows) + [rows] * split.passed_by
        flat = [
            tf.reshape(tf.cast(tensor, split.dtype), (-1, part.size))
            for tensor, part in zip(tensors, parts, strict=True)
        ]
        return tf.concat(flat, axis=1)

    point = InputSpec(name, (sum(part.size for part in parts),), split.dtype)
    return Loaded(
        function,
        point,
        output,
        network.loader,
        source=split.source,
        enter=enter,
        parts=parts,
        calls=calls,
        register=split.register,
    )


def _depends(output: Any, source: Any) -> bool:
    """Tell whether anything flows from one tensor of a graph to another."""
    seen = set()
    waiting = [output.op]
    while waiting:
        op = waiting.pop()
        if op is source.op:
            return True
        if op not in seen:
            seen.add(op)
            if op.type not in _OF_THE_SHAPE_ALONE:
                waiting += [tensor.op for tensor in op.inputs]
    return False
