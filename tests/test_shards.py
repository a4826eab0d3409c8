"""Shards that fit together, and each way in which they may not."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.config import RunConfig
from igcli.errors import InputError, OutputError
from igcli.merge import merge
from igcli.pipeline import run
from igcli.plan import make_plan
from igcli.progress import untracked
from igcli.result import RunResult
from igcli.store.layout import part_path
from tests.fakes import Linear

SHAPE = (4, 5, 3)


def explain(config: RunConfig, **changes: Any) -> RunResult:
    model = Linear(SHAPE, np.ones((2, 60)))
    plan = make_plan(replace(config, **changes), lambda *arguments: model, lambda message: None)
    return run(plan, untracked)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Seven images, two of whose names differ in case alone."""
    random = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for name in ("a", "A", "b", "c", "d", "e", "ü f"):
        pixels = random.integers(1, 256, SHAPE, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{name}.png")
    return RunConfig(Path(__file__), tmp_path / "images", tmp_path / "out", target="top:2")


@pytest.fixture
def shards(config: RunConfig, tmp_path: Path) -> list[Path]:
    outs = [tmp_path / f"shard-{i}" for i in (1, 2, 3)]
    for i, out in enumerate(outs):
        assert explain(config, out=out, shard=(i + 1, 3)).exit_code == 0
    return outs


def files(out: Path) -> dict[str, bytes]:
    paths = [p for p in out.rglob("*") if p.is_file() and p.parent.name != "parts"]
    return {
        p.relative_to(out).as_posix(): p.read_bytes()
        for p in paths
        if p.name not in {"run.json", "attributions.h5"}
    }


def about(out: Path) -> Any:
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def refused(shards: list[Path]) -> str:
    out = shards[0].parent / "refused"
    with pytest.raises(InputError) as caught:
        merge(out, shards, False, untracked)
    assert not out.exists()
    return str(caught.value)


def test_a_merged_run_is_the_unsharded_one_and_needs_no_shard(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    explain(config, save=("npy",))
    result = merge(tmp_path / "merged", shards[::-1], False, untracked)
    assert result.exit_code == 0 and result.done == 14
    for shard in shards:
        shutil.rmtree(shard)
    merged = files(tmp_path / "merged")
    whole = files(config.out)
    npy = whole.pop("attributions.npy")
    assert merged == whole
    assert len([name for name in merged if name.startswith("overlays/")]) == 14
    with h5py.File(tmp_path / "merged" / "attributions.h5") as file:
        np.testing.assert_array_equal(
            file["attributions"][()].ravel(), np.frombuffer(npy[-14 * 240 :], np.float32)
        )
    there, here = about(tmp_path / "merged"), about(config.out)
    assert there["counts"] == here["counts"] and there["inputs"] == here["inputs"]
    assert there["input_sha256"] == here["input_sha256"]
    assert [origin["shard"] for origin in there["merged"]] == [[1, 3], [2, 3], [3, 3]]


def test_a_merged_run_resumes_as_the_whole_one(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    merge(tmp_path / "merged", shards, False, untracked)
    part_path(tmp_path / "merged", 4).unlink()
    result = explain(config, out=tmp_path / "merged", resume=True)
    assert result.complete and result.before == 10
    explain(config)
    assert files(tmp_path / "merged") == files(config.out)


def test_more_shards_than_inputs(config: RunConfig, tmp_path: Path) -> None:
    outs = [tmp_path / f"{i}" for i in range(9)]
    counts = [explain(config, out=o, shard=(i + 1, 9)).done for i, o in enumerate(outs)]
    assert sum(counts) == 14 and set(counts) == {0, 2}
    assert merge(tmp_path / "merged", outs, False, untracked).done == 14
    filled = [out for out, count in zip(outs, counts, strict=True) if count]
    assert merge(tmp_path / "again", filled, False, untracked).done == 14


def test_failed_inputs_of_a_shard_are_failed_in_the_whole(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    (config.inputs / "c.png").write_bytes(b"broken")
    assert explain(config, out=shards[1], shard=(2, 3), overwrite=True).exit_code == 3
    result = merge(tmp_path / "merged", shards, False, untracked)
    assert result.exit_code == 3
    assert [identity for identity, _ in result.tally.failures] == ["c.png@top1", "c.png@top2"]


def test_a_missing_shard_is_a_gap(shards: list[Path]) -> None:
    gap = "the shards leave a gap: inputs {} of 7 are in none of them"
    assert gap.format("1 to 2") in refused(shards[1:])
    assert gap.format("3 to 4") in refused([shards[0], shards[2]])
    assert gap.format("5 to 7") in refused(shards[:2])


def test_what_is_there_twice_overlaps(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    assert "shard-2 (2/3) overlap: both explain input 3 of 7" in refused([*shards, shards[1]])
    explain(config, out=tmp_path / "half", shard=(1, 2))
    assert "overlap: both explain input 1 of 7" in refused([*shards, tmp_path / "half"])


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"seed": 3}, "--seed is 0 there and 3 here"),
        ({"limit": 6}, "the inputs are 7 there and 6 here"),
        ({"baseline": ("white",)}, "--baseline is black there and white here"),
    ],
)
def test_shards_of_different_runs_are_refused(
    config: RunConfig, shards: list[Path], changes: dict[str, Any], difference: str
) -> None:
    explain(config, out=shards[2], shard=(3, 3), overwrite=True, **changes)
    said = refused(shards)
    assert "shard-3 (3/3) is of another run than" in said and difference in said


@pytest.mark.parametrize("status", ["running", "partial"])
def test_an_unfinished_shard_is_refused(shards: list[Path], status: str) -> None:
    path = shards[1] / "run.json"
    path.write_text(path.read_text().replace('"complete"', f'"{status}"'))
    assert f"shard-2 is unfinished: its run.json says {status}" in refused(shards)


def test_damage_is_found(shards: list[Path], tmp_path: Path) -> None:
    part = part_path(shards[1], 0)
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    assert "shard-2 is damaged: the part that begins with row 0" in refused(shards)
    manifest = shards[0] / "parts" / "manifest.jsonl"
    manifest.write_text("")
    assert "shard-1 is damaged: its manifest lists 0 of 4 rows" in refused(shards)


def test_what_is_no_run_is_no_shard(shards: list[Path], tmp_path: Path) -> None:
    assert "nowhere is no igcli run: there is no such folder" in refused(
        [*shards, tmp_path / "nowhere"]
    )
    assert "images is no igcli run: it has no run.json" in refused([*shards, tmp_path / "images"])


def test_out_is_looked_after(config: RunConfig, shards: list[Path], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="holds a run already"):
        merge(shards[0], shards, False, untracked)
    with pytest.raises(OutputError, match="lies in the run directory|is one of the shards"):
        merge(shards[0], shards, True, untracked)
    merge(tmp_path / "merged", shards, False, untracked)
    with pytest.raises(OutputError, match="holds a run already"):
        merge(tmp_path / "merged", shards, False, untracked)
    merge(tmp_path / "merged", shards, True, untracked)


def test_a_shards_random_baselines_and_mean_are_those_of_the_whole(
    config: RunConfig, tmp_path: Path
) -> None:
    for baseline in ("uniform", "mean"):
        explain(config, baseline=(baseline,), overwrite=True)
        outs = [tmp_path / f"{baseline}-{i}" for i in (1, 2)]
        for i, out in enumerate(outs):
            explain(config, baseline=(baseline,), out=out, shard=(i + 1, 2))
        merge(tmp_path / baseline, outs, False, untracked)
        with (
            h5py.File(tmp_path / baseline / "attributions.h5") as merged,
            h5py.File(config.out / "attributions.h5") as whole,
        ):
            np.testing.assert_allclose(
                merged["attributions"][()], whole["attributions"][()], rtol=1e-5
            )
