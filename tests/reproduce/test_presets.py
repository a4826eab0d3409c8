"""The presets: found, read as by the command line, and in commands that ask for the same run."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from igcli.cli.run import command
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.reproduce.examples import EXAMPLES
from igcli.reproduce.presets import preset_config, preset_path, run_command

MODEL, INPUTS, OUT = Path("m.h5"), Path("x y.npy"), Path("out")


def as_on_the_command_line(words: list[str]) -> RunConfig:
    """Read the words of `igcli run …` as the program does."""
    assert words[:2] == ["igcli", "run"]
    settings = command.make_context("run", words[2:]).params
    return RunConfig(**{name: value for name, value in settings.items() if name != "as_json"})


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_has_a_preset(root: Path, name: str) -> None:
    assert preset_path(name).read_bytes() == (root / "configs" / f"{name}.toml").read_bytes()


def test_a_preset_that_is_not_installed() -> None:
    with pytest.raises(ConfigError, match="igcli has no preset"):
        preset_path("nothing")


def test_a_preset_holds_the_published_settings() -> None:
    assert preset_config("tf-tutorial", MODEL, INPUTS, OUT) == RunConfig(
        model=MODEL,
        inputs=INPUTS,
        out=OUT,
        method="riemann_trapezoid",
        steps=51,
        baseline=("black",),
        target="predicted",
        preprocess="unit",
        resize="pad",
        scores="probability",
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_preset_is_what_config_reads(name: str) -> None:
    words = ["igcli", "run", str(MODEL), str(INPUTS), "-o", str(OUT)]
    read = as_on_the_command_line([*words, "--config", str(preset_path(name))])
    assert preset_config(name, MODEL, INPUTS, OUT) == read


def test_a_command_says_what_is_not_as_the_preset_says() -> None:
    config = preset_config("iris", MODEL, INPUTS, OUT)
    config = replace(config, method="riemann_left", labels=Path("l.txt"), profile_path=True, seed=3)
    assert run_command(config, "iris") == (
        f"igcli run m.h5 'x y.npy' -o out --config {preset_path('iris')} --method riemann_left "
        "--labels l.txt --seed 3 --profile-path"
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_command_asks_for_the_same_run(name: str, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.touch()
    config = replace(
        preset_config(name, MODEL, INPUTS, OUT),
        target="7",
        steps=241,
        baseline=("uniform", "mean"),
        labels=labels,
        preprocess="raw",
        overlays=False,
        profile_path=True,
        seed=5,
    )
    assert as_on_the_command_line(shlex.split(run_command(config, name))) == config
