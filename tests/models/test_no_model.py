"""Paths that are no model: each is told for what it is."""

import json
import zipfile
from pathlib import Path

import pytest

from igcli.common.errors import ModelError
from igcli.common.model_settings import ModelSettings
from igcli.models.open import check_path, describe_model


@pytest.fixture
def unpacked(small_model: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(small_model) as archive:
        archive.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


def told(path: Path) -> str:
    with pytest.raises(ModelError) as refused:
        check_path(path)
    assert str(path.name) in refused.value.problem
    assert len(str(refused.value).splitlines()) <= 3
    return str(refused.value)


def test_an_unpacked_archive_and_its_parts(unpacked: Path) -> None:
    assert "a .keras archive, unpacked" in told(unpacked)
    assert "a model's architecture, without its weights" in told(unpacked / "config.json")
    with pytest.raises(ModelError, match="weights only, no model.*part of a .keras archive"):
        describe_model(unpacked / "model.weights.h5", ModelSettings(), pytest.fail)


def test_architecture_and_weights_apart(unpacked: Path) -> None:
    folder = unpacked / "apart"
    folder.mkdir()
    (unpacked / "config.json").rename(folder / "model.json")
    (unpacked / "model.weights.h5").rename(folder / "weights.h5")
    assert "architecture and its weights apart: model.json, weights.h5" in told(folder)
    assert "model_from_json" in told(folder / "model.json")


def test_folders_around_models(small_model: Path, tmp_path: Path) -> None:
    saved = tmp_path / "runs" / "exported"
    (saved / "variables").mkdir(parents=True)
    (saved / "saved_model.pb").write_bytes(b"")
    assert f"name it: {saved}" in told(tmp_path / "runs")
    assert "name its folder" in told(saved / "saved_model.pb")
    assert "name the folder above it" in told(saved / "variables")
    (tmp_path / "best.keras").write_bytes(small_model.read_bytes())
    assert f"name it: {tmp_path / 'best.keras'}" in told(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.json", json.dumps({"modelTopology": {}}), "a TensorFlow.js model"),
        ("model.json", "[1, 2", "a JSON file, and no model"),
        ("model.tflite", "", "it is a TensorFlow Lite model"),
        ("model.ckpt.index", "", "it is a checkpoint"),
        ("model", "", "is of no known kind: igcli loads"),
    ],
)
def test_other_files(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    assert message in told(tmp_path / name)
