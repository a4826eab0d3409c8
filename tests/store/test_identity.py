"""What must be equal for a run to go on, and how a difference is named."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from igcli.common.config import RunConfig
from igcli.common.sample import InputName
from igcli.store.identity import differences, identity

NAMES = [InputName(i, f"a-{i}", f"a[{i}]") for i in range(3)]
CHANGES: dict[str, Any] = {
    "method": "riemann_left", "tolerance": 0.1, "min_steps": 17, "max_steps": 64, "steps": 20,
    "baseline": ("white",), "target": "3", "truth": "folder", "where": ("wrong",),
    "labels": Path("labels.txt"), "preprocess": "raw",
    "resize": "pad", "image_size": (4, 5), "scores": "logit", "output": "y", "explain": ("x",),
    "layer": "conv", "layer_input": True, "precision": "bfloat16", "seed": 1,
    "profile_path": True, "allow_unsafe": True, "custom_objects": Path("c.py"),
    "shard": (1, 2), "bit_depth": 12, "bands": (3, 2, 1),
    "certify": "regions:4", "store": "regions", "store_dtype": "float16",
    "signature": "serve", "input_value": ("temperature=2",), "hold_mask": True,
    "keep_baselines": True,
}  # fmt: skip
FREE: dict[str, Any] = {
    "inputs": Path("elsewhere"), "out": Path("other"), "overwrite": True, "resume": True,
    "fail_on": ("unconverged",), "on_error": "stop", "save": ("npy",), "batch_size": 3,
    "memory": 10, "device": "cpu", "limit": 3, "overlays": False, "style": "heat",
    "executor": "ray", "ray_address": "auto", "workers": 2, "gpus_per_worker": 0.5,
    "cpus_per_worker": 4,
}  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "m.h5").write_bytes(b"model")
    return RunConfig(tmp_path / "m.h5", Path("inputs"), Path("out"))


def stored(config: RunConfig, names: list[InputName] = NAMES) -> Any:
    return json.loads(json.dumps(identity(config, names)))


def test_every_setting_is_judged() -> None:
    assert {field.name for field in fields(RunConfig)} == {*CHANGES, *FREE, "model"}


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_that_changes_the_result_is_named(config: RunConfig, name: str) -> None:
    changed = identity(replace(config, **{name: CHANGES[name]}), NAMES)
    (difference,) = differences(stored(config), changed)
    assert difference.startswith(f"--{name.replace('_', '-')} is ")
    assert differences(stored(replace(config, **{name: CHANGES[name]})), changed) == []


@pytest.mark.parametrize("name", FREE)
def test_how_a_run_is_carried_out_is_free(config: RunConfig, name: str) -> None:
    assert differences(stored(config), identity(replace(config, **{name: FREE[name]}), NAMES)) == []


def test_a_shard_reads_as_it_was_given(config: RunConfig) -> None:
    here = identity(replace(config, shard=(2, 3)), NAMES)
    there = stored(replace(config, shard=(1, 2)))
    assert differences(there, here) == ["--shard is 1/2 there and 2/3 here"]


def test_a_difference_says_both_values(config: RunConfig) -> None:
    here = identity(replace(config, steps=20, layer_input=True, baseline=("white",)), NAMES)
    assert differences(stored(config), here) == [
        "--steps is not given there and 20 here",
        "--baseline is not given there and white here",
        "--layer-input is off there and on here",
    ]


def test_the_model_counts_by_its_content(config: RunConfig, tmp_path: Path) -> None:
    there = stored(config)
    moved = config.model.rename(tmp_path / "moved.h5")
    assert differences(there, identity(replace(config, model=moved), NAMES)) == []
    moved.write_bytes(b"retrained")
    assert differences(there, identity(replace(config, model=moved), NAMES)) == [
        "the model is another"
    ]


def test_inputs_count_by_name(config: RunConfig) -> None:
    there = stored(config)
    assert differences(there, identity(config, NAMES[:2])) == ["the inputs are 3 there and 2 here"]
    other = [NAMES[0], NAMES[1], replace(NAMES[2], id="b")]
    assert differences(there, identity(config, other)) == ["the inputs have other names"]
    other[2] = replace(NAMES[2], path="another/place")
    assert differences(there, identity(config, other)) == []
    other[2] = replace(NAMES[2], further=(("age", "3"),))
    assert differences(there, identity(config, other)) == ["their list says otherwise"]


def test_listed_baselines_count_by_what_is_in_them(config: RunConfig, tmp_path: Path) -> None:
    def here(name: str) -> dict[str, Any]:
        file = tmp_path / name
        return identity(config, [replace(NAMES[0], baseline=str(file)), *NAMES[1:]])

    (tmp_path / "a.png").write_text("one")
    (tmp_path / "b.png").write_text("one")
    (tmp_path / "c.png").write_text("another")
    assert differences(here("a.png"), here("b.png")) == []
    assert differences(here("a.png"), here("c.png")) == ["their list says otherwise"]


@pytest.mark.parametrize(
    "flag", ["labels", "target", "truth", "custom_objects", "baseline", "named"]
)
def test_files_count_by_what_is_in_them(config: RunConfig, tmp_path: Path, flag: str) -> None:
    file = tmp_path / "file.npy"
    file.write_text("one")
    value: Any = {
        "target": str(file),
        "truth": str(file),
        "baseline": (str(file),),
        "named": (f"x={file}",),
    }.get(flag, file)
    given = replace(config, **{"baseline" if flag == "named" else flag: value})
    there = stored(given)
    assert differences(there, identity(given, NAMES)) == []
    file.write_text("another")
    (difference,) = differences(there, identity(given, NAMES))
    assert "file " in difference and str(tmp_path) not in difference


def test_references_count_by_what_their_folder_has(config: RunConfig, tmp_path: Path) -> None:
    drawn = replace(config, baseline=(f"data:{tmp_path}:3",))
    before = identity(drawn, NAMES)
    (tmp_path / "one-more.png").write_bytes(b"1")
    assert differences(before, identity(drawn, NAMES))[0].startswith("--baseline is data:files ")
