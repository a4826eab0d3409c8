"""Every preset in configs/ loads, and runs."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from igcli.drift.thresholds import COMPLETE, DEFAULT

FOLDER = Path(__file__).resolve().parent.parent / "configs"
DRIFT = FOLDER / "drift.toml"
CONFIGS = sorted(set(FOLDER.glob("*.toml")) - {DRIFT})
EXPECTED = {
    "mnist": {"method": "gausslegendre", "steps": 50, "baseline": ["black"], "target": "predicted"},
    "imagenet": {"method": "gausslegendre", "steps": 50, "preprocess": "symmetric"},
    "tf-tutorial": {
        "method": "riemann_trapezoid", "steps": 51, "resize": "pad", "preprocess": "unit",
        "scores": "probability",
    },
}  # fmt: skip


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


def test_the_drift_profile_loads(
    igcli: Callable[..., Result], small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert igcli("run", small_model, photos, "-o", out, "--no-overlays").exit_code == 0
    result = igcli("compare", out, out, "--config", DRIFT, "--json")
    assert result.exit_code == 0, result.output
    judged = [threshold["threshold"] for threshold in json.loads(result.stdout)["thresholds"]]
    assert judged == [*DEFAULT, *COMPLETE]
