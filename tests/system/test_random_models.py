"""Random models: what draws other numbers at each call has no map, and is refused by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.system.tape_maps import (
    SIZE,
    Igcli,
    Network,
    arrays,
    assert_map,
    image,
    module,
    pixels,
    refusal,
    save_signature,
)

X = pixels() / np.float32(255)

NUMPY = """
import keras, numpy as np

class Noise(keras.layers.Layer):
    def call(self, x):
        return x * np.random.default_rng().normal(1.0, 0.2, x.shape[1:]).astype("float32")
"""

ALWAYS = """
import keras

class AlwaysDropout(keras.layers.Dropout):
    def call(self, x, training=None):
        return super().call(x, training=True)
"""


@pytest.fixture(scope="module")
def network(keras: Any) -> Network:
    return Network()


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    return arrays(tmp_path)


def pictures(keras: Any, *before: Any, after: Any = ()) -> Any:
    """Return a small model of Keras with some layers first, and some behind its convolution."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    conv = layers.Conv2D(4, 3, activation="softplus", kernel_initializer="he_normal")
    pool = layers.GlobalAveragePooling2D()
    first = keras.Input((SIZE, SIZE, 3))
    return keras.Sequential([first, *before, conv, *after, pool, layers.Dense(3)])


@pytest.mark.slow
def test_augmentation_of_an_export(keras: Any, igcli: Igcli, inputs: Path, tmp_path: Path) -> None:
    turn = keras.layers.RandomRotation(0.2, name="turn")
    model = pictures(keras, turn)
    model.export(tmp_path / "m", verbose=False)
    said = refusal(igcli, tmp_path / "m", inputs)
    assert "is random: the same input's score is" in said
    assert "turn" in said and "(StatelessRandomUniformV2)" in said
    assert "save it for inference, without dropout, noise and augmentation" in said


@pytest.mark.slow
def test_augmentation_in_a_file_of_keras(
    keras: Any, igcli: Igcli, inputs: Path, tmp_path: Path
) -> None:
    """It is called for inference, where nothing turns."""
    model = pictures(keras, keras.layers.RandomRotation(0.2, name="turn"))
    model.save(tmp_path / "m.keras")
    assert_map(
        igcli, tmp_path / "m.keras", inputs, function=lambda x: model(x, training=False), x=X
    )


@pytest.mark.slow
def test_dropout_of_tf_nn(igcli: Igcli, network: Network, inputs: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    model = save_signature(
        tmp_path / "m", network, lambda image: network(tf.nn.dropout(image, 0.3))
    )
    said = refusal(igcli, model, inputs)
    assert "numbers are drawn by dropout/random_uniform (RandomUniform)" in said


@pytest.mark.slow
def test_dropout_in_a_loop_over_rows(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    def row(one: Any) -> Any:
        return network(tf.nn.dropout(one, 0.3)[None])[0]

    model = save_signature(tmp_path / "m", network, lambda image: tf.map_fn(row, image))
    assert "map/while/dropout/random_uniform (RandomUniform)" in refusal(igcli, model, inputs)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [pytest.param(1.0, marks=pytest.mark.slow), 60.0])
def test_a_layer_that_always_drops(
    keras: Any, igcli: Igcli, inputs: Path, tmp_path: Path, factor: float
) -> None:
    """Scores of a saturated softmax hardly differ, gradients do."""
    own = tmp_path / "own.py"
    own.write_text(ALWAYS)
    scope: dict[str, Any] = {"__name__": "own"}
    exec(ALWAYS, scope)  # noqa: S102 - the same layer, to make the model with
    layers = keras.layers
    always = scope["AlwaysDropout"](0.5, name="always")
    ends = (layers.Rescaling(factor), layers.Activation("softmax"))
    whole = keras.Sequential([*pictures(keras, after=(always,)).layers, *ends])
    whole.build((None, SIZE, SIZE, 3))
    whole.save(tmp_path / "m.keras")
    said = refusal(igcli, tmp_path / "m.keras", inputs, "--custom-objects", own)
    assert "is random: the same input's" in said and "/always" in said


def test_a_layer_that_draws_with_numpy(
    keras: Any, igcli: Igcli, inputs: Path, tmp_path: Path
) -> None:
    """The numbers are a constant of each trace: no graph shows that they are drawn."""
    own = tmp_path / "own.py"
    own.write_text(NUMPY)
    scope: dict[str, Any] = {"__name__": "own"}
    exec(NUMPY, scope)  # noqa: S102 - the same layer, to make the model with
    pictures(keras, scope["Noise"]()).save(tmp_path / "m.keras")
    said = refusal(igcli, tmp_path / "m.keras", inputs, "--custom-objects", own)
    assert "is random: the same input's score is" in said
    assert "a layer draws numbers with numpy or Python when it is traced" in said


@pytest.mark.slow
def test_numbers_of_a_constant_seed(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    def noisy(image: Any) -> Any:
        return network(image + 0.2 * tf.random.stateless_normal([SIZE, SIZE, 3], [1, 2]))

    model = save_signature(tmp_path / "m", network, noisy)
    said = assert_map(igcli, model, inputs, function=noisy, x=X)
    assert "random" not in said


@pytest.mark.slow
def test_a_random_signature_beside_a_call_that_is_not(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    @tf.function  # type: ignore[untyped-decorator]
    def call(image: Any, training: bool = False) -> Any:
        return network(tf.nn.dropout(image, 0.3) if training else image)

    for training in (True, False):
        call.get_concrete_function(image(), training)
    trained = tf.function(lambda image: call(image, training=True), [image()])
    whole = module(network.variables, __call__=call, f=trained)
    tf.saved_model.save(whole, str(tmp_path / "m"), signatures=trained)
    said = assert_map(igcli, tmp_path / "m", inputs, function=network, x=X)
    assert "signature serving_default draws random numbers" in said
    assert "function __call__ (training=False) is explained instead" in said


@pytest.mark.slow
def test_scores_that_depend_on_the_batch(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    model = save_signature(tmp_path / "m", network, lambda image: network(image, training=True))
    said = refusal(igcli, model, inputs)
    assert "an input's score depends on the others in its batch" in said
    assert "call" in said and "training=False" in said
