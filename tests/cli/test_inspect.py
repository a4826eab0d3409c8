"""`igcli inspect`: what it says of a model, and how near an estimate is to the run itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

Igcli = Callable[..., Result]


def inspected(igcli: Igcli, *arguments: Any) -> dict[str, Any]:
    result = igcli("inspect", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_model_alone(igcli: Igcli, small_model: Path) -> None:
    found = inspected(igcli, small_model)
    assert found["inputs"] == [{"name": "image", "shape": [8, 8, 3], "dtype": "float32"}]
    assert found["outputs"] == [{"name": "classes", "shape": [3], "last_operation": "softmax"}]
    assert [layer["kind"] for layer in found["layers"]][:2] == ["InputLayer", "Conv2D"]
    lines = igcli("inspect", small_model).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "model",
        "input",
        "output",
        "scaling",
        "pixels",
        *["layer"] * 5,
    ]
    assert "8 × 8 × 3, float32" in lines[1]


@pytest.mark.slow
def test_inputs_are_checked_as_a_run_checks_them(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    found = inspected(igcli, small_model, photos, "--target", "top:2", "--steps", 7, *FIXED)
    assert found["explanations"] == 2 * len(list(photos.rglob("*.png")))
    assert found["method"] == "riemann_left, 7 steps"
    assert found["batching"]["chosen"] == "estimated"
    refused = igcli("inspect", small_model, tmp_path / "nowhere")
    assert refused.exit_code == 2 and "nowhere" in refused.stderr


FIXED = ("--method", "riemann_left")


@pytest.mark.slow
def test_an_estimate_is_what_the_run_then_takes(
    igcli: Igcli, small_model: Path, tmp_path: Path
) -> None:
    inputs = tmp_path / "x.npy"
    pixels = np.random.default_rng(0).integers(0, 256, (300, 8, 8, 3), np.uint8)
    np.save(inputs, pixels)
    out = tmp_path / "out"
    common = (small_model, inputs, "--batch-size", 16)
    foreseen = inspected(igcli, *common, "--estimate")["estimate"]
    assert igcli("run", *common, "-o", out).exit_code == 0
    about = json.loads((out / "run.json").read_text())
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    assert foreseen["explanations"] == 300 > foreseen["sample"]
    assert foreseen["gradients"] == pytest.approx(about["batching"]["rows"], rel=0.2)
    assert foreseen["disk"] == pytest.approx(size, rel=0.35)
    assert foreseen["seconds"] > 0 and foreseen["memory"] > 2**27 and foreseen["failed"] == 0


@pytest.mark.slow
def test_an_estimate_in_words_counts_what_failed(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(next(photos.rglob("*.png")).read_bytes())
    (folder / "b.png").write_bytes(b"no picture")
    result = igcli("inspect", small_model, folder, "--estimate", "--no-overlays")
    assert result.exit_code == 0, result.output
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("estimate"))
    assert "(from 2 of them, 1 of which failed)" in line
    assert [line[:9] for line in result.stdout.splitlines()[-2:]] == ["certify  ", "store    "]


def test_an_estimate_needs_inputs(igcli: Igcli, small_model: Path) -> None:
    result = igcli("inspect", small_model, "--estimate")
    assert result.exit_code == 2 and "--estimate needs INPUTS" in result.stderr


@pytest.mark.slow
def test_settings_come_from_the_runs_table(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[run]\nmethod = "riemann_left"\nsteps = 3\nfail-on = "delta:1"\n')
    found = inspected(igcli, small_model, photos, "--config", config)
    assert found["method"] == "riemann_left, 3 steps"
