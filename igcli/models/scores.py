"""Scores: from a model's outputs to one number per class, inside the traced graph."""

from math import prod
from typing import Any

from igcli.common.errors import ConfigError, ModelError
from igcli.common.model_spec import Tail
from igcli.models.runtime import import_tensorflow

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


def class_scores(outputs: Any, scores: str) -> tuple[Any, Tail, tuple[int, ...]]:
    """Map outputs (n, …) to class scores (n, classes).

    One output that ends in a sigmoid stands for two classes: 1 − output, output (as logits: −z,
    z). `probability` applies a softmax to logits of several classes and a sigmoid to one;
    outputs that end in a softmax or sigmoid are probabilities already. `logit` takes the values
    before that final operation.

    Returns
    -------
    tuple
        The scores, the last operation, and the shape that classes count over where that is not
        one axis.
    """
    tf = import_tensorflow()
    sizes = _sizes(outputs)
    tail, before = find_tail(outputs)
    if scores != "as-is" and tail == "unknown":
        raise ConfigError(
            f"--scores {scores} can't be used with this model",
            "its last operation is hidden in a function call",
            "use --scores as-is, or export the model with model.export",
        )
    one_output = prod(sizes) == 1
    if scores == "probability" and tail == "none":
        outputs = tf.sigmoid(outputs) if one_output else tf.nn.softmax(outputs)
    flat = tf.reshape(outputs, (-1, prod(sizes)))
    if scores == "logit" and before is not None:
        flat = tf.cast(tf.reshape(before, tf.shape(flat)), flat.dtype)
        flat = tf.ensure_shape(flat, (None, prod(sizes)))
        flat = tf.concat([-flat, flat], -1) if one_output else flat
    elif one_output and (tail == "sigmoid" or scores == "probability"):
        flat = tf.concat([1 - flat, flat], -1)
    return flat, tail, sizes if len(sizes) > 1 else ()


def _sizes(outputs: Any) -> tuple[int, ...]:
    shape = outputs.shape
    if not shape.rank or None in shape[1:].as_list():
        raise ModelError(
            f"the model's output has shape {shape}",
            "targets are counted over its elements, so their number must be known",
            "save the model with fixed input shapes",
        )
    return tuple(shape[1:].as_list())
