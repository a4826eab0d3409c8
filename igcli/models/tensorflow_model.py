"""The TensorFlow model: traced functions of scores and of gradients of the rows."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from igcli.attribution.gradient_model import PathRows, PointRows, RowValues
from igcli.attribution.node_gradients import HostGradients, NodeGradients
from igcli.common.arrays import Array
from igcli.common.dense import Dense
from igcli.common.errors import ConfigError, ModelError, OutOfMemory
from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import ModelSpec, Tail
from igcli.models.dense_scores import as_dense, mean_scores
from igcli.models.device_gradients import DeviceGradients
from igcli.models.loaders.network import Loaded, first_line, op_line
from igcli.models.runtime import (
    device_name,
    has_gpu,
    import_tensorflow,
    set_precision,
    stream_count,
)
from igcli.models.scores import class_scores

_WITH_LAYERS = "explain a differentiable model, or a layer behind that place with --layer"
_WITHOUT = (
    "save a differentiable model, or the part of it behind that place; or a .keras file, a layer "
    "of which can be explained with --layer"
)


class TensorFlowModel:
    """A loaded model as the engine wants it.

    Each function is traced once, when it is first needed, for any number of rows. Gradients are
    symbolic and taken with respect to the rows alone, so no weight gradient is ever computed.
    `exact` is the same model in float32, for comparison; `on_device` keeps node gradients where
    they were computed, by default on a GPU.
    """

    def __init__(
        self,
        path: Path,
        loaded: Loaded,
        settings: ModelSettings,
        exact: "TensorFlowModel | None" = None,
        on_device: bool | None = None,
    ) -> None:
        self._tf = tf = import_tensorflow()
        self._traced: dict[tuple[Any, ...], Any] = {}
        self._tracing = threading.RLock()
        self._on_device = has_gpu(tf) if on_device is None else on_device
        self._exact = exact
        self._loaded = loaded
        self._mode = settings.scores
        self._fix_of_open_sizes = (
            "say which image size with --image-size, 224x224 for example (height x width)"
            if settings.pictures
            else "give inputs of the model's own shape: their size settles it"
        )
        self._tail: Tail = "unknown"
        self._output_shape: tuple[int, ...] = ()
        self._dense: Dense | None = None
        ends = tf.TensorSpec((None, *loaded.input.shape), loaded.input.dtype)
        number = tf.TensorSpec((loaded.batch,), loaded.input.dtype)
        index = tf.TensorSpec((loaded.batch,), tf.int32)
        self._signature = (ends, ends, index, number, index)
        self._points = tf.TensorSpec((loaded.batch, *loaded.input.shape), loaded.input.dtype)
        self._scores = self._trace(self._class_scores, self._points)
        self._dense = as_dense(loaded, self._output_shape, self._tail, settings.scores)
        # Now: it fails where no gradient flows.
        everywhere = () if self._dense is None else (self._zones((None,)),)
        self._rows = self._once(self._row_gradients, *self._signature, *everywhere)
        self._enter = self._entrance()
        self.spec = ModelSpec(
            path=path,
            loader=loaded.loader,
            input=loaded.source or loaded.input,
            output_name=loaded.output_name,
            classes=int(self._scores.outputs[0].shape[-1]),
            tail=self._tail,
            scores=settings.scores,
            device=device_name(tf),
            precision=settings.precision,
            on_gpu=has_gpu(tf),
            streams=stream_count(tf),
            row_bytes=_row_bytes(self._scores.graph, loaded.batch),
            weight_bytes=_captured_bytes(self._scores.graph),
            inputs=loaded.inputs,
            output_shape=self._output_shape,
            entered=loaded.input if loaded.enter else None,
            parts=loaded.parts,
            own=loaded.own,
            calls=loaded.calls,
            transposed=loaded.transposed,
            draws=loaded.draws,
            of_batch=loaded.of_batch,
            masks=loaded.masks,
            dense=self._dense,
            register=None if loaded.transposed else loaded.register,
        )

    def enter(self, x: Array) -> Array:
        """Return where a path meets these inputs; see `GradientModel.enter`."""
        if self._enter is None:
            return x
        points: Array = self._run(self._enter, x).numpy()
        return points

    def scores(self, x: Array) -> Array:
        """Return every class's score; see `GradientModel.scores`."""
        result: Array = self._run(self._scores, x).numpy()
        return result

    def weighted_gradients(self, rows: PathRows, weights: Array) -> RowValues:
        """Return weighted sums of gradients; see `GradientModel.weighted_gradients`."""
        every = self._tf.TensorSpec((len(weights), self._loaded.batch), self._loaded.input.dtype)
        tensors = self._tensors(rows)
        function = self._once(self._weighted_gradients, every, *self._signature_of(tensors))
        weights = weights.astype(self._loaded.input.dtype)
        return RowValues(*(t.numpy() for t in self._run(function, weights, *tensors)))

    def row_products(self, rows: PathRows) -> RowValues:
        """Return gradients × (input − baseline); see `GradientModel.row_products`."""
        tensors = self._tensors(rows)
        function = self._once(self._row_products, *self._signature_of(tensors))
        return self._row_by_row(*self._run(function, *tensors))

    def gradients_at(self, rows: PointRows) -> RowValues:
        """Return gradients at given points; see `GradientModel.gradients_at`."""
        zones = _given(rows.zones)
        own = [self._zones((self._loaded.batch,)) for _ in zones]
        function = self._once(self._point_gradients, self._points, self._signature[-1], *own)
        given = rows.points.astype(self._loaded.input.dtype)
        return self._row_by_row(*self._run(function, given, rows.target, *zones))

    def precision_error(self, rows: PathRows) -> float:
        """Compare with float32; see `GradientModel.precision_error`."""
        if self.spec.precision == "float32":
            return 0.0
        tensors = self._tensors(rows)
        gradients = self._run(self._rows_of(tensors), *tensors)[0].numpy()
        set_precision(self._tf, "float32")
        exact = self._exact or self
        wanted = exact._run(exact._rows_of(tensors), *exact._tensors(rows))[0].numpy()
        set_precision(self._tf, self.spec.precision)
        inner = tuple(range(1, wanted.ndim))
        sizes = np.abs(wanted).sum(inner, dtype=np.float64)
        differences = np.abs(gradients - wanted).sum(inner, dtype=np.float64)
        return float(np.max(differences[sizes > 0.0] / sizes[sizes > 0.0], initial=0.0))

    def node_gradients(self, size: int) -> NodeGradients:
        """Return a store on the GPU, or in this machine's memory where there is none."""
        return DeviceGradients(size) if self._on_device else HostGradients(size)

    def _tensors(self, rows: PathRows) -> tuple[Array, ...]:
        alpha = rows.alpha.astype(self._loaded.input.dtype)
        return rows.x, rows.baseline, rows.slot, alpha, rows.target, *_given(rows.zones)

    def _signature_of(self, tensors: Sequence[Any]) -> tuple[Any, ...]:
        """Return the signature of such rows: those of zones have these behind the others."""
        more = len(tensors) - len(self._signature)
        return (*self._signature, *(self._zones((None,)) for _ in range(more)))

    def _zones(self, rows: tuple[int | None]) -> Any:
        assert self._dense is not None
        return self._tf.TensorSpec((*rows, self._dense.places), self._tf.float32)

    def _rows_of(self, tensors: Sequence[Any]) -> Any:
        """Return the traced gradients of such rows."""
        return self._once(self._row_gradients, *self._signature_of(tensors))

    def _row_by_row(self, gradients: Any, scores: Any, norms: Any) -> RowValues:
        """Return numbers, but the rows' own gradients where they lie."""
        rows = gradients if self._on_device else gradients.numpy()
        return RowValues(rows, scores.numpy(), norms.numpy())

    def _once(self, function: Any, *signature: Any) -> Any:
        """Return a traced function: traced now if this is the first to ask for it."""
        key = (function.__name__, *signature)
        with self._tracing:
            if key not in self._traced:
                self._traced[key] = self._trace(function, *signature)
            return self._traced[key]

    def _trace(self, function: Any, *signature: Any) -> Any:
        return self._tf.function(function, autograph=False).get_concrete_function(*signature)

    def _run(self, function: Any, *arrays: Array) -> Any:
        tf = self._tf
        try:
            return function(*(tf.constant(array) for array in arrays))
        except (tf.errors.ResourceExhaustedError, MemoryError) as error:
            raise OutOfMemory(
                f"out of memory on a batch of {len(arrays[0])}",
                first_line(error),
                "use a smaller --batch-size",
            ) from error
        except tf.errors.OpError as error:
            raise ModelError(
                f"{self.spec.path} failed on a batch", op_line(error), "try --batch-size 1"
            ) from error

    def _entrance(self) -> Any:
        enter, source = self._loaded.enter, self._loaded.source
        if enter is None or source is None:
            return None
        rows = self._tf.TensorSpec((self._loaded.batch, *source.shape), source.dtype)
        return self._trace(enter, rows)

    def _class_scores(self, rows: Any) -> Any:
        outputs = self._loaded.function(rows)
        if None in self._loaded.input.shape and None in outputs.shape[1:].as_list():
            raise ConfigError(
                f"the model's output has shape {outputs.shape}, for inputs of {self._points.shape}",
                "targets are counted over its elements, so their number must be known",
                self._fix_of_open_sizes,
            )
        scores, self._tail, self._output_shape = class_scores(
            outputs, self._mode, self._loaded.probabilities
        )
        return scores

    def _row_gradients(
        self, x: Any, baseline: Any, slot: Any, alpha: Any, target: Any, *zones: Any
    ) -> tuple[Any, Any, Any]:
        tf = self._tf
        difference = tf.gather(x - baseline, slot)
        rows = tf.gather(baseline, slot) + self._broadcast(alpha) * difference
        return self._point_gradients(rows, target, *(tf.gather(zone, slot) for zone in zones))

    def _point_gradients(self, rows: Any, target: Any, *zones: Any) -> tuple[Any, Any, Any]:
        tf, scores = self._tf, self._class_scores(rows)
        if zones and self._dense is not None:
            scores = mean_scores(tf, self._dense, scores, target, zones[0])
        else:
            scores = tf.gather(scores, target, axis=1, batch_dims=1)
        (gradient,) = tf.gradients(scores, rows)
        if gradient is None:
            raise ModelError(
                f"no gradient flows from output {self._loaded.output_name!r} "
                f"to input {self._loaded.input.name!r}",
                "the model rounds, casts to integers, or stops gradients on the way",
                _WITH_LAYERS if self._loaded.layers else _WITHOUT,
            )
        gradient = tf.convert_to_tensor(gradient)
        inner = tuple(range(1, 1 + len(self._loaded.input.shape)))
        return gradient, scores, tf.reduce_sum(tf.abs(gradient), inner)

    def _row_products(self, *rows: Any) -> tuple[Any, Any, Any]:
        x, baseline, slot = rows[:3]
        gradient, scores, norms = self._rows_of(rows)(*rows)
        return gradient * self._tf.gather(x - baseline, slot), scores, norms

    def _weighted_gradients(self, weights: Any, *rows: Any) -> tuple[Any, Any, Any]:
        tf, x, slot = self._tf, rows[0], rows[2]
        gradient, scores, norms = self._rows_of(rows)(*rows)
        # A segment sum, not a matrix product: 0 × NaN of one input must not reach another.
        sums = [
            tf.math.unsorted_segment_sum(self._broadcast(w) * gradient, slot, tf.shape(x)[0])
            for w in tf.unstack(weights)
        ]
        return tf.stack(sums), scores, norms

    def _broadcast(self, values: Any) -> Any:
        return self._tf.reshape(values, (-1,) + (1,) * len(self._loaded.input.shape))


def _given(zones: Array | None) -> tuple[Array, ...]:
    return () if zones is None else (zones,)


# Done in the tensor that comes in.
_IN_PLACE = frozenset({"BiasAdd", "Identity", "Reshape", "Squeeze"})


def _row_bytes(graph: Any, batch: int | None) -> int:
    """Add up what every operation's outputs take per row, those whose first axis counts rows."""
    total = 0
    for op in graph.get_operations():
        for tensor in op.outputs:
            shape = tensor.shape.as_list() if tensor.shape.rank else [0]
            if shape[0] == batch and op.type not in _IN_PLACE:
                total += tensor.dtype.size * int(np.prod([size or 1 for size in shape[1:]]))
    return total


def _captured_bytes(graph: Any) -> int:
    """Add up the weights that are not constants of a graph."""
    tensors = [outer for outer, _ in graph.captures if outer.dtype.name != "resource"]
    return sum(
        held.dtype.size * held.shape.num_elements()
        for held in (*tensors, *graph.variables)
        if held.shape.is_fully_defined()
    )
