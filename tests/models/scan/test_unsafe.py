"""``--allow-unsafe`` and ``--custom-objects``: what each lets through, and what it says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from igcli.common.model_settings import ModelSettings
from igcli.models.open import open_model

Igcli = Callable[..., Result]

LAYERS = """
import keras

@keras.saving.register_keras_serializable("mine")
class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def third(x):
    return x / 3
"""


@pytest.fixture
def doubling(keras: Any, tmp_path: Path) -> Path:
    """A model whose Lambda doubles its input, and writes a file when it is loaded or called."""
    inputs = keras.Input((3,))
    x = keras.layers.Lambda(lambda x: x * 2, name="double")(inputs)
    path = tmp_path / "lambda.keras"
    keras.Model(inputs, x).save(path)
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", np.array([[1.0, 2.0, 3.0]], np.float32))
    return tmp_path / "x.npy"


@pytest.mark.slow
def test_a_lambda_needs_allow_unsafe(
    igcli: Igcli, doubling: Path, rows: Path, tmp_path: Path
) -> None:
    refused = igcli("run", doubling, rows, "-o", tmp_path / "out")
    assert refused.exit_code == 2
    assert "layer 'double' is a Lambda" in refused.stderr
    assert "--allow-unsafe" in refused.stderr
    assert not (tmp_path / "out").exists()
    run = igcli("run", doubling, rows, "-o", tmp_path / "out", "--target", "2", "--allow-unsafe")
    assert run.exit_code == 0, run.output
    warnings = [line for line in run.stderr.splitlines() if "--allow-unsafe" in line]
    assert warnings == [f"igcli: note: --allow-unsafe: code in {doubling} may run on this machine"]
    about = json.loads((tmp_path / "out" / "run.json").read_text())
    assert about["config"]["allow_unsafe"] is True
    inspected = igcli("inspect", doubling, "--allow-unsafe", "--json")
    assert inspected.exit_code == 0, inspected.output
    assert "may run on this machine" in inspected.stderr


def test_a_lambda_of_keras_2_gives_what_it_gave_there(shared_data: Path, igcli: Igcli) -> None:
    path = shared_data / "keras2_quirks" / "lambda.h5"
    refused = igcli("inspect", path)
    assert refused.exit_code == 2
    assert "layer 'lambda' is a Lambda" in refused.stderr
    with np.load(path.with_suffix(".npz")) as file:
        scores = open_model(path, ModelSettings(allow_unsafe=True), print).scores(file["x"])
        np.testing.assert_allclose(scores, file["y"], atol=1e-5)


@pytest.fixture
def custom(tmp_path: Path, keras: Any) -> tuple[Path, Path]:
    """A model with a layer and an activation of its own, and the file that defines them."""
    file = tmp_path / "layers.py"
    file.write_text(LAYERS)
    names: dict[str, Any] = {"__name__": "elsewhere"}
    exec(compile(LAYERS, "layers.py", "exec"), names)
    inputs = keras.Input((3,))
    dense = keras.layers.Dense(2, use_bias=False, activation=names["third"])
    model = keras.Model(inputs, dense(names["Twice"]()(inputs)))
    dense.set_weights([np.ones((3, 2))])
    keras.saving.get_custom_objects().clear()
    model.save(tmp_path / "custom.keras")
    model.save(tmp_path / "custom.h5")
    return tmp_path, file


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_custom_objects_name_the_model_s_own_layers(
    igcli: Igcli, custom: tuple[Path, Path], suffix: str
) -> None:
    folder, file = custom
    refused = igcli("inspect", folder / f"custom{suffix}")
    assert refused.exit_code == 2
    assert "--custom-objects" in refused.stderr
    settings = ModelSettings(custom_objects=file)
    scores = open_model(folder / f"custom{suffix}", settings, print).scores(np.ones((1, 3), "f4"))
    np.testing.assert_allclose(scores, [[2.0, 2.0]], rtol=1e-6)
    inspected = igcli("inspect", folder / f"custom{suffix}", "--custom-objects", file)
    assert inspected.exit_code == 0, inspected.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import keras\n\nundefined\n", "NameError: name 'undefined' is not defined (line 3)"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("x = 1", "defines no class and no function"),
    ],
)
def test_custom_objects_that_fail(
    igcli: Igcli, small_model: Path, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "layers.py"
    file.write_text(text)
    result = igcli("inspect", small_model, "--custom-objects", file)
    assert result.exit_code == 2
    assert message in result.stderr
    assert f"--custom-objects {file}" in result.stderr
    assert len(result.stderr.splitlines()) <= 3


def test_custom_objects_that_are_not_there(igcli: Igcli, small_model: Path, tmp_path: Path) -> None:
    result = igcli("inspect", small_model, "--custom-objects", tmp_path / "absent.py")
    assert result.exit_code == 2
    assert "absent.py" in result.stderr
