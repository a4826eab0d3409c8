"""The GradientModel that runs on TensorFlow: two traced functions, inputs' gradients only."""

from pathlib import Path
from typing import Any

from igcli.engine import PathRows, RowSums
from igcli.errors import ModelError, RunStopped
from igcli.models.loaded import Loaded, first_line
from igcli.models.runtime import device_name, import_tensorflow
from igcli.models.scores import class_scores
from igcli.records import Array, ModelSpec, Tail


class TensorFlowModel:
    """A loaded model as the engine wants it.

    Both functions are traced once, for any number of rows. Gradients are symbolic and taken with
    respect to the rows alone, so no weight gradient is ever computed.
    """

    def __init__(self, path: Path, loaded: Loaded, scores: str) -> None:
        self._tf = tf = import_tensorflow()
        self._loaded = loaded
        self._mode = scores
        self._tail: Tail = "unknown"
        batch = tf.TensorSpec((None, *loaded.input.shape), loaded.input.dtype)
        number = tf.TensorSpec((None,), loaded.input.dtype)
        index = tf.TensorSpec((None,), tf.int32)
        self._scores = tf.function(self._class_scores, autograph=False).get_concrete_function(batch)
        self._gradients = tf.function(
            self._weighted_gradients, autograph=False
        ).get_concrete_function(batch, batch, index, number, number, index)
        self.spec = ModelSpec(
            path=path,
            loader=loaded.loader,
            input=loaded.input,
            output_name=loaded.output_name,
            classes=int(self._scores.outputs[0].shape[-1]),
            tail=self._tail,
            scores=scores,
            device=device_name(tf),
        )

    def scores(self, x: Array) -> Array:
        """Return every class's score; see `GradientModel.scores`."""
        result: Array = self._run(self._scores, x).numpy()
        return result

    def weighted_gradients(self, rows: PathRows) -> RowSums:
        """Return the weighted sums of gradients; see `GradientModel.weighted_gradients`."""
        dtype = self.spec.input.dtype
        sums, finite = self._run(
            self._gradients,
            rows.x,
            rows.baseline,
            rows.slot,
            rows.alpha.astype(dtype),
            rows.weight.astype(dtype),
            rows.target,
        )
        return RowSums(sums.numpy(), finite.numpy())

    def _run(self, function: Any, *arrays: Array) -> Any:
        tf = self._tf
        try:
            return function(*(tf.constant(array) for array in arrays))
        except (tf.errors.ResourceExhaustedError, MemoryError) as error:
            raise RunStopped(
                f"out of memory on a batch of {len(arrays[-1])}",
                first_line(error),
                "use a smaller --batch-size",
            ) from error
        except tf.errors.OpError as error:
            raise ModelError(
                f"{self.spec.path} failed on a batch", first_line(error), "try --batch-size 1"
            ) from error

    def _class_scores(self, rows: Any) -> Any:
        scores, self._tail = class_scores(self._loaded.function(rows), self._mode)
        return scores

    def _weighted_gradients(
        self, x: Any, baseline: Any, slot: Any, alpha: Any, weight: Any, target: Any
    ) -> tuple[Any, Any]:
        tf = self._tf
        axes = (-1,) + (1,) * len(self._loaded.input.shape)
        start = tf.gather(baseline, slot)
        rows = start + tf.reshape(alpha, axes) * (tf.gather(x, slot) - start)
        scores = tf.gather(self._class_scores(rows), target, axis=1, batch_dims=1)
        (gradient,) = tf.gradients(scores, rows)
        if gradient is None:
            raise ModelError(
                f"no gradient flows from output {self._loaded.output_name!r} "
                f"to input {self._loaded.input.name!r}",
                "the model rounds, casts to integers, or stops gradients on the way",
                "explain a differentiable model",
            )
        gradient = tf.convert_to_tensor(gradient)
        inner = tuple(range(1, len(axes)))
        finite = tf.math.is_finite(scores) & tf.reduce_all(tf.math.is_finite(gradient), inner)
        weighted = tf.reshape(weight, axes) * gradient
        return tf.math.unsorted_segment_sum(weighted, slot, tf.shape(x)[0]), finite
