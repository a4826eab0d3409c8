"""SavedModels as they are exported: which function is explained, with what, and what is refused."""

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


@pytest.fixture(scope="module")
def network(keras: Any) -> Network:
    return Network()


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    return arrays(tmp_path)


def save_traces(path: Path, network: Network, *traces: bool) -> Path:
    """Save a module traced so often, each with or without training, with a scalar each."""
    import tensorflow as tf

    @tf.function  # type: ignore[untyped-decorator]
    def call(
        image: Any, training: bool = False, momentum: Any = 0.9, temperature: Any = 2.0
    ) -> Any:
        return network(image, training, momentum) / temperature

    for training in traces:
        scalar = tf.TensorSpec((), "float32")
        call.get_concrete_function(image(), training, scalar, scalar)
    tf.saved_model.save(module(network.variables, __call__=call), str(path))
    return path


@pytest.mark.slow
def test_the_trace_for_inference_and_defaults_of_scalars(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    model = save_traces(tmp_path / "m", network, True, False)
    assert_map(igcli, model, inputs, function=lambda x: network(x) / 2.0, x=X)
    warmer = ("--input-value", "temperature=0.5")
    assert_map(igcli, model, inputs, *warmer, function=lambda x: network(x) / 0.5, x=X)


def test_only_a_trace_for_training(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    said = refusal(igcli, save_traces(tmp_path / "m", network, True), inputs)
    assert "__call__ (training=True) is traced for training: it writes variables" in said
    assert "export it with a trace for training=False too" in said


@pytest.mark.slow
def test_a_scalar_without_default(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    specs = [image(), tf.TensorSpec((), "float32", "temperature")]
    divided = tf.function(lambda image, temperature: network(image) / temperature, specs)
    model = tmp_path / "m"
    tf.saved_model.save(module(network.variables, f=divided), str(model), signatures=divided)
    said = refusal(igcli, model, inputs)
    assert "input 'temperature' of signature serving_default takes one value" in said
    assert "--input-value temperature=1" in said
    assert "did you mean 'temperature'" in refusal(
        igcli, model, inputs, "--input-value", "temprature=4"
    )
    value = ("--input-value", "temperature=4")
    assert_map(igcli, model, inputs, *value, function=lambda x: network(x) / 4.0, x=X)


@pytest.mark.slow
def test_a_value_for_an_input_of_keras(
    keras: Any, igcli: Igcli, inputs: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    picture = keras.Input((SIZE, SIZE, 3), name="picture")
    warmth = keras.Input((1,), name="temperature")
    x = keras.layers.Conv2D(4, 3, activation="softplus")(picture)
    x = keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x))
    whole = keras.Model([picture, warmth], x / warmth)
    whole.save(tmp_path / "m.keras")
    assert_map(
        igcli,
        tmp_path / "m.keras",
        inputs,
        "--input-value",
        "temperature=0.5",
        function=lambda x: whole([x, tf.fill((len(x), 1), 0.5)], training=False),
        x=X,
    )


@pytest.mark.slow
def test_the_named_signature_is_explained(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    model = save_signature(
        tmp_path / "m", network, network, sharp=lambda image: 3.0 * network(image) ** 2
    )
    assert_map(igcli, model, inputs, function=network, x=X)
    sharp = ("--signature", "sharp")
    assert_map(igcli, model, inputs, *sharp, function=lambda x: 3.0 * network(x) ** 2, x=X)
    said = refusal(igcli, model, inputs, "--signature", "shrap")
    assert "--signature shrap" in said and "did you mean 'sharp'?" in said


@pytest.mark.slow
def test_a_default_of_jpeg_bytes_offers_the_one_of_arrays(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    def decoded(one: Any) -> Any:
        return tf.ensure_shape(tf.io.decode_jpeg(one, 3), (SIZE, SIZE, 3))

    def of_bytes(image_bytes: Any) -> Any:
        images = tf.map_fn(decoded, image_bytes, fn_output_signature=tf.uint8)
        return network(tf.cast(images, tf.float32) / 255.0)

    strings = tf.function(of_bytes, [tf.TensorSpec((None,), tf.string, "image_bytes")])
    numbers = tf.function(network, [image()])
    signatures = {"serving_default": strings, "serving_array": numbers}
    whole = module(network.variables, a=strings, b=numbers)
    tf.saved_model.save(whole, str(tmp_path / "m"), signatures=signatures)
    said = refusal(igcli, tmp_path / "m", inputs)
    assert "input 'image_bytes' of signature serving_default takes strings" in said
    assert "--signature serving_array takes and gives numbers" in said
    assert_map(igcli, tmp_path / "m", inputs, "--signature", "serving_array", function=network, x=X)


@pytest.mark.slow
def test_class_ids_are_never_explained(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    def several(image: Any) -> Any:
        scores = network(image)
        best = tf.argmax(scores, -1)
        return {"classes": best, "names": tf.as_string(best), "scores": tf.nn.softmax(scores)}

    model = save_signature(tmp_path / "m", network, several)
    said = assert_map(igcli, model, inputs, function=lambda x: tf.nn.softmax(network(x)), x=X)
    assert "output 'scores' is explained: classes, names have no gradient" in said

    def ids(image: Any) -> Any:
        return {"classes": tf.argmax(network(image), -1)}

    only = save_signature(tmp_path / "n", network, ids, scores=network)
    said = refusal(igcli, only, inputs)
    assert "gives classes (int64): what is no float has no gradient" in said
    assert "--signature scores takes and gives numbers" in said


@pytest.mark.slow
def test_writes_are_left_out(igcli: Igcli, network: Network, inputs: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    calls = tf.Variable(0.0)

    def counting(image: Any) -> Any:
        calls.assign_add(1.0)
        return network(image)

    whole = module([*network.variables, calls], __call__=tf.function(counting, [image()]))
    tf.saved_model.save(whole, str(tmp_path / "m"))
    said = assert_map(igcli, tmp_path / "m", inputs, function=network, x=X)
    assert "it writes Variable:0 at each call: left out" in said


def test_scores_that_grow_with_each_call(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    calls = tf.Variable(0.0)

    def growing(image: Any) -> Any:
        calls.assign_add(1.0)
        return network(image) * calls

    whole = module([*network.variables, calls], __call__=tf.function(growing, [image()]))
    tf.saved_model.save(whole, str(tmp_path / "m"))
    said = refusal(igcli, tmp_path / "m", inputs)
    assert "the same input has other scores at the next call" in said


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.slow
def test_a_fixed_batch(
    igcli: Igcli, network: Network, inputs: Path, tmp_path: Path, size: int
) -> None:
    def unrolled(image: Any) -> Any:
        import tensorflow as tf

        return tf.concat([network(image[i : i + 1]) for i in range(size)], 0)

    fixed = image((size, SIZE, SIZE, 3))
    model = save_signature(tmp_path / "m", network, unrolled, fixed)
    assert_map(igcli, model, inputs, function=network, x=X)


@pytest.mark.slow
def test_a_stateful_layer_starts_afresh(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    rows = np.random.default_rng(2).normal(0, 1, (5, 4, 3)).astype("float32")
    np.save(tmp_path / "rows.npy", rows)
    stateful = keras.Sequential(
        [keras.Input(batch_shape=(7, 4, 3)), layers.LSTM(4, stateful=True), layers.Dense(2)]
    )
    stateful.export(tmp_path / "m", verbose=False)
    plain = keras.Sequential([keras.Input((4, 3)), layers.LSTM(4), layers.Dense(2)])
    plain.set_weights([weight.numpy() for weight in stateful.trainable_weights])
    said = assert_map(
        igcli, tmp_path / "m", tmp_path / "rows.npy", function=lambda x: plain(x), x=rows
    )
    assert "it takes 7 inputs at once, no more and no fewer" in said
