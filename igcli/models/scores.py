"""From a model's outputs to one score per class, inside the traced graph."""

from typing import Any

from igcli.errors import ConfigError, ModelError
from igcli.models.runtime import import_tensorflow
from igcli.records import Tail

SCORES = ("as-is", "probability", "logit")
_PASSED_THROUGH = frozenset({"Identity", "Cast", "Reshape", "Squeeze", "StopGradient"})
_HIDES_ITS_TAIL = frozenset({"PartitionedCall", "StatefulPartitionedCall", "If", "While"})


def find_tail(outputs: Any) -> tuple[Tail, Any]:
    """Return the last operation of a traced tensor, and what goes into it.

    Only what the graph shows counts: a softmax or sigmoid op, whoever wrote it there.
    """
    op = outputs.op
    while op.type in _PASSED_THROUGH:
        op = op.inputs[0].op
    if op.type == "Softmax":
        return "softmax", op.inputs[0]
    if op.type == "Sigmoid":
        return "sigmoid", op.inputs[0]
    return ("unknown" if op.type in _HIDES_ITS_TAIL else "none"), None


def class_scores(outputs: Any, scores: str) -> tuple[Any, Tail]:
    """Map outputs (n, k) or (n,) to class scores (n, classes).

    One output that ends in a sigmoid stands for two classes: 1 − output, output (as logits: −z,
    z). `probability` applies a softmax to logits of several classes and a sigmoid to one;
    outputs that end in a softmax or sigmoid are probabilities already. `logit` takes the values
    before that final operation.
    """
    tf = import_tensorflow()
    outputs = _two_axes(tf, outputs)
    tail, before = find_tail(outputs)
    if scores != "as-is" and tail == "unknown":
        raise ConfigError(
            f"--scores {scores} can't be used with this model",
            "its last operation is hidden in a function call",
            "use --scores as-is, or export the model with model.export",
        )
    one_output = outputs.shape[-1] == 1
    if scores == "logit" and before is not None:
        logits = tf.cast(tf.reshape(before, tf.shape(outputs)), outputs.dtype)
        logits = tf.ensure_shape(logits, outputs.shape)
        return (tf.concat([-logits, logits], -1) if one_output else logits), tail
    if scores == "probability" and tail == "none":
        outputs = tf.sigmoid(outputs) if one_output else tf.nn.softmax(outputs)
    if one_output and (tail == "sigmoid" or scores == "probability"):
        outputs = tf.concat([1 - outputs, outputs], -1)
    return outputs, tail


def _two_axes(tf: Any, outputs: Any) -> Any:
    shape = outputs.shape
    if shape.rank == 1:
        return tf.reshape(outputs, (-1, 1))
    if shape.rank != 2 or shape[-1] is None:
        raise ModelError(
            f"the model's output has shape {shape}",
            "igcli explains outputs of shape (batch, classes)",
            "save a model that ends in one number per class",
        )
    return outputs
