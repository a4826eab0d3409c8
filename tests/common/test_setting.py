"""One more field is all that a setting takes: TOML, flags, run.json, identity and verify follow."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from igcli.cli.config_file import TABLES, read_toml
from igcli.cli.options import config_option, setting_option
from igcli.cli.run import command as run_command
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.sample import InputName
from igcli.common.setting import Decides, defaults_of, setting, settings_of
from igcli.runs.executors.local import ready
from igcli.store.identity import differences, identity

NAMES = [InputName(0, "a", "a")]


@dataclass(frozen=True, slots=True)
class More(RunConfig):
    """A run that can be asked for more."""

    smooth: int = 0
    mask: tuple[str, ...] = setting((), file=True, keywords=("none",))
    notes: Path | None = setting(None, file=True, decides=Decides.NOTHING)
    draft: bool = setting(False, decides=Decides.INTEGRAL)
    shown: bool = setting(True, decides=Decides.NOTHING)
    queue: str | None = setting(None, decides=Decides.NOTHING, executor="slurm")


@pytest.fixture
def config(tmp_path: Path) -> More:
    (tmp_path / "m.h5").write_bytes(b"model")
    return More(tmp_path / "m.h5", tmp_path / "x.npy", tmp_path / "out")


def test_it_is_a_key_of_a_toml_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, "run", More)
    (tmp_path / "mask.png").touch()
    (tmp_path / "none").touch()
    path = tmp_path / "igcli.toml"
    path.write_text('[run]\nsmooth = 8\nmask = ["x=mask.png", "none"]\nnotes = "mask.png"\n')
    file = str(tmp_path / "mask.png")
    assert read_toml(path, "run") == {
        "smooth": "8", "mask": [f"x={file}", "none"], "notes": file
    }  # fmt: skip
    path.write_text("[run]\nsmooth = [8]\n")
    with pytest.raises(ConfigError, match="'smooth' can't be a list"):
        read_toml(path, "run")


def test_it_is_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, "run", More)

    @click.command()
    @setting_option(More, "smooth", help="How often.")
    @setting_option(More, "mask")
    @setting_option(More, "draft")
    @setting_option(More, "shown")
    @setting_option(More, "queue")
    @config_option("run")
    def command(**given: Any) -> None:
        click.echo(json.dumps(given))

    def given(*arguments: str) -> Any:
        return json.loads(CliRunner().invoke(command, arguments).stdout)

    assert given() == {"smooth": 0, "mask": [], "draft": False, "shown": True, "queue": None}
    assert given("--smooth", "8", "--mask", "a", "--mask", "b", "--draft", "--no-shown") == {
        "smooth": 8, "mask": ["a", "b"], "draft": True, "shown": False, "queue": None
    }  # fmt: skip
    path = tmp_path / "igcli.toml"
    path.write_text("[run]\nsmooth = 8\n")
    assert given("--config", str(path))["smooth"] == 8
    assert "[default: 0]" in CliRunner().invoke(command, ["--help"]).stdout


def test_it_is_written_to_run_json_and_read_again(config: More) -> None:
    asked = replace(config, smooth=8, mask=("a", "b"), notes=Path("n.txt"), labels=Path("l.txt"))
    stored = json.loads(json.dumps(asked.to_dict()))
    assert (stored["smooth"], stored["mask"], stored["notes"]) == (8, ["a", "b"], "n.txt")
    assert More.from_dict(stored) == asked
    with pytest.raises(KeyError, match="mask"):
        More.from_dict({key: value for key, value in stored.items() if key != "mask"})


def test_it_tells_two_runs_apart_unless_it_is_marked(config: More, tmp_path: Path) -> None:
    there = json.loads(json.dumps(identity(config, NAMES)))
    other = replace(config, notes=Path("n.txt"), shown=False, queue="long")
    assert differences(there, identity(other, NAMES)) == []
    other = replace(config, smooth=8, mask=("a",), draft=True)
    assert differences(there, identity(other, NAMES)) == [
        "--smooth is 0 there and 8 here",
        "--mask is not given there and a here",
        "--draft is off there and on here",
    ]
    masks = [tmp_path / "one.png", tmp_path / "two.png"]
    one, two = (replace(config, mask=(f"x={mask}",)) for mask in masks)
    for mask in masks:
        mask.write_bytes(b"same")
    assert differences(identity(one, NAMES), identity(two, NAMES)) == []


def test_its_file_is_among_those_that_a_run_reads(config: More, tmp_path: Path) -> None:
    for name in ("mask.png", "notes.txt", "black.npy"):
        (tmp_path / name).touch()
    asked = replace(
        config,
        mask=("none", f"x={tmp_path / 'mask.png'}"),
        notes=tmp_path / "notes.txt",
        baseline=("black", f"y={tmp_path / 'black.npy'}"),
    )
    assert {path.name for path in asked.files()} == {"mask.png", "notes.txt", "black.npy"}
    assert list(config.files()) == []


def test_it_may_belong_to_another_executor(config: More) -> None:
    with (
        pytest.raises(ConfigError) as refused,
        ready(replace(config, queue="long"), lambda *_: None, print),  # type: ignore[arg-type]
    ):
        pass
    assert str(refused.value) == (
        "--queue long can't be used with --executor local: the run is one process\n"
        "to fix this: add --executor slurm, or leave it out"
    )


def test_every_setting_of_a_run_has_its_option() -> None:
    options = {p.name: p for p in run_command.params if isinstance(p, click.Option)}
    for name, declared in settings_of(RunConfig).items():
        if declared.is_argument:
            continue
        assert declared.flag in options[name].opts
        assert options[name].multiple == declared.repeatable
    assert {*options} - {*settings_of(RunConfig)} == {"as_json", "config", "debug"}


def test_a_run_of_an_igcli_without_it_was_at_its_default(config: More) -> None:
    known = identity(config, NAMES)
    there = {key: value for key, value in known.items() if key not in {"layer_input", "seed"}}
    assert differences(there, known) == []
    here = identity(replace(config, seed=3), NAMES)
    assert differences(there, here) == ["--seed is 0 there and 3 here"]
    assert "model" not in defaults_of(RunConfig) and defaults_of(RunConfig)["seed"] == 0
