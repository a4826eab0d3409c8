"""Models of any size or batch, and of channels first: scores and gradients against a tape."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import Result

from igcli.common.arrays import Array
from igcli.common.errors import IgcliError
from igcli.common.model_settings import ModelSettings
from igcli.models.fixed_batch import InFixedBatches
from igcli.models.open import describe_model, open_model
from tests.models.tapes import assert_like_a_tape, filled

Igcli = Callable[..., Result]
PICTURES = ModelSettings(pictures=True)


def numbers(*shape: int) -> Array:
    return np.random.default_rng(0).uniform(0.0, 1.0, shape).astype(np.float32)


def unet(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((None, None, 3), name="image")
    c = layers.Conv2D(4, 3, padding="same", activation="softplus")(x)
    up = layers.UpSampling2D()(layers.Conv2D(4, 3, padding="same")(layers.MaxPooling2D()(c)))
    mask = layers.Conv2D(2, 1, activation="softmax", name="mask")
    return filled(keras.Model(x, mask(layers.Concatenate()([up, c]))))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_the_outputs_size_follows_from_the_images(
    keras: Any, igcli: Igcli, photos: Path, tmp_path: Path, suffix: str
) -> None:
    path, model = tmp_path / f"unet{suffix}", unet(keras)
    model.save(path)
    loaded = open_model(path, replace(PICTURES, image_size=(8, 12)), pytest.fail)
    assert loaded.spec.output_shape == (8, 12, 2)
    assert_like_a_tape(loaded, lambda x: model(x, training=False), numbers(1, 8, 12, 3), 77)
    with pytest.raises(IgcliError, match="say which image size with --image-size"):
        open_model(path, PICTURES, pytest.fail)
    given = replace(ModelSettings(), shapes=(("", (8, 12, 3)),))
    assert open_model(path, given, pytest.fail).spec.classes == 8 * 12 * 2
    if suffix == ".keras":
        out = tmp_path / "out"
        asked = ["--image-size", "8x12", "--target", "3,4,1", "--limit", "2"]
        run = igcli("run", path, photos, "-o", out, *asked)
        assert run.exit_code == 0, run.output
        odd = igcli("run", path, photos, "-o", tmp_path / "odd", "--image-size", "7x12")
        assert odd.exit_code == 2 and "at --image-size 7x12" in odd.stderr
        assert "must be equal, but are 6 and 7" in odd.stderr


@pytest.mark.slow
def test_a_sequence_of_any_length_takes_the_arrays(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((None, 3), name="steps")
    model = filled(keras.Model(x, keras.layers.Dense(2, activation="tanh")(x)))
    model.save(tmp_path / "m.keras")
    settings = replace(ModelSettings(), shapes=(("", (5, 3)),))
    loaded = open_model(tmp_path / "m.keras", settings, pytest.fail)
    assert loaded.spec.output_shape == (5, 2)
    assert_like_a_tape(loaded, model, numbers(2, 5, 3), 3)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["called", "predicted", "trained", "built"])
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_batch_in_the_file_by_accident_is_opened(
    keras: Any, tmp_path: Path, how: str, suffix: str
) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [layers.Conv2D(3, 3, activation="softplus"), layers.Flatten(), layers.Dense(2)]
    )
    x = numbers(4, 6, 6, 1)
    if how == "called":
        model(x[:1])
    elif how == "predicted":
        model.predict(x, verbose=0)
    elif how == "built":
        model.build((32, 6, 6, 1))
    else:
        model.compile("sgd", "mse")
        model.train_on_batch(x, np.zeros((4, 2), np.float32))
    filled(model).save(tmp_path / f"m{suffix}")
    loaded = open_model(tmp_path / f"m{suffix}", ModelSettings(), pytest.fail)
    assert not isinstance(loaded, InFixedBatches)
    assert_like_a_tape(loaded, model, x, 1)


def of_its_batch(keras: Any, batch: int) -> Any:
    """A network whose reshapes have the batch in them: no other is taken."""
    x = keras.Input(batch_shape=(batch, 6, 4), name="x")
    y = keras.ops.reshape(x, (batch, 24))
    y = keras.layers.Dense(3, activation="tanh", name="hidden")(y)
    return filled(keras.Model(x, keras.layers.Dense(2, name="out")(y)))


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("layer", [None, "hidden"])
def test_a_batch_that_the_graph_depends_on_is_filled(
    keras: Any, tmp_path: Path, batch: int, layer: str | None
) -> None:
    model = of_its_batch(keras, batch)
    model.save(tmp_path / "m.keras")
    notes: list[str] = []
    loaded = open_model(tmp_path / "m.keras", ModelSettings(layer=layer), notes.append)
    assert isinstance(loaded, InFixedBatches)
    assert len(notes) == 1 and f"it takes {batch} input" in notes[0]
    hidden, out = model.get_layer("hidden"), model.get_layer("out")

    def plain(x: Any) -> Any:
        return out(x if layer else hidden(keras.ops.reshape(x, (-1, 24))))

    x = numbers(7, 6, 4)
    if layer:
        points = loaded.enter(x)
        np.testing.assert_allclose(points, hidden(x.reshape(7, 24)), rtol=1e-5, atol=1e-6)
        assert_like_a_tape(loaded, plain, points, 1)
    else:
        assert_like_a_tape(loaded, plain, x, 1)
    info = describe_model(tmp_path / "m.keras", ModelSettings(), pytest.fail)
    assert info.batch == batch


@pytest.mark.slow
def test_a_run_does_not_depend_on_a_fixed_batch(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    x = numbers(7, 6, 4)
    np.save(tmp_path / "x.npy", x)
    for batch in (1, 4):
        of_its_batch(keras, batch).save(tmp_path / f"{batch}.keras")
        run = igcli(
            *("run", tmp_path / f"{batch}.keras", tmp_path / "x.npy", "-o", tmp_path / f"{batch}"),
            *("--target", "1", "--batch-size", "3"),
        )
        assert run.exit_code == 0, run.output
        assert f"it takes {batch} input" in run.stderr
    maps = [h5py.File(tmp_path / name / "attributions.h5")["attributions"][:] for name in "14"]
    np.testing.assert_allclose(maps[0], maps[1], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_stateful_network_begins_at_zero_each_time(
    keras: Any, tmp_path: Path, wrapped: bool
) -> None:
    layers = keras.layers

    def network(batch: int | None, stateful: bool) -> Any:
        recurrent = layers.LSTM(3, stateful=stateful)
        recurrent = layers.Bidirectional(recurrent) if wrapped else recurrent
        shape = (batch, 2, 3)
        return keras.Sequential([keras.Input(batch_shape=shape), recurrent, layers.Dense(2)])

    plain, model = filled(network(None, False)), network(21, True)
    model.set_weights(plain.get_weights())
    model(np.ones((21, 2, 3), np.float32))
    model.save(tmp_path / "m.keras")
    notes: list[str] = []
    loaded = open_model(tmp_path / "m.keras", ModelSettings(), notes.append)
    assert len(notes) == 1 and "each input begins at zero states" in notes[0]
    x = numbers(5, 2, 3)
    assert_like_a_tape(loaded, plain, x, 1)
    np.testing.assert_array_equal(loaded.scores(x), loaded.scores(x))


def first_and_last(keras: Any) -> tuple[Any, Any]:
    """One network with its channels first, and with its channels last."""
    layers = keras.layers

    def network(layout: str) -> Any:
        first = layout == "channels_first"
        options = {"data_format": layout}
        x = keras.Input((3, 12, 10) if first else (12, 10, 3), name="image")
        y = layers.Conv2D(4, 3, strides=2, padding="same", activation="softplus", **options)(x)
        y = layers.BatchNormalization(axis=1 if first else -1)(y)
        y = layers.Conv2D(4, 3, groups=2, padding="same", **options)(y)
        y = layers.DepthwiseConv2D(3, padding="same", activation="tanh", **options)(y)
        y = layers.Conv2DTranspose(2, 3, strides=2, padding="same", **options)(y)
        y = layers.AveragePooling2D(2, **options)(y)
        return keras.Model(x, layers.Dense(3, name="scores")(layers.Flatten(**options)(y)))

    last = filled(network("channels_last"))
    first = network("channels_first")
    first.set_weights(last.get_weights())
    return first, last


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_channels_first_are_explained_channels_last(
    keras: Any, tmp_path: Path, suffix: str
) -> None:
    first, last = first_and_last(keras)
    first.save(tmp_path / f"m{suffix}")
    notes: list[str] = []
    loaded = open_model(tmp_path / f"m{suffix}", PICTURES, notes.append)
    assert loaded.spec.input.shape == (12, 10, 3) and loaded.spec.transposed == ("image",)
    assert len(notes) == 1 and "takes channels first" in notes[0]
    assert_like_a_tape(loaded, lambda x: last(x, training=False), numbers(2, 12, 10, 3), 2)


@pytest.mark.slow
def test_arrays_of_channels_first_stay_as_they_are(keras: Any, tmp_path: Path) -> None:
    first, last = first_and_last(keras)
    first.save(tmp_path / "m.keras")
    x = numbers(2, 3, 12, 10)
    settings = replace(ModelSettings(), shapes=(("", (3, 12, 10)),))
    loaded = open_model(tmp_path / "m.keras", settings, pytest.fail)
    assert loaded.spec.transposed == ()

    def plain(x: Any) -> Any:
        return last(keras.ops.transpose(x, (0, 2, 3, 1)), training=False)

    assert_like_a_tape(loaded, plain, x, 2)


@pytest.mark.slow
def test_pictures_of_a_channels_first_network_have_the_other_ones_maps(
    keras: Any, igcli: Igcli, photos: Path, tmp_path: Path
) -> None:
    for name, model in zip(("first", "last"), first_and_last(keras), strict=True):
        model.save(tmp_path / f"{name}.keras")
        out = tmp_path / name
        run = igcli("run", tmp_path / f"{name}.keras", photos, "-o", out, "--target", "1")
        assert run.exit_code == 0, run.output
        assert ("channels first" in run.stderr) == (name == "first")
    files = [h5py.File(tmp_path / name / "attributions.h5") for name in ("first", "last")]
    maps = [file["attributions"][:] for file in files]
    assert maps[0].shape == (6, 12, 10, 3)
    np.testing.assert_allclose(maps[0], maps[1], rtol=1e-4, atol=1e-5 * np.abs(maps[1]).max())
    settled = json.loads((tmp_path / "first" / "run.json").read_text())["settled"]
    assert settled["channels_first"] == ["image"] and settled["maps_are"] == "channels last"
    assert settled["input_shape"] == [12, 10, 3]
    drawn = [sorted((tmp_path / name / "overlays").rglob("*.png")) for name in ("first", "last")]
    assert len(drawn[0]) == len(drawn[1]) == 6
    words = igcli("inspect", tmp_path / "first.keras").stdout
    assert "image: 3 × 12 × 10, float32, channels first: pictures are transposed for it" in words
