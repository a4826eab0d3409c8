"""Custom gradients: a model's own derivatives are the ones that its maps are made of."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from tests.system.tape_maps import SIZE, Igcli, Network, arrays, image, module, pixels, written

X = pixels() / np.float32(255)
NODES = 17
METHOD = ("--method", "riemann_trapezoid", "--steps", str(NODES), "--no-overlays")

OWN = """
import keras, tensorflow as tf

@tf.custom_gradient
def eighths(x):
    return tf.round(x * 8.0) / 8.0, lambda d: d

@tf.custom_gradient
def softly(x):
    e = tf.exp(x)
    return tf.math.log(1.0 + e), lambda d: 0.5 * d * (1.0 - 1.0 / (1.0 + e))

@keras.saving.register_keras_serializable("own")
class Eighths(keras.layers.Layer):
    def call(self, x):
        return eighths(x)

@keras.saving.register_keras_serializable("own")
class Softly(keras.layers.Layer):
    def call(self, x):
        return softly(x)
"""


def trapezoid(function: Any, x: Array) -> Array:
    """Maps of the first score, from black, by a plain sum over a tape."""
    import tensorflow as tf

    weights = np.full(NODES, 1 / (NODES - 1))
    weights[[0, -1]] /= 2
    total = np.zeros(x.shape)
    for alpha, weight in zip(np.linspace(0, 1, NODES), weights, strict=True):
        point = tf.constant(np.float32(alpha * x))
        with tf.GradientTape() as tape:
            tape.watch(point)
            score = function(point)[:, 0]
        total += weight * np.float64(tape.gradient(score, point))
    return x * total


def explained(igcli: Igcli, model: Path, inputs: Path, *options: Any) -> tuple[Array, str]:
    out = model.parent / "out"
    result = igcli("run", model, inputs, "-o", out, "--target", "0", *METHOD, *options)
    assert result.exit_code == 0, result.output
    return written(out)[0], result.stderr


def assert_maps(found: Array, wanted: Array) -> None:
    assert np.abs(wanted).max() > 1e-3
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": "own"}
    exec(OWN, scope)  # noqa: S102 - the same layers, to make the models with
    return scope


def pictures(keras: Any, *between: Any) -> Any:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    first = [keras.Input((SIZE, SIZE, 3)), layers.Conv2D(4, 3, kernel_initializer="he_normal")]
    return keras.Sequential(
        [*first, *between, layers.Activation("softplus"), layers.Flatten(), layers.Dense(3)]
    )


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["Eighths", "Softly"])
@pytest.mark.parametrize("saved", ["keras", pytest.param("export", marks=pytest.mark.slow)])
def test_layers_with_gradients_of_their_own(
    keras: Any, igcli: Igcli, own: dict[str, Any], tmp_path: Path, layer: str, saved: str
) -> None:
    """The one rounds, and has no gradient but its own; the other keeps an exponential for it."""
    model = pictures(keras, own[layer](name="own"))
    (tmp_path / "own.py").write_text(OWN)
    path = tmp_path / ("m.keras" if saved == "keras" else "m")
    options = ("--custom-objects", tmp_path / "own.py") if saved == "keras" else ()
    model.save(path) if saved == "keras" else model.export(path, verbose=False)
    found, said = explained(igcli, path, arrays(tmp_path), *options)
    assert_maps(found, trapezoid(lambda x: model(x, training=False), X))
    assert "/IdentityN is taken: where it is not the derivative" in said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
def test_a_model_in_int8(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    model = pictures(keras)
    model.quantize("int8")
    model.save(tmp_path / "m.keras")
    found, _ = explained(igcli, tmp_path / "m.keras", arrays(tmp_path))
    assert_maps(found, trapezoid(lambda x: model(x, training=False), X))


@pytest.mark.slow
def test_gradients_that_the_file_lacks(
    igcli: Igcli, own: dict[str, Any], keras: Any, tmp_path: Path
) -> None:
    """Those of the operations are taken, which is told as a doubt."""
    import tensorflow as tf

    network = Network()

    def halved(image: Any) -> Any:
        return network(own["softly"](image))

    signature = tf.function(halved, input_signature=[image()])
    tf.saved_model.save(
        module(network.variables, f=signature),
        str(tmp_path / "m"),
        signatures=signature,
        options=tf.saved_model.SaveOptions(experimental_custom_gradients=False),
    )
    # A name that this process does not know, as that of any other.
    graph = tmp_path / "m" / "saved_model.pb"
    named = re.compile(rb"CustomGradient-\d+")
    graph.write_bytes(named.sub(lambda m: m[0].replace(b"Custom", b"Unsave"), graph.read_bytes()))
    found, said = explained(igcli, tmp_path / "m", arrays(tmp_path))
    assert_maps(found, trapezoid(lambda x: network(tf.math.softplus(x)), X))
    assert "the custom gradient of IdentityN is not in the file" in said
    assert "export it again, with its custom gradients" in said


@pytest.mark.slow
def test_gradients_of_a_model_that_writes(
    igcli: Igcli, own: dict[str, Any], keras: Any, tmp_path: Path
) -> None:
    import tensorflow as tf

    network = Network()
    calls = tf.Variable(0.0)

    def counted(image: Any) -> Any:
        calls.assign_add(1.0)
        return network(own["eighths"](image))

    signature = tf.function(counted, input_signature=[image()])
    whole = module([*network.variables, calls], f=signature)
    tf.saved_model.save(whole, str(tmp_path / "m"), signatures=signature)
    found, _ = explained(igcli, tmp_path / "m", arrays(tmp_path))
    assert_maps(found, trapezoid(lambda x: network(own["eighths"](x)), X))


@pytest.mark.slow
def test_swish_costs_nothing(keras: Any, tmp_path: Path) -> None:
    """TensorFlow writes its derivative by hand, to save memory: it is left to the operations."""
    import tensorflow as tf

    from igcli.common.model_settings import ModelSettings
    from igcli.models.graph.freeze import freeze
    from igcli.models.loaders.keras_file import load_keras
    from igcli.models.open import open_model
    from igcli.models.selection.select import select
    from tests.models.tapes import assert_like_a_tape

    model = pictures(keras, keras.layers.Activation("silu"))
    model.save(tmp_path / "m.keras")
    path, settings = tmp_path / "m.keras", ModelSettings()
    loaded = select(tf, path, load_keras(path, settings, pytest.fail), settings)
    frozen = freeze(tf, loaded, settings, pytest.fail).function
    rows = tf.TensorSpec((None, SIZE, SIZE, 3))
    graph = tf.function(frozen, autograph=False).get_concrete_function(rows).graph
    assert "IdentityN" not in {operation.type for operation in graph.get_operations()}
    opened = open_model(path, settings, pytest.fail)
    assert_like_a_tape(opened, lambda x: model(x, training=False), X, 0)
