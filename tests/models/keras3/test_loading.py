"""Files of older Keras 3: today's, their config set back to how those versions wrote it."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import ModelError
from igcli.common.model_settings import ModelSettings
from igcli.models.open import open_model
from igcli.models.scan.config import check_config
from tests.models.tapes import assert_like_a_tape, filled

Config = dict[str, Any]


def numbers(*shape: int) -> Array:
    return np.random.default_rng(0).uniform(0.0, 1.0, shape).astype(np.float32)


def in_lists(value: Any) -> Any:
    """Write every model's ends as Keras 3.0 to 3.10 did: a lone one in a list."""
    if isinstance(value, list):
        return [in_lists(part) for part in value]
    if not isinstance(value, dict):
        return value
    older = {key: in_lists(part) for key, part in value.items()}
    for key in ("input_layers", "output_layers"):
        if key in older and isinstance(older[key][0], str):
            older[key] = [older[key]]
    return older


def set_back(path: Path, version: str, change: Callable[[Config], Config]) -> Path:
    """Rewrite a saved model's config and version in place."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = json.dumps(change(json.loads(file.attrs["model_config"])))
            file.attrs["keras_version"] = version
        return path
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.dumps(change(json.loads(members["config.json"]))).encode()
    members["metadata.json"] = json.dumps({"keras_version": version}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def base(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((8, 8, 3))
    y = layers.Conv2D(4, 3, padding="same", activation="softplus")(x)
    z = layers.DepthwiseConv2D(3, padding="same")(y)
    return keras.Model(x, layers.Add()([y, z]), name="base")


def _pooled(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([base(keras), layers.GlobalAveragePooling2D(), layers.Dense(3)])


def _flat(keras: Any) -> Any:
    layers = keras.layers
    first = keras.Input((8, 8, 3))
    return keras.Sequential([first, base(keras), layers.Flatten(), layers.Dense(3)])


def _deep(keras: Any) -> Any:
    layers = keras.layers
    middle = keras.Sequential([base(keras), layers.GlobalMaxPooling2D()], name="middle")
    x = keras.Input((8, 8, 3))
    outer = keras.Model(x, layers.Dense(4, activation="tanh")(middle(x)), name="outer")
    return keras.Sequential([outer, layers.Dense(3)])


def _functional(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((8, 8, 3))
    y = base(keras)(layers.Rescaling(2.0)(x), training=False)
    return keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling2D()(y)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "suffix", "version"),
    [
        *((build, ".keras", "3.4.1") for build in (_pooled, _flat, _deep, _functional)),
        *((build, ".h5", "3.4.1") for build in (_pooled, _deep)),
        *((_flat, suffix, v) for suffix in (".keras", ".h5") for v in ("3.0.5", "3.10.0")),
    ],
)
def test_a_nested_models_only_output_is_no_list(
    keras: Any, tmp_path: Path, build: Callable[[Any], Any], suffix: str, version: str
) -> None:
    model = filled(build(keras))
    model.save(tmp_path / f"m{suffix}")
    path = set_back(tmp_path / f"m{suffix}", version, in_lists)
    notes: list[str] = []
    loaded = open_model(path, ModelSettings(), notes.append)
    assert len(notes) == 1 and f"repaired from Keras {version}" in notes[0]
    assert "a nested model's only output taken out of its list" in notes[0]
    assert_like_a_tape(loaded, lambda x: model(x, training=False), numbers(2, 8, 8, 3), 1)


def test_a_list_of_one_stays_where_keras_keeps_it(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((4,))
    inner = keras.Model(x, [keras.layers.Dense(3, activation="tanh")(x)], name="inner")
    y = keras.Input((4,))
    model = filled(keras.Model(y, keras.layers.Dense(2)(inner(y)[0])))
    model.save(tmp_path / "m.keras")
    loaded = open_model(tmp_path / "m.keras", ModelSettings(), pytest.fail)
    assert_like_a_tape(loaded, model, numbers(2, 4), 1)


def with_crop(keras: Any, resized: Any, config: Config) -> Config:
    """Put a RandomCrop in the place of the layer that does at inference what it did then."""
    (layer,) = (n for n in config["config"]["layers"] if n["class_name"] == resized)
    layer["class_name"] = "RandomCrop"
    kept = {key: layer["config"][key] for key in ("name", "trainable", "dtype")}
    layer["config"] = {**kept, "height": 6, "width": 4, "seed": None}
    layer.setdefault("build_config", {"input_shape": [None, 9, 8, 3]})
    return config


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "name"), [("3.4.1", "Resizing"), ("3.5.0", "Resizing"), ("3.7.0", "Cropping2D")]
)
def test_a_random_crop_does_what_it_did_then(
    keras: Any, tmp_path: Path, version: str, name: str
) -> None:
    layers = keras.layers
    same = {
        "Resizing": layers.Resizing(6, 4, crop_to_aspect_ratio=True),
        # Of 9 × 8 a window of 9 × 6 begins at (0, 1), and 6 × 4 are cut there.
        "Cropping2D": layers.Cropping2D(((0, 3), (1, 3))),
    }[name]
    stack = [keras.Input((9, 8, 3)), same, layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()]
    model = filled(keras.Sequential([*stack, layers.Dense(2)]))
    model.save(tmp_path / "m.keras")
    change = lambda config: with_crop(keras, name, config)  # noqa: E731
    path = set_back(tmp_path / "m.keras", version, change)
    notes: list[str] = []
    loaded = open_model(path, ModelSettings(), notes.append)
    assert len(notes) == 1 and notes[0].endswith(f"RandomCrop written as {name}")
    assert_like_a_tape(loaded, model, numbers(2, 9, 8, 3), 1)


def test_a_random_crop_of_unknown_images_is_refused(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    crop = layers.Cropping2D(((0, 3), (1, 3)), name="crop")
    model = keras.Sequential([keras.Input((9, 8, 3)), crop, layers.Flatten(), layers.Dense(2)])
    model.save(tmp_path / "m.keras")

    def change(config: Config) -> Config:
        changed = with_crop(keras, "Cropping2D", config)
        del changed["config"]["layers"][1]["build_config"]
        return changed

    path = set_back(tmp_path / "m.keras", "3.6.0", change)
    with pytest.raises(ModelError, match="layer 'crop'.*does not say of what size"):
        open_model(path, ModelSettings(), pytest.fail)


AUGMENTATION: dict[str, tuple[Config, str]] = {
    "RandomShear": ({"x_factor": 0.2, "y_factor": 0.2}, "RandomShear left out"),
    "Equalization": ({}, "Equalization left out"),
    "RandomFlip": ({"mode": "horizontal"}, ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("name", "nested"),
    # Keras itself can't nest an Equalization.
    [*((name, False) for name in AUGMENTATION), ("RandomShear", True), ("RandomFlip", True)],
)
def test_augmentation_that_keras_can_not_rebuild_is_left_out(
    keras: Any, tmp_path: Path, name: str, nested: bool, suffix: str
) -> None:
    options, said = AUGMENTATION[name]
    if not hasattr(keras.layers, name):
        pytest.skip(f"this Keras has no {name}")
    layers = keras.layers
    layer = getattr(layers, name)(**options)
    if nested:
        layer = keras.Sequential([keras.Input((8, 8, 3)), layer], name="augmentation")
    head = [layers.Conv2D(2, 3, activation="softplus"), layers.Flatten(), layers.Dense(2)]
    plain = keras.Sequential([keras.Input((8, 8, 3)), *head])
    model = keras.Sequential([keras.Input((8, 8, 3)), layer, *head])
    filled(plain)
    model.save(tmp_path / f"m{suffix}")
    notes: list[str] = []
    loaded = open_model(tmp_path / f"m{suffix}", ModelSettings(), notes.append)
    assert [said in note for note in notes] == [True] * bool(said)
    assert_like_a_tape(loaded, plain, numbers(2, 8, 8, 3), 1)


def test_arguments_that_keras_has_no_more_take_the_augmentation_out(
    keras: Any, tmp_path: Path
) -> None:
    """Keras 3.0 to 3.5 wrote a value_range into a RandomRotation."""
    layers = keras.layers
    head = [layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)]
    model = filled(keras.Sequential([keras.Input((8, 8, 3)), layers.RandomRotation(0.1), *head]))
    model.save(tmp_path / "m.keras")

    def change(config: Config) -> Config:
        config["config"]["layers"][1]["config"]["value_range"] = [0, 255]
        return config

    path = set_back(tmp_path / "m.keras", "3.4.1", change)
    notes: list[str] = []
    loaded = open_model(path, ModelSettings(), notes.append)
    assert len(notes) == 1 and "RandomRotation left out, as at inference" in notes[0]
    assert_like_a_tape(loaded, lambda x: model(x, training=False), numbers(2, 8, 8, 3), 1)


def _operations(keras: Any) -> Any:
    x = keras.Input((6, 4))
    y = keras.ops.mean((x / 2.0)[:, 1:, :3] * 3.0 - 1.0, axis=(1,))
    return keras.Model(x, keras.layers.Dense(2)(y))


def _attention(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((6, 4))
    y = layers.MultiHeadAttention(2, 3)(x, x) + x
    y = layers.Attention()([y, y])
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(y)))


def _two_axes(keras: Any) -> Any:
    layers = keras.layers
    normed = [keras.Input((6, 4)), layers.LayerNormalization(axis=[1, 2])]
    dropped = [layers.SpatialDropout1D(0.2), layers.Softmax(axis=[1, 2])]
    return keras.Sequential([*normed, *dropped, layers.Flatten(), layers.Dense(2)])


@pytest.mark.slow
@pytest.mark.parametrize("build", [_operations, _attention, _two_axes])
def test_an_h5_has_its_operations_and_axes(
    keras: Any, tmp_path: Path, build: Callable[[Any], Any]
) -> None:
    model = filled(build(keras))
    model.save(tmp_path / "m.h5")
    loaded = open_model(tmp_path / "m.h5", ModelSettings(), pytest.fail)
    assert_like_a_tape(loaded, lambda x: model(x, training=False), numbers(2, 6, 4), 1)


def test_a_repaired_config_is_scanned(
    keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def watched(path: Path, text: str, *rest: Any) -> None:
        seen.append(text)
        check_config(path, text, *rest)

    monkeypatch.setattr("igcli.models.loaders.keras_file.check_config", watched)
    _flat(keras).save(tmp_path / "m.keras")
    set_back(tmp_path / "m.keras", "3.4.1", in_lists)
    open_model(tmp_path / "m.keras", ModelSettings(), lambda note: None)
    assert len(seen) == 1 and '"output_layers": ["add' in seen[0]


def test_of_an_error_of_many_lines_the_one_that_says_it_is_shown(
    keras: Any, tmp_path: Path
) -> None:
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(name="flat"), keras.layers.Dense(2)]
    )
    model.save(tmp_path / "m.keras")

    def change(config: Config) -> Config:
        config["config"]["layers"][1]["config"]["strength"] = 3
        return config

    set_back(tmp_path / "m.keras", keras.__version__, change)
    with pytest.raises(ModelError) as refused:
        open_model(tmp_path / "m.keras", ModelSettings(), pytest.fail)
    assert "strength" in refused.value.cause and "layer 'flat'" in refused.value.cause
    assert "\n" not in refused.value.cause and len(refused.value.cause) < 300
