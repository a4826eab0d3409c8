import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from igcli.cli.config_file import read_toml
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError

CONFIG = RunConfig(Path("m.keras"), Path("photos"), Path("out"))


def toml(folder: Path, text: str) -> Path:
    path = folder / "igcli.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_are_the_documented_ones() -> None:
    assert CONFIG.to_dict() == {
        "model": "m.keras",
        "inputs": "photos",
        "out": "out",
        "method": "adaptive",
        "tolerance": None,
        "min_steps": None,
        "max_steps": None,
        "memory": None,
        "steps": None,
        "baseline": (),
        "target": "predicted",
        "truth": None,
        "where": (),
        "labels": None,
        "preprocess": None,
        "bit_depth": None,
        "bands": None,
        "resize": None,
        "image_size": None,
        "scores": "as-is",
        "output": None,
        "explain": (),
        "layer": None,
        "layer_input": False,
        "signature": None,
        "input_value": (),
        "hold_mask": False,
        "batch_size": None,
        "device": "auto",
        "precision": "float32",
        "seed": 0,
        "limit": None,
        "save": (),
        "fail_on": (),
        "keep_baselines": False,
        "profile_path": False,
        "certify": "pixels",
        "store": "pixels",
        "store_dtype": "float32",
        "overlays": True,
        "style": "auto",
        "overwrite": False,
        "resume": False,
        "shard": None,
        "on_error": "continue",
        "allow_unsafe": False,
        "custom_objects": None,
        "executor": "local",
        "ray_address": None,
        "workers": None,
        "gpus_per_worker": None,
        "cpus_per_worker": None,
    }


def test_settings_survive_json() -> None:
    config = RunConfig(
        Path("m"), Path("i"), Path("o"), labels=Path("l.txt"), image_size=(3, 4), save=("npy",)
    )
    read = json.loads(json.dumps(config.to_dict()))
    assert (read["labels"], read["image_size"], read["save"]) == ("l.txt", [3, 4], ["npy"])


def test_a_config_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        CONFIG.steps = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[run]\n", {}),
        ("[drift]\nforce = true\n[run]\nsteps = 20\n", {"steps": "20"}),
        ("[run]\nsteps = 20\n", {"steps": "20"}),
        ("[run]\nallow-unsafe = true\n", {"allow_unsafe": "True"}),
        ("[run]\nsteps = 50.5\n", {"steps": "50.5"}),
        ("[run]\nbatch-size = 8\n", {"batch_size": "8"}),
        ("[run]\nbatch_size = 8\n", {"batch_size": "8"}),
        ('[run]\nsave = ["npy"]\noverlays = false\n', {"save": ["npy"], "overlays": "False"}),
        ('[run]\nsave = "npy"\n', {"save": ["npy"]}),
        ('[run]\nbaseline = "blur:5"\n', {"baseline": ["blur:5"]}),
        (
            '[run]\nbaseline = ["black,white", "uniform*5"]\n',
            {"baseline": ["black", "white", "uniform*5"]},
        ),
        ('[run]\nbaseline = "a=black,white"\n', {"baseline": ["a=black", "a=white"]}),
        ('[run]\nimage-size = "224x224"\n', {"image_size": "224x224"}),
        ("[run]\nlimit = 3 # a comment\nseed = 7\n", {"limit": "3", "seed": "7"}),
    ],
)
def test_toml_becomes_option_defaults_as_flags_would_be_typed(
    tmp_path: Path, text: str, expected: dict[str, object]
) -> None:
    assert read_toml(toml(tmp_path, text), "run") == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[run]\nstepz = 3\n", "unknown key 'stepz' in \\[run\\]"),
        ("[run]\nbatch--size = 3\n", "unknown key 'batch--size'"),
        ('[run]\nmodel = "m.keras"\n', "unknown key 'model'"),
        ('[run]\ninputs = "x"\n', "unknown key 'inputs'"),
        ('[run]\nout = "x"\n', "unknown key 'out'"),
        ("steps = 3\n", "unknown key 'steps'"),
        ("[compare]\nsteps = 3\n", "unknown key 'compare'"),
        ("", "has no table \\[run\\]: it has nothing"),
        ("[drift]\nforce = true\n", "has no table \\[run\\]: it has \\[drift\\]"),
        ("[run]\n[run.baseline]\na = 1\n", "'baseline' can't be a table"),
        ("run = 3\n", "'run' is not a table"),
        ("[run]\nsteps = \n", "is not TOML"),
        ("[run]\nsteps = 1\nsteps = 2\n", "is not TOML"),
    ],
)
def test_what_no_flag_goes_by_is_an_error(tmp_path: Path, text: str, problem: str) -> None:
    path = toml(tmp_path, text)
    with pytest.raises(ConfigError, match=problem) as caught:
        read_toml(path, "run")
    assert str(path) in str(caught.value)


def test_an_unknown_key_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_toml(toml(tmp_path, "[run]\nstepz = 3\n"), "run")
    assert "steps" in caught.value.fix and "batch-size" in caught.value.fix
    assert "inputs" not in caught.value.fix


def test_a_key_given_in_both_spellings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="batch-size"):
        read_toml(toml(tmp_path, "[run]\nbatch-size = 8\nbatch_size = 9\n"), "run")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none.toml can't be read: No such file"):
        read_toml(tmp_path / "none.toml", "run")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        read_toml(tmp_path, "run")


def test_bytes_that_are_no_utf8_are_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[run]\nbaseline = '\xff'\n")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_toml(path, "run")


@pytest.mark.parametrize("key", ["baseline", "labels", "target"])
def test_a_file_beside_the_toml_is_taken_from_there(tmp_path: Path, key: str) -> None:
    (tmp_path / "beside.txt").write_text("x")
    path = toml(tmp_path, f'[run]\n{key} = "beside.txt"\n')
    want = str(tmp_path / "beside.txt")
    assert read_toml(path, "run") == {key: [want] if key == "baseline" else want}


@pytest.mark.parametrize("key", ["baseline", "labels", "target"])
def test_a_file_elsewhere_keeps_its_name(tmp_path: Path, key: str) -> None:
    path = toml(tmp_path, f'[run]\n{key} = "elsewhere.txt"\n')
    want = "elsewhere.txt"
    assert read_toml(path, "run") == {key: [want] if key == "baseline" else want}


def test_a_file_for_one_of_several_inputs_is_taken_from_beside_the_toml(tmp_path: Path) -> None:
    (tmp_path / "start.npy").write_text("x")
    path = toml(tmp_path, '[run]\nbaseline = ["image=start.npy", "numeric=zeros"]\n')
    want = [f"image={tmp_path / 'start.npy'}", "numeric=zeros"]
    assert read_toml(path, "run") == {"baseline": want}


def test_an_absolute_file_keeps_its_name(tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("x")
    (tmp_path / "conf").mkdir()
    path = toml(tmp_path / "conf", f'[run]\nlabels = "{labels}"\n')
    assert read_toml(path, "run") == {"labels": str(labels)}


def test_a_class_name_too_long_for_a_file_name_is_left_alone(tmp_path: Path) -> None:
    path = toml(tmp_path, f'[run]\ntarget = "{"x" * 300}"\n')
    assert read_toml(path, "run") == {"target": "x" * 300}
