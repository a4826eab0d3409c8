"""dense_scores: an output of one score per place, recognised, and a class's means over zones."""

from typing import Any

from igcli.common.dense import Dense, dense_of
from igcli.common.model_spec import Tail
from igcli.common.shapes import is_image_shape
from igcli.models.loaders.network import Loaded


def as_dense(loaded: Loaded, output: tuple[int, ...], tail: Tail, scores: str) -> Dense | None:
    """Return what an output of this shape is that has scores at each place of an input picture.

    None for any other; `scores` is one of `choices.SCORES`.
    """
    is_probability = tail in ("softmax", "sigmoid") or loaded.probabilities
    two = "probability" if tail == "sigmoid" or scores == "probability" else ""
    if scores == "logit" and tail == "sigmoid":
        two = "logit"
    shapes = [spec.shape for spec in loaded.inputs or (loaded.source or loaded.input,)]
    picture = next((shape for shape in shapes if is_image_shape(shape)), ())
    return dense_of(picture, output, is_probability, two)


def has_places(picture: tuple[int | None, ...], output: tuple[int | None, ...], tail: Tail) -> bool:
    """Tell whether an output has scores at each place of a picture, whose size may be open."""
    if len(output) == 3 and None in output[:2] and None in picture[:2]:
        # Its places follow the picture.
        return output[2] is not None
    known = tuple(side for side in output if side is not None)
    is_probability = tail in ("softmax", "sigmoid")
    return len(known) == len(output) and dense_of(picture, known, is_probability, "") is not None


def mean_scores(tf: Any, dense: Dense, scores: Any, target: Any, zones: Any) -> Any:
    """Return each row's mean score of its class over its zone.

    Parameters
    ----------
    scores : Tensor
        (rows, places × channels).
    target : Tensor
        int32 (rows,): the classes.
    zones : Tensor
        (rows, places): weights that add up to 1.
    """
    by_place = tf.reshape(scores, (-1, dense.places, dense.channels))
    channel = tf.zeros_like(target) if dense.two else target
    own = tf.gather(by_place, channel, axis=2, batch_dims=1)
    mean = tf.reduce_sum(own * tf.cast(zones, own.dtype), 1)
    if not dense.two:
        return mean
    # Weights add up to 1: so do the means of the two classes' probabilities.
    return tf.where(target == 1, mean, -mean if dense.two == "logit" else 1 - mean)
