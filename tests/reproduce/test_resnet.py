"""ResNet50V2 from its weights."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.errors import ModelError
from igcli.reproduce.resnet import holds_weights_only, resnet50v2


def test_weights_are_told_from_models(tmp_path: Path, small_model: Path) -> None:
    weights, model, text = (tmp_path / name for name in ("w.h5", "m.h5", "t.h5"))
    with h5py.File(weights, "w") as file:
        file.attrs["layer_names"] = ["a"]
    with h5py.File(model, "w") as file:
        file.attrs["layer_names"], file.attrs["model_config"] = ["a"], "{}"
    text.write_text("no HDF5")
    paths = (weights, model, text, tmp_path, small_model)
    assert [holds_weights_only(path) for path in paths] == [True, False, False, False, False]


@pytest.mark.slow
def test_weights_of_another_network_are_refused(keras: Any, tmp_path: Path) -> None:
    weights = tmp_path / "w.h5"
    with h5py.File(weights, "w") as file:
        file.attrs["layer_names"] = ["a"]
        file.create_group("a").attrs["weight_names"] = ["a/kernel"]
        file["a"].create_dataset("a/kernel", data=np.ones((2, 2)))
    with pytest.raises(ModelError, match="does not fit ResNet50V2"):
        resnet50v2(weights, tmp_path / "model.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["w.h5"]


@pytest.mark.slow
def test_resnet50v2_gets_its_weights(keras: Any, tmp_path: Path) -> None:
    """Its published weights are in the HDF5 of Keras 2; Keras still writes that, in private."""
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    keras.utils.set_random_seed(4)
    model = keras.applications.ResNet50V2(weights=None)
    weights, path = tmp_path / "w.h5", tmp_path / "model.keras"
    with h5py.File(weights, "w") as file:
        save_weights_to_hdf5_group(file, model)
    assert holds_weights_only(weights)
    resnet50v2(weights, path)
    photo = np.random.default_rng(0).uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)
    found = keras.models.load_model(path, compile=False)(photo)
    np.testing.assert_allclose(found, model(photo), rtol=1e-5)
