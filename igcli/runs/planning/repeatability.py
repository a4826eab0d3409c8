"""Repeatability: whether a model gives an input the same score again, alone or beside others.

One that draws random numbers gives another each time, and one in training mode normalises a row by
the others of its batch. No integral of such a model means anything.
"""

from collections.abc import Sequence

import numpy as np

from igcli.attribution.batches import Batches, Batching
from igcli.attribution.gradient_model import GradientModel, PathRows, RowValues
from igcli.attribution.methods import Method
from igcli.common.arrays import Array
from igcli.common.distance import scale_of_scores
from igcli.common.errors import ModelError
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.inputs.baselines.recipes import Baseline
from igcli.inputs.readers.source import Source
from igcli.runs.planning.first_paths import FirstPaths, first_paths

_COMPARED = 4
# Where something draws, luck may hide it on a few inputs.
_COMPARED_IF_IT_DRAWS = 16
_CALLS_IF_IT_DRAWS = 4
_SHOWN = 3
# What two equal calls may differ by: sums in another order, on a GPU.
_SAME = 1e-4
_SAME_IF_IT_DRAWS = 1e-5
# What calls on other batches may differ by.
_NEAR = {"float32": 1e-3, "tf32": 1e-2, "bfloat16": 5e-2}
_ALPHA = 0.5


def check_repeatable(
    model: GradientModel,
    method: Method,
    batching: Batching,
    source: Source,
    names: Sequence[InputName],
    baseline: Baseline,
) -> None:
    """Ask for the first inputs twice, and again in other company; a few rows in all.

    Raises
    ------
    ModelError
        When the answers differ beyond rounding: what draws or mixes is named, where it is known.
    """
    draws = bool(model.spec.draws)
    count = _COMPARED_IF_IT_DRAWS if draws else _COMPARED
    paths = first_paths(model, source, names, baseline, max(1, min(count, batching.size // 2)))
    if paths is None:
        return
    batches = Batches(model, batching)
    # Every input has the one before and its own baseline for company.
    mixed = np.stack([paths.ends, paths.starts], axis=1).reshape(-1, *paths.ends.shape[1:])
    first, rows = model.scores(mixed), _rows(model, paths)
    values = method.evaluate(batches, rows)
    for _ in range(_CALLS_IF_IT_DRAWS if draws else 1):
        mixed[::2] = model.enter(paths.x)
        _check_same(model, first[::2], model.scores(mixed)[::2])
        _check_gradients(model, values, method.evaluate(batches, rows))
    _check_alone(model, first[::2], model.scores(paths.ends[::-1].copy())[::-1])
    # A single input is the first of its batch, whatever its company, unless that comes first.
    _check_alone(model, first[::2], model.scores(mixed[::-1].copy())[::-1][::2])


def _rows(model: GradientModel, paths: FirstPaths) -> PathRows:
    count = len(paths.ends)
    slots = np.arange(count, dtype=np.int32)
    return paths.rows(slots, np.full(count, _ALPHA), model.spec.dense)


def _check_same(model: GradientModel, one: Array, other: Array) -> None:
    where = _differs(one, other, _same(model))
    if where is not None:
        a, b = one[where], other[where]
        raise _random(model, f"the same input's score is {a:.6g}, then {b:.6g}")


def _check_gradients(model: GradientModel, one: RowValues, other: RowValues) -> None:
    _check_same(model, one.scores, other.scores)
    # A saturated score may hide what its gradient shows.
    where = _differs(one.norms, other.norms, _same(model))
    if where is not None:
        a, b = one.norms[where], other.norms[where]
        raise _random(model, f"the same input's gradient is of size {a:.3g}, then {b:.3g}")


def _check_alone(model: GradientModel, one: Array, other: Array) -> None:
    spec = model.spec
    where = _differs(one, other, _NEAR[spec.precision])
    if where is None:
        return
    cause = "it runs in training mode, or was made to compare its inputs"
    if spec.of_batch:
        cause = f"{the_first(spec.of_batch, _SHOWN)} takes the batch's mean and variance"
    raise ModelError(
        f"{spec.path}: an input's score depends on the others in its batch: {one[where]:.6g} "
        f"beside some, {other[where]:.6g} beside others",
        cause,
        "save it for inference: export a function that calls model(x, training=False)",
    )


def _same(model: GradientModel) -> float:
    return _SAME_IF_IT_DRAWS if model.spec.draws else _SAME


def _random(model: GradientModel, told: str) -> ModelError:
    spec = model.spec
    cause = "what draws the numbers is not seen in its graph"
    if spec.draws:
        cause = f"numbers are drawn by {the_first(spec.draws, _SHOWN)}"
    return ModelError(
        f"{spec.path} is random: {told}",
        cause,
        "save it for inference, without dropout, noise and augmentation (model.save, or export a "
        "function that calls model(x, training=False))",
    )


def _differs(one: Array, other: Array, share: float) -> tuple[int, ...] | None:
    """Return where two arrays differ the most, if by more than a share of their scale there."""
    finite = np.isfinite(one) & np.isfinite(other)
    if not finite.any():
        return None
    difference = np.abs(np.where(finite, one - other, 0.0))
    excess = difference - share * _scale(np.where(finite, one, 0.0))
    if excess.max() <= 0.0:
        return None
    return tuple(int(i) for i in np.unravel_index(int(excess.argmax()), excess.shape))


def _scale(values: Array) -> Array | float:
    return scale_of_scores(values) if values.ndim == 2 else float(np.abs(values).max())
