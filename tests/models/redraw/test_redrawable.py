"""Weights redrawn from the top down, statistics measured, and everything put back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.choices import INITIAL, PERMUTED
from igcli.common.errors import ModelError
from igcli.common.model_settings import ModelSettings
from igcli.models.open import open_redrawable
from igcli.models.redraw.redrawable import Redrawable

X = np.linspace(-1.0, 3.0, 5 * 16, dtype=np.float32).reshape(5, 4, 4, 1)


def silent(message: str) -> None:
    """Hear nothing."""


def random_of(name: str) -> np.random.Generator:
    return np.random.default_rng(5 + len(name))


@pytest.fixture(scope="module")
def with_norm(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A 1 × 1 convolution, its BatchNorm, and a dense layer that began at zero; trained, say."""
    inputs = keras.Input((4, 4, 1))
    draws = keras.initializers.GlorotUniform(seed=3)
    x = keras.layers.Conv2D(3, 1, name="conv", kernel_initializer=draws)(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    model = keras.Model(inputs, keras.layers.Dense(2, name="top", kernel_initializer="zeros")(x))
    model.get_layer("norm").set_weights([np.array(v, np.float32) for v in NORM])
    model.get_layer("top").kernel.assign(np.arange(1.0, 7.0).reshape(3, 2))
    path = tmp_path_factory.mktemp("norm") / "norm.keras"
    model.save(path)
    model.export(path.with_suffix(""), verbose=False)
    return path


# Scale, shift, mean and variance of each channel.
NORM = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [0.1, 0.2, 0.3], [7.0, 8.0, 9.0])


@pytest.fixture(scope="module")
def of_keras(with_norm: Path) -> Redrawable:
    return open_redrawable(with_norm, ModelSettings(), silent)


def weights(redrawable: Redrawable, layer: str) -> dict[str, Array]:
    """Return a layer's weights as they are now, those of its norms too."""
    held = redrawable._layers[layer]
    every = [*held.weights, *(w for n in held.norms for w in (*n.weights, *n.statistics))]
    return {weight.name: weight.variable.numpy() for weight in every}


def test_layers_are_named_from_the_top_and_a_norm_goes_with_its_layer(of_keras: Redrawable) -> None:
    assert of_keras.names == ("top", "conv")
    assert set(weights(of_keras, "conv")) == {
        "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"
    }  # fmt: skip


def test_statistics_are_those_of_the_redrawn_convolution(of_keras: Redrawable) -> None:
    before = weights(of_keras, "conv")
    with of_keras.redrawn({"conv"}, INITIAL, X, random_of) as made:
        found = weights(of_keras, "conv")
    kernel = found["kernel"].ravel()
    assert dict(made) == {"drawn": 1, "constant": 3, "measured": 2}
    # Glorot's limit for 1 in, 3 out, and not what the file's own seed draws.
    assert (np.abs(kernel) <= np.sqrt(6 / 4)).all() and (kernel != before["kernel"].ravel()).all()
    np.testing.assert_allclose(found["moving_mean"], X.mean() * kernel, rtol=1e-5)
    np.testing.assert_allclose(found["moving_variance"], X.var() * kernel**2, rtol=1e-4)
    np.testing.assert_array_equal(found["gamma"], [1.0, 1.0, 1.0])
    for name, values in weights(of_keras, "conv").items():
        np.testing.assert_array_equal(values, before[name])


def test_the_model_has_the_redrawn_weights_and_later_the_learned_ones(of_keras: Redrawable) -> None:
    learned = of_keras.model(silent).scores(X)
    with of_keras.redrawn({"top"}, INITIAL, X, random_of) as made:
        redrawn = of_keras.model(silent)
    # An initialiser of zeros would leave no model: the kernel is permuted.
    assert dict(made) == {"permuted": 1, "constant": 1}
    assert not np.allclose(redrawn.scores(X), learned)
    np.testing.assert_array_equal(of_keras.model(silent).scores(X), learned)


def test_permuted_tensors_keep_their_values(of_keras: Redrawable) -> None:
    with of_keras.redrawn({"top"}, PERMUTED, X, random_of):
        kernel = weights(of_keras, "top")["kernel"]
    assert sorted(kernel.ravel()) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert (kernel != np.arange(1.0, 7.0).reshape(3, 2)).any()


def test_a_saved_model_has_its_norms_channels_permuted_together(with_norm: Path) -> None:
    redrawable = open_redrawable(with_norm.with_suffix(""), ModelSettings(), silent)
    # Behind the model's name, where Keras gives it.
    assert [name.rpartition("/")[2] for name in redrawable.names] == ["top", "conv"]
    with redrawable.redrawn(redrawable.names, INITIAL, X, random_of) as made:
        found = weights(redrawable, redrawable.names[1])
    assert dict(made) == {"permuted": 8}
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    channels = sorted(zip(*(found[name] for name in names), strict=True))
    np.testing.assert_allclose(channels, sorted(zip(*NORM, strict=True)), rtol=1e-6)


def test_a_model_of_constants_is_refused(keras: Any, tmp_path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.__call__ = tf.function(
        lambda x: tf.matmul(x, tf.ones((3, 2))), [tf.TensorSpec((None, 3), tf.float32)]
    )
    tf.saved_model.save(module, tmp_path / "frozen")
    with pytest.raises(ModelError, match="frozen has no weights that can be redrawn"):
        open_redrawable(tmp_path / "frozen", ModelSettings(), silent)
