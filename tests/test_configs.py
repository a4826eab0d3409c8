"""Every preset in configs/ loads, and runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

CONFIGS = sorted((Path(__file__).resolve().parent.parent / "configs").glob("*.toml"))
EXPECTED: dict[str, dict[str, object]] = {
    "drift": {},
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
