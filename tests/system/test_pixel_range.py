"""The pixel range of models that scale 0–255 themselves: their maps, and what is said of others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.system.tape_maps import (
    Igcli,
    Network,
    arrays,
    assert_map,
    explain,
    image,
    pixels,
    refusal,
    save_signature,
)

BYTES = pixels()
X = BYTES.astype("float32")


@pytest.fixture(scope="module")
def network() -> Network:
    return Network()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    np.save(tmp_path / "photos.npy", BYTES)
    return tmp_path / "photos.npy"


def mean_of_four(x: Any) -> Any:
    import tensorflow as tf

    return tf.nn.avg_pool2d(x, 2, 2, "VALID") / 255.0


def row_by_row(x: Any) -> Any:
    import tensorflow as tf

    return tf.map_fn(lambda row: (row - 127.5) / 127.5, x)


def curve(x: Any) -> Any:
    import tensorflow as tf

    return tf.sqrt(x + 0.375) / 16.0


def of_dark_pictures(x: Any) -> Any:
    return (x - 12.0) / 12.0


@pytest.mark.slow
@pytest.mark.parametrize("scaled", [mean_of_four, row_by_row, curve, of_dark_pictures])
def test_a_model_that_scales_pixels_gets_them(
    igcli: Igcli, network: Network, photos: Path, tmp_path: Path, scaled: Callable[[Any], Any]
) -> None:
    def whole(x: Any) -> Any:
        return network(scaled(x))

    model = save_signature(tmp_path / "m", network, whole)
    said = assert_map(igcli, model, photos, function=whole, x=X)
    assert "--preprocess" not in said
    about = json.loads((tmp_path / "out-m" / "run.json").read_text())
    assert about["settled"]["preprocess"] == "raw"


@pytest.mark.slow
def test_what_can_not_be_looked_into_is_doubted(
    igcli: Igcli, network: Network, photos: Path, tmp_path: Path
) -> None:
    import tensorflow as tf

    model = save_signature(
        tmp_path / "m", network, lambda image: network(tf.cumsum(image, axis=1) / 2000.0)
    )
    said = explain(igcli, model, photos)
    assert said.exit_code == 0, said.output
    assert "doubt: --preprocess auto took unit (0 to 1), and that may be wrong" in said.stderr
    assert "scales no pixels itself" not in said.output


@pytest.mark.slow
def test_of_two_pictures_the_one_that_nothing_scales_is_given_as_floats(
    keras: Any, igcli: Igcli, tmp_path: Path
) -> None:
    layers = keras.layers
    keras.utils.set_random_seed(4)
    rgb, depth = keras.Input((8, 8, 3), name="rgb"), keras.Input((8, 8, 1), name="depth")

    def seen(x: Any) -> Any:
        return layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3, activation="softplus")(x))

    both = layers.Concatenate()([seen(layers.Rescaling(1 / 255, name="s")(rgb)), seen(depth)])
    model = keras.Model([rgb, depth], layers.Dense(2)(both))
    model.save(tmp_path / "m.keras")
    deep = BYTES[..., :1]
    np.savez(tmp_path / "x.npz", rgb=BYTES, depth=deep)
    said = refusal(igcli, tmp_path / "m.keras", tmp_path / "x.npz")
    assert "its 's' scales the pixels of 'rgb', and nothing those of 'depth'" in said
    floats = deep / np.float32(255)
    np.savez(tmp_path / "x.npz", rgb=BYTES, depth=floats)
    result = explain(igcli, tmp_path / "m.keras", tmp_path / "x.npz")
    assert result.exit_code == 0, result.output
    rows = (tmp_path / "out-m.keras" / "results.csv").read_text().splitlines()
    scores = [float(row.split(",")[rows[0].split(",").index("score")]) for row in rows[1:]]
    np.testing.assert_allclose(scores, np.asarray(model([X, floats]))[:, 0], rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_a_saved_model_is_not_told_to_use_a_layer(
    igcli: Igcli, network: Network, photos: Path, tmp_path: Path, dtype: str
) -> None:
    """It has none that can be named; a .keras file has."""
    import tensorflow as tf

    def stopped(image: Any) -> Any:
        return network(tf.cast(tf.round(tf.cast(255 - image, tf.float32)), tf.float32))

    model = save_signature(tmp_path / "m", network, stopped, image(dtype=dtype))
    said = refusal(igcli, model, photos if dtype == "uint8" else arrays(tmp_path))
    assert "a .keras file" in said and "`igcli inspect` lists the layers" not in said
