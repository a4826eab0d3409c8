"""A run that certifies or keeps regions is held against their mass, computed anew."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.config import RunConfig
from tests.evaluation.test_verify import edit, explain, found, setting, verified, words
from tests.fakes import Edges

SHAPE = (8, 10)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(5).uniform(0.1, 1.0, (6, *SHAPE)).astype(np.float32))
    (tmp_path / "model.h5").write_bytes(b"a model")
    return RunConfig(tmp_path / "model.h5", path, tmp_path / "out", overlays=False)


ASKED: list[dict[str, Any]] = [
    {},
    {"certify": "regions"},
    {"store": "regions"},
    {"store_dtype": "float16"},
    {"certify": "regions", "store_dtype": "float16"},
    {"certify": "regions:2", "store": "regions"},
    {"method": "riemann_middle", "steps": 20, "store": "regions"},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_an_honest_run_is_what_it_says(config: RunConfig, asked: dict[str, Any]) -> None:
    explain(config, Edges(SHAPE), **asked)
    result = verified(config, Edges(SHAPE), count=6)
    assert result.exit_code == 0, words(result)
    is_adaptive, has_pixels = "method" not in asked, "store" not in asked
    for row in result.rows:
        assert row.measured_regions is not None
        assert (row.measured_error is not None) is has_pixels
        assert (row.regions_error is not None) is is_adaptive
        if row.regions_error is not None and row.finer_regions_error is not None:
            assert row.measured_regions <= row.regions_error + row.finer_regions_error + 1e-5
    lines = [line for line in result.lines() if line.startswith("regions    measured: median")]
    assert len(lines) == 1 and ("of its estimate" in lines[0]) is is_adaptive
    said = result.to_dict()
    assert said["measured_regions"]["median"] >= 0.0
    assert (said["measured_error"] is None) is not has_pixels


@pytest.mark.parametrize("store", ["pixels", "regions"])
def test_only_recomputing_tells_moved_mass(config: RunConfig, store: str) -> None:
    explain(config, Edges(SHAPE), store=store, certify="regions")

    def move(file: Any) -> None:
        file["regions"][2] = file["regions"][2][:, ::-1]

    edit(config.out, move)
    result = verified(config, Edges(SHAPE), count=6)
    assert found(result) == [("x-000002", "regions")]
    said = "not that of its map" if store == "pixels" else "the mass of its regions is off by"
    assert said in words(result)


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("regions_errors", 0.3, "converged"),
        ("regions_errors", np.nan, "regions_error"),
        ("regions_errors", 1e-9, "regions"),
        ("attribution_sums", 3.0, "attribution_sum"),
        ("regions", np.nan, "regions"),
    ],
)
def test_a_changed_number_is_found(config: RunConfig, name: str, value: float, check: str) -> None:
    explain(config, Edges(SHAPE), certify="regions", store="regions")
    edit(config.out, setting(name, 1, value))
    result = verified(config, Edges(SHAPE), count=6)
    assert ("x-000001", check) in found(result) and {i for i, _ in found(result)} == {"x-000001"}


def test_a_rule_is_held_to_its_own_mass(config: RunConfig) -> None:
    explain(config, Edges(SHAPE), method="riemann_middle", steps=9, store="regions")

    def scale(file: Any) -> None:
        file["regions"][3, :, 0] *= 1.2
        total = float((file["regions"][3, 0] - file["regions"][3, 1]).sum(dtype=np.float64))
        shift = total - file["attribution_sums"][3]
        file["attribution_sums"][3] = total
        file["deltas"][3] += shift
        change = file["scores"][3] - file["baseline_scores"][3]
        file["relative_deltas"][3] = abs(file["deltas"][3] / change)

    edit(config.out, scale)
    result = verified(config, Edges(SHAPE), count=6)
    assert {identity for identity, _ in found(result)} == {"x-000003"}
    assert "its regions differ by" in words(result)
