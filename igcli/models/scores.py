"""Scores: from a model's outputs to one number per class, inside the traced graph."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from igcli.common.errors import ConfigError, ModelError
from igcli.common.model_spec import Tail
from igcli.models.graph.batch_axis import WHITES, made_up
from igcli.models.graph.inlined import trace
from igcli.models.runtime import import_tensorflow

_PASSED_THROUGH = frozenset({"Identity", "Cast", "Reshape", "Squeeze", "StopGradient"})
_ADDS = frozenset("Add AddV2 AddN Mul RealDiv Mean Sum Pack ConcatV2 ExpandDims".split())
_ROWS = 4
_NEAR = 1e-4
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


def are_probabilities(tf: Any, function: Callable[[Any], Any], rows: Any) -> bool:
    """Tell whether outputs are probabilities although no softmax or sigmoid comes last.

    A mean of several models' softmaxes is one for each: whatever goes in, its outputs are between 0
    and 1 and add up to 1. Those of sigmoids do not, and are followed to where they come from.

    Parameters
    ----------
    function : callable
        A tensor → the outputs (n, …).
    rows : tf.TensorSpec
        Its input.
    """
    concrete = trace(tf, function, [rows])
    output = concrete.outputs[0]
    if find_tail(output)[0] != "none":
        return False
    try:
        tried = [made_up(tf, [rows], rows.shape[0] or _ROWS, white) for white in WHITES]
        found = np.concatenate([concrete(*tensors).numpy() for tensors in tried])
    except Exception:
        # Made-up inputs may suit no model.
        return False
    if not found.size or not (found.min() >= -_NEAR and found.max() <= 1.0 + _NEAR):
        return False
    sums = found.sum(axis=-1, dtype=np.float64)
    several = output.shape[-1] != 1
    return (several and bool(np.abs(sums - 1.0).max() < _NEAR)) or _averages_sigmoids(output.op)


def _averages_sigmoids(op: Any) -> bool:
    """Tell whether all that is added up in an operation comes from sigmoids."""
    waiting, sigmoids, seen = [op], 0, set()
    while waiting:
        op = waiting.pop()
        if op.name in seen:
            continue
        seen.add(op.name)
        if op.type == "Sigmoid":
            sigmoids += 1
        elif op.type in _PASSED_THROUGH | _ADDS:
            waiting += [tensor.op for tensor in op.inputs]
        elif op.type != "Const":
            return False
    return sigmoids > 0


def class_scores(
    outputs: Any, scores: str, probabilities: bool = False
) -> tuple[Any, Tail, tuple[int, ...]]:
    """Map outputs (n, …) to class scores (n, classes).

    One output that ends in a sigmoid stands for two classes: 1 − output, output (as logits: −z,
    z). `probability` applies a softmax to logits of several classes and a sigmoid to one, also at
    each of several places; outputs that end in a softmax or sigmoid are probabilities already.
    `logit` takes the values before that final operation.

    Parameters
    ----------
    outputs : Tensor
        A model's.
    scores : str
        One of `igcli.common.choices.SCORES`.
    probabilities : bool
        Whether they are known to be probabilities, whatever comes last.

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
    if scores == "logit" and probabilities:
        raise ConfigError(
            "--scores logit can't be used with this model",
            "its outputs are probabilities, and no softmax or sigmoid is its last operation: a "
            "mean of several, for one, has no logits",
            "use --scores as-is, or explain one of the models that are averaged",
        )
    one_output = prod(sizes) == 1
    if scores == "probability" and tail == "none" and not probabilities:
        outputs = tf.sigmoid(outputs) if sizes[-1:] in ((), (1,)) else tf.nn.softmax(outputs)
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
