"""Shared fixtures: real data beside the project where it is, and small models made once."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from igcli.cli.main import cli
from igcli.models.scan.hdf5 import scan_hdf5

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("IGCLI_TEST_DATA", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


def beside_the_project(name: str, what: str) -> Path:
    """Return a folder of what is not part of the project, or skip and say so."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"no {what} at {folder} (set IGCLI_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real models and images."""
    return beside_the_project("data", "real models and images")


@pytest.fixture(scope="session")
def oracle() -> Path:
    """The folder of other tools' numbers."""
    return beside_the_project("oracle", "reference numbers")


@pytest.fixture(autouse=True)
def scanned_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scan HDF5 files without the process of its own: 0.2 s for each model that tests load.

    `tests/models/test_hostile.py` has that process, and so have the commands that tests start.
    """
    monkeypatch.setattr("igcli.models.scan.files.scan_apart", scan_hdf5)


@pytest.fixture
def igcli() -> Any:
    """Run the command line in this process: igcli("run", model, …) → click's Result."""

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture(scope="session")
def keras() -> Any:
    """Keras, imported as igcli imports it, once for all tests."""
    from igcli.models.runtime import import_tensorflow

    import_tensorflow()
    import keras

    return keras


@pytest.fixture(scope="session")
def small_model(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution and a softmax over three classes, 8×8 RGB, random weights."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Conv2D(4, 3, activation="softplus", name="conv")(inputs)
    x = keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, keras.layers.Activation("softmax", name="classes")(x))
    for layer in model.layers:
        layer.set_weights([2.0 * w for w in layer.get_weights()])
    path = tmp_path_factory.mktemp("model") / "small.keras"
    model.save(path)
    return path


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six random 12×10 RGB images, in two sub-folders named 0 and 2."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(7)
    for i in range(6):
        path = folder / ("0" if i < 3 else "2") / f"photo-{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 256, (10, 12, 3), np.uint8)).save(path)
    return folder
