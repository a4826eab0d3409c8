"""Plain tapes over Keras models: the scores and gradients that a loaded model must give."""

from typing import Any

import numpy as np

from igcli.attribution.gradient_model import GradientModel, PathRows
from igcli.common.arrays import Array

ALPHAS = (0.25, 0.5, 0.75, 1.0)


def filled(model: Any, seed: int = 1) -> Any:
    """Give a model weights that matter: no zeros, no biases of nothing."""
    random = np.random.default_rng(seed)
    for variable in model.variables:
        if "seed" not in variable.path and variable.dtype.startswith("float"):
            low = 0.5 if "variance" in variable.path else -0.5
            variable.assign(random.uniform(low, low + 1.0, variable.shape))
    return model


def path_rows(x: Array, baseline: Array, target: int) -> PathRows:
    """Four rows to each input."""
    count = len(x) * len(ALPHAS)
    return PathRows(
        x=x,
        baseline=baseline,
        slot=np.repeat(np.arange(len(x), dtype=np.int32), len(ALPHAS)),
        alpha=np.tile(ALPHAS, len(x)),
        target=np.full(count, target, np.int32),
    )


def products(model: GradientModel, rows: PathRows) -> Array:
    """What the model itself gives, row by row."""
    return np.stack([np.asarray(row) for row in model.row_products(rows).gradients])


def tape_products(function: Any, rows: PathRows) -> Array:
    """Gradient × (input − baseline) at each row, from a tape, one row at a time."""
    import tensorflow as tf

    found = []
    for slot, alpha, target in zip(rows.slot, rows.alpha, rows.target, strict=True):
        difference = rows.x[slot] - rows.baseline[slot]
        point = tf.constant((rows.baseline[slot] + np.float32(alpha) * difference)[None])
        with tf.GradientTape() as tape:
            tape.watch(point)
            score = tf.reshape(function(point), (-1,))[target]
        found.append(tape.gradient(score, point).numpy()[0] * difference)
    return np.stack(found)


def assert_like_a_tape(model: GradientModel, function: Any, x: Array, target: int) -> None:
    """Compare scores and gradients with those of a function of one input."""
    import tensorflow as tf

    scores = np.concatenate([np.reshape(function(tf.constant(row[None])), (1, -1)) for row in x])
    np.testing.assert_allclose(model.scores(x)[:, target], scores[:, target], rtol=1e-4, atol=1e-5)
    rows = path_rows(x, np.zeros_like(x), target)
    wanted = tape_products(function, rows)
    assert np.abs(wanted).max() > 0.0
    np.testing.assert_allclose(
        products(model, rows), wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max()
    )
