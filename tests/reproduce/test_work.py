"""Who may write to OUT, options without meaning, a run that stopped."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from igcli.errors import ConfigError, OutputError, RunStopped
from igcli.progress import untracked
from igcli.reproduce.examples import reproduce
from igcli.reproduce.fetch import Cache
from igcli.reproduce.presets import preset
from igcli.reproduce.work import Asked, Tools, Work


def tools(tmp_path: Path) -> Tools:
    def explain(arguments: Any) -> Any:
        raise AssertionError(arguments)

    said: list[str] = []
    return Tools(explain, lambda unit: untracked, said.append, Cache(tmp_path, untracked, print))


def test_out_is_taken_only_from_the_same_example(tmp_path: Path) -> None:
    out = tmp_path / "out"
    Work(Asked("mnist", out), tools(tmp_path)).begin()
    about = json.loads((out / "reproduce.json").read_text())
    assert about["status"] == "running" and about["asked"]["example"] == "mnist"
    with pytest.raises(OutputError, match="add --overwrite"):
        Work(Asked("mnist", out), tools(tmp_path))
    Work(Asked("mnist", out, overwrite=True), tools(tmp_path))
    with pytest.raises(OutputError, match="holds the example mnist"):
        Work(Asked("iris", out, overwrite=True), tools(tmp_path))
    (out / "reproduce.json").unlink()
    (out / "mine.txt").touch()
    with pytest.raises(OutputError, match="no example of igcli"):
        Work(Asked("mnist", out, overwrite=True), tools(tmp_path))
    with pytest.raises(OutputError, match="is a file"):
        Work(Asked("mnist", out / "mine.txt"), tools(tmp_path))


@pytest.mark.parametrize(
    ("example", "option", "value"),
    [
        ("mnist", "labels", Path("x")),
        ("imagenet", "epochs", 1),
        ("tf-tutorial", "as_published", True),
        ("tf-tutorial", "epochs", 1),
        ("iris", "labels", Path("x")),
        ("two-inputs", "data", Path("x")),
        ("two-inputs", "as_published", True),
    ],
)
def test_options_without_meaning_are_refused(
    tmp_path: Path, example: str, option: str, value: Any
) -> None:
    out = tmp_path / "out"
    asked = Asked(example, out, **{option: value})
    with pytest.raises(ConfigError, match=f"--{option.replace('_', '-')} has no meaning"):
        reproduce(asked, tools(tmp_path))
    assert not out.exists()


def test_a_run_that_stopped_ends_the_example(tmp_path: Path) -> None:
    def explain(arguments: Any) -> Any:
        assert arguments[:4] == ["m.h5", "x.npy", "-o", str(tmp_path / "out" / "run")]
        assert arguments[4:] == ["--config", str(preset("mnist")), "--steps", "9"]
        return None, SimpleNamespace(complete=False, stopped=RunStopped("stopped early"))

    work = Work(Asked("mnist", tmp_path / "out"), replace(tools(tmp_path), explain=explain))
    work.begin()
    with pytest.raises(RunStopped, match="stopped early") as error:
        work.explain(Path("m.h5"), Path("x.npy"), "run", ["--steps", "9"])
    assert error.value.fix == "start again with --overwrite"
