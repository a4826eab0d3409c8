"""Every preset in configs/ loads, and runs."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import Result

from igcli.comparison.drift.thresholds import COMPLETE, DEFAULT

FOLDER = Path(__file__).resolve().parents[2] / "configs"
DRIFT = FOLDER / "drift.toml"
OF_NUMBERS = {FOLDER / "iris.toml", FOLDER / "two-inputs.toml"}
CONFIGS = sorted(set(FOLDER.glob("*.toml")) - {DRIFT} - OF_NUMBERS)
EXPECTED = {
    "mnist": {"method": "gausslegendre", "steps": 50, "baseline": ["black"], "target": "predicted"},
    "imagenet": {"method": "gausslegendre", "steps": 50, "preprocess": "symmetric"},
    "tf-tutorial": {
        "method": "riemann_trapezoid", "steps": 51, "resize": "pad", "preprocess": "unit",
        "scores": "probability",
    },
}  # fmt: skip


@pytest.fixture
def flowers(keras: Any, tmp_path: Path) -> tuple[Path, Path]:
    """A sigmoid of four numbers, and five rows of them."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.save(tmp_path / "iris.keras")
    np.save(tmp_path / "iris.npy", np.random.default_rng(1).normal(size=(5, 4)))
    return tmp_path / "iris.keras", tmp_path / "iris.npy"


@pytest.fixture
def branches(keras: Any, tmp_path: Path) -> tuple[Path, Path]:
    """Two inputs and one number out of both, and five rows."""
    inputs = [keras.Input((2,), name="a"), keras.Input((3,), name="b")]
    joined = keras.layers.Concatenate()(inputs)
    hidden = keras.layers.Dense(4, activation="tanh")(joined)
    keras.Model(inputs, keras.layers.Dense(1)(hidden)).save(tmp_path / "two.keras")
    random = np.random.default_rng(1)
    arrays = {name: random.normal(size=(5, size)) for name, size in (("a", 2), ("b", 3))}
    np.savez(tmp_path / "two.npz", allow_pickle=False, **arrays)
    return tmp_path / "two.keras", tmp_path / "two.npz"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "made", "target"), [("iris", "flowers", 1), ("two-inputs", "branches", 0)]
)
def test_preset_of_numbers(
    igcli: Callable[..., Result],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    name: str,
    made: str,
    target: int,
) -> None:
    """The output itself is explained, and the sums are exact."""
    model, inputs = request.getfixturevalue(made)
    out = tmp_path / "out"
    config = FOLDER / f"{name}.toml"
    result = igcli("run", model, inputs, "-o", out, "--config", config)
    assert result.exit_code == 0, result.output
    with h5py.File(out / "attributions.h5") as file:
        assert set(file["targets"][()]) == {target}
        assert set(file["steps"][()]) == {50}
        assert np.abs(file["deltas"][()]).max() < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_preset(
    igcli: Callable[..., Result], small_model: Path, photos: Path, tmp_path: Path, config: Path
) -> None:
    out = tmp_path / "out"
    result = igcli("run", small_model, photos, "-o", out, "--config", config, "--limit", 1)
    assert result.exit_code == 0, result.output
    asked = json.loads((out / "run.json").read_text())["config"]
    assert asked | EXPECTED[config.stem] == asked


def test_the_drift_profile_is_the_default() -> None:
    assert tomllib.loads(DRIFT.read_text()) == {"drift": {"fail-on": list(DEFAULT)}}


@pytest.mark.slow
def test_the_drift_profile_loads(
    igcli: Callable[..., Result], small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert igcli("run", small_model, photos, "-o", out, "--no-overlays").exit_code == 0
    result = igcli("compare", out, out, "--config", DRIFT, "--json")
    assert result.exit_code == 0, result.output
    judged = [threshold["threshold"] for threshold in json.loads(result.stdout)["thresholds"]]
    assert judged == [*DEFAULT, *COMPLETE]
