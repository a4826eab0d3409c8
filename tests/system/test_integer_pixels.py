"""Integer pixels: models that take bytes and cast them inside are explained from 0 to 255."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from tests.system.tape_maps import (
    SIZE,
    Igcli,
    Network,
    assert_map,
    image,
    pixels,
    save_signature,
)

BYTES = pixels()
X = BYTES.astype("float32")


@pytest.fixture(scope="module")
def network(keras: Any) -> Network:
    return Network()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures as files of PNG."""
    path = tmp_path_factory.mktemp("pictures")
    for i, picture in enumerate(BYTES):
        Image.fromarray(picture).save(path / f"{i}.png")
    return path


def as_array(path: Path, rows: Array) -> Path:
    np.save(path / "x.npy", rows)
    return path / "x.npy"


@pytest.fixture(scope="module")
def saved(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel of bytes."""
    import tensorflow as tf

    path = tmp_path_factory.mktemp("bytes") / "m"
    spec = image(dtype="uint8")
    return save_signature(
        path, network, lambda image: network(tf.cast(image, tf.float32) / 255.0), spec
    )


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint8", pytest.param("int32", marks=pytest.mark.slow)])
def test_arrays(igcli: Igcli, network: Network, saved: Path, tmp_path: Path, dtype: str) -> None:
    inputs = as_array(tmp_path, BYTES.astype(dtype))
    assert_map(igcli, saved, inputs, function=lambda x: network(x / 255.0), x=X)


@pytest.mark.slow
def test_pictures(igcli: Igcli, network: Network, saved: Path, folder: Path) -> None:
    assert_map(igcli, saved, folder, function=lambda x: network(x / 255.0), x=X)


@pytest.mark.slow
def test_preprocess_has_no_effect(
    igcli: Igcli, network: Network, saved: Path, folder: Path
) -> None:
    said = assert_map(
        igcli, saved, folder, "--preprocess", "torch", function=lambda x: network(x / 255.0), x=X
    )
    assert "--preprocess torch has no effect: the model takes uint8 pixels" in said


@pytest.mark.slow
def test_a_baseline_in_pixels(igcli: Igcli, network: Network, saved: Path, tmp_path: Path) -> None:
    assert_map(
        igcli,
        saved,
        as_array(tmp_path, BYTES),
        "--baseline",
        "constant:128",
        function=lambda x: network(x / 255.0),
        x=X,
        baseline=128.0,
    )


@pytest.mark.slow
def test_int32_resized_before_the_cast(
    igcli: Igcli, network: Network, folder: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    def larger(image: Any) -> Any:
        return tf.image.resize(image[..., ::-1], (12, 12), "nearest")

    model = save_signature(
        tmp_path / "m",
        network,
        lambda image: network(tf.cast(larger(image), tf.float32) / 255.0),
        image(dtype="int32"),
    )
    assert_map(igcli, model, folder, function=lambda x: network(larger(x) / 255.0), x=X)


@pytest.mark.slow
def test_a_cast_in_a_loop_over_rows(
    igcli: Igcli, network: Network, folder: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    def scaled(row: Any) -> Any:
        return tf.image.resize(tf.cast(row, tf.float32), (12, 12)) / 255.0

    model = save_signature(
        tmp_path / "m",
        network,
        lambda image: network(tf.map_fn(scaled, image, fn_output_signature=tf.float32)),
        image(dtype="uint8"),
    )
    assert_map(igcli, model, folder, function=lambda x: network(scaled(x)), x=X)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["folder", pytest.param("array", marks=pytest.mark.slow)])
@pytest.mark.parametrize("how", ["cast", "rescaling"])
def test_keras(
    keras: Any, igcli: Igcli, folder: Path, tmp_path: Path, how: str, source: str
) -> None:
    keras.utils.set_random_seed(5)
    bytes_of = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    if how == "cast":
        x = keras.ops.cast(bytes_of, "float32") / 255.0
    else:
        x = keras.layers.Rescaling(1 / 255.0)(bytes_of)
    conv = keras.layers.Conv2D(4, 3, activation="softplus", kernel_initializer="he_normal")
    pool, scores = keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)
    model = keras.Model(bytes_of, scores(pool(conv(x))))
    model.save(tmp_path / "m.keras")
    inputs = folder if source == "folder" else as_array(tmp_path, BYTES)
    assert_map(
        igcli,
        tmp_path / "m.keras",
        inputs,
        function=lambda x: scores(pool(conv(x / 255.0))),
        x=X,
    )
