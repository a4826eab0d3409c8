"""Options without meaning, what ends an example before and after it begins, its runs."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, InputError, RunStopped
from igcli.common.progress import untracked
from igcli.reproduce.example_run import ExampleRun
from igcli.reproduce.fetch import Cache
from igcli.reproduce.reproduce import reproduce
from igcli.reproduce.request import ExampleRequest
from igcli.reproduce.tools import Tools


def tools(tmp_path: Path) -> Tools:
    def explain(config: RunConfig, begin: Any) -> Any:
        raise AssertionError(config)

    said: list[str] = []
    return Tools(explain, lambda unit: untracked, said.append, Cache(tmp_path, untracked, print))


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
    request = ExampleRequest(example, out, **{option: value})
    with pytest.raises(ConfigError, match=f"--{option.replace('_', '-')} has no meaning"):
        reproduce(request, tools(tmp_path))
    assert not out.exists()


def test_a_run_that_stopped_ends_the_example(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def explain(config: RunConfig, begin: Any) -> Any:
        assert config == RunConfig(
            model=Path("m.h5"),
            inputs=Path("x.npy"),
            out=out / "run",
            method="gausslegendre",
            steps=9,
            baseline=("black",),
            preprocess="unit",
        )
        begin()
        (out / "run").mkdir()
        advice = "free the disk, then run again with --resume"
        stopped = RunStopped("stopped (3 that --resume computes again)", "no space", advice)
        return None, SimpleNamespace(complete=False, done=4, asked=10, stopped=stopped)

    request = ExampleRequest("mnist", out, data=Path("d.npz"), epochs=2, seed=3, as_published=True)
    with (
        pytest.raises(RunStopped) as error,
        ExampleRun(request, replace(tools(tmp_path), explain=explain)) as example,
    ):
        config = example.config(Path("m.h5"), Path("x.npy"))
        example.explain(replace(config, steps=9), "run")
    assert str(error.value) == (
        f"stopped before mnist was finished: {out}/run has 4 of 10 explanations: no space; "
        f"{out} holds run\n"
        f"to fix this: start again: igcli reproduce mnist -o {out} --data d.npz --epochs 2 "
        "--seed 3 --as-published --overwrite"
    )
    assert json.loads((out / "reproduce.json").read_text())["status"] == "stopped"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), "stopped before iris was finished: OUT holds model.keras"),
        (OSError(28, "No space left on device"), "No space left on device; OUT holds model.keras"),
        (ConfigError("a", "b", "c"), "a: b; OUT holds model.keras"),
    ],
)
def test_what_ends_an_example_once_it_began_is_said(
    tmp_path: Path, error: BaseException, said: str
) -> None:
    out = tmp_path / "out"
    with (
        pytest.raises(RunStopped) as found,
        ExampleRun(ExampleRequest("iris", out), tools(tmp_path)) as example,
    ):
        example.begin()
        (out / "model.keras").touch()
        raise error
    assert said in str(found.value).replace(str(out), "OUT", 1)
    assert f"start again: igcli reproduce iris -o {out} --overwrite" in found.value.fix
    names = sorted(path.name for path in out.iterdir())
    assert names == ["model.keras", "reproduce.json"]
    assert json.loads((out / "reproduce.json").read_text())["status"] == "stopped"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InputError("a"), ZeroDivisionError()])
def test_what_ends_an_example_before_it_began_leaves_nothing(
    tmp_path: Path, error: BaseException
) -> None:
    out = tmp_path / "new" / "out"
    with (
        pytest.raises(type(error)),
        ExampleRun(ExampleRequest("iris", out), tools(tmp_path)) as example,
    ):
        example.early("flowers.npy").write_bytes(b"x")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_finished_is_replaced_unasked(tmp_path: Path) -> None:
    seen = []

    def explain(config: RunConfig, begin: Any) -> Any:
        seen.append(config.overwrite)
        raise KeyboardInterrupt

    for begins in (True, False):
        with (
            pytest.raises((RunStopped, KeyboardInterrupt)),
            ExampleRun(
                ExampleRequest("iris", tmp_path / "o"), replace(tools(tmp_path), explain=explain)
            ) as example,
        ):
            if begins:
                example.begin()
            example.explain(example.config(Path("m.h5"), Path("x.npy")), "run")
    assert seen == [False, True]
