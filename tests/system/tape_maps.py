"""Tape maps: small models of TensorFlow alone, and Integrated Gradients of them by a plain sum.

The sum is Gauss-Legendre over `tf.GradientTape`, in floats of 64 bits; nothing of it is igcli's.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from click.testing import Result

from igcli.common.arrays import Array

Igcli = Callable[..., Result]

SIZE = 8
_NODES = 48
_METHOD = ("--method", "gausslegendre", "--steps", "32", "--no-overlays")


def pixels(count: int = 3) -> Array:
    """Return random pictures of bytes: squares of one colour with some noise on them."""
    random = np.random.default_rng(0)
    squares = np.kron(random.random((count, 4, 4, 3)), np.ones((1, SIZE // 4, SIZE // 4, 1)))
    return (255 * (0.8 * squares + 0.1 * random.random(squares.shape))).astype(np.uint8)


def arrays(folder: Path) -> Path:
    """Write the pictures as floats of 0 to 1 into a file."""
    np.save(folder / "x.npy", pixels() / np.float32(255))
    return folder / "x.npy"


class Network:
    """A convolution, a normalisation and three scores, of variables of its own."""

    def __init__(self) -> None:
        import tensorflow as tf

        random = np.random.default_rng(1)
        self.kernel = tf.Variable(random.normal(0, 0.3, (3, 3, 3, 4)).astype("float32"))
        self.weight = tf.Variable(random.normal(0, 0.8, (4, 3)).astype("float32"))
        self.mean = tf.Variable(np.full(4, 0.1, "float32"), trainable=False)
        self.variance = tf.Variable(np.full(4, 2.0, "float32"), trainable=False)
        self.variables = [self.kernel, self.weight, self.mean, self.variance]

    def __call__(self, x: Any, training: bool = False, momentum: Any = None) -> Any:
        """Return the scores; training takes the batch's moments, a momentum writes them."""
        import tensorflow as tf

        x = tf.nn.conv2d(x, self.kernel, 2, "SAME")
        mean, variance = tf.nn.moments(x, [0, 1, 2]) if training else (self.mean, self.variance)
        if training and momentum is not None:
            self.mean.assign(momentum * self.mean + (1 - momentum) * mean)
            self.variance.assign(momentum * self.variance + (1 - momentum) * variance)
        x = (x - mean) / tf.sqrt(variance + 1e-3)
        return tf.reduce_mean(tf.nn.softplus(x), [1, 2]) @ self.weight


def module(variables: Any, **members: Any) -> Any:
    """Return a module with these members, to be saved."""
    import tensorflow as tf

    made = tf.Module()
    made.kept = variables
    for name, member in members.items():
        setattr(made, name, member)
    return made


def image(shape: tuple[int | None, ...] = (None, SIZE, SIZE, 3), dtype: str = "float32") -> Any:
    import tensorflow as tf

    return tf.TensorSpec(shape, dtype, "image")


def save_signature(path: Path, network: Any, function: Any, spec: Any = None, **more: Any) -> Path:
    """Save a function of one image as the default signature, with other signatures beside it."""
    import tensorflow as tf

    spec = image() if spec is None else spec
    signatures = {
        name: tf.function(each, input_signature=[spec])
        for name, each in {"serving_default": function, **more}.items()
    }
    tf.saved_model.save(module(network.variables, **signatures), str(path), signatures=signatures)
    return path


def integrated(function: Any, x: Array, baseline: float = 0.0) -> tuple[Array, Array]:
    """Return the maps of the first score between a constant baseline and x, and the scores."""
    import tensorflow as tf

    points, weights = np.polynomial.legendre.leggauss(_NODES)
    wide = np.float64(x)
    difference = wide - baseline
    total = np.zeros_like(wide)
    for alpha, weight in zip((points + 1) / 2, weights / 2, strict=True):
        point = tf.constant(np.float32(baseline + alpha * difference))
        with tf.GradientTape() as tape:
            tape.watch(point)
            score = function(point)[:, 0]
        total += weight * np.float64(tape.gradient(score, point))
    return difference * total, np.asarray(function(tf.constant(np.float32(x))))[:, 0]


def written(out: Path) -> tuple[Array, Array]:
    """Return the maps and scores of a run directory."""
    with h5py.File(out / "attributions.h5") as file:
        maps = file["attributions"][()]
    with (out / "results.csv").open(newline="") as stream:
        scores = [float(row["score"]) for row in csv.DictReader(stream)]
    return maps, np.array(scores)


def explain(igcli: Igcli, model: Path, inputs: Path, *options: Any) -> Result:
    """Run a model on inputs, class 0; the run lies beside the model."""
    out = model.parent / f"out-{model.name}"
    where = ("-o", out, "--overwrite", "--target", "0")
    return igcli("run", model, inputs, *where, *_METHOD, *options)


def explained(igcli: Igcli, model: Path, inputs: Path, *options: Any) -> tuple[Array, Array, str]:
    """Return the maps, the scores and what the run said."""
    result = explain(igcli, model, inputs, *options)
    assert result.exit_code == 0, result.output
    return *written(model.parent / f"out-{model.name}"), result.stderr


def assert_map(
    igcli: Igcli,
    model: Path,
    inputs: Path,
    *options: Any,
    function: Any,
    x: Array,
    baseline: float = 0.0,
) -> str:
    """Compare a run with the plain sum; return what the run said."""
    maps, scores, said = explained(igcli, model, inputs, *options)
    wanted, wanted_scores = integrated(function, x, baseline)
    assert np.abs(wanted).max() > 1e-3
    np.testing.assert_allclose(scores, wanted_scores, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        maps.reshape(wanted.shape), wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max()
    )
    return said


def refusal(igcli: Igcli, model: Path, inputs: Path, *options: Any) -> str:
    """Return what a refused run said: a problem and its fix, without a traceback."""
    result = explain(igcli, model, inputs, *options)
    assert result.exit_code == 2, result.output
    assert "internal" not in result.stderr and "to fix this: " in result.stderr
    return result.stderr
