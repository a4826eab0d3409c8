"""What every worker must see: OUT, INPUTS and MODEL, and the folder that igcli was started in."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, InputError, OutputError
from igcli.runs.executors.ray.shared_files import Token, check_sees, enter_folder, token_in


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "m.h5").touch()
    (tmp_path / "inputs").mkdir()
    return RunConfig(tmp_path / "m.h5", tmp_path / "inputs", tmp_path / "deep" / "out")


@pytest.mark.parametrize("there", [True, False])
def test_a_shared_folder_passes_and_keeps_no_trace(config: RunConfig, there: bool) -> None:
    if there:
        config.out.mkdir(parents=True)
    before = sorted(config.out.parents[1].rglob("*"))
    with token_in(config.out) as token:
        assert token.path.parent == (config.out if there else config.out.parents[1])
        check_sees(config, token, "node-1")
    assert sorted(config.out.parents[1].rglob("*")) == before


def test_an_out_of_the_nodes_own_is_named(config: RunConfig, tmp_path: Path) -> None:
    """The same path on another disk: the token is not there, or is another run's."""
    token = Token(tmp_path / ".0.tmp", "mine")
    for text in (None, "another's"):
        if text:
            token.path.write_text(text)
        with pytest.raises(OutputError) as caught:
            check_sees(config, token, "node-1")
        assert f"the worker on node-1 does not see OUT {config.out}" in str(caught.value)
        assert "shared" in caught.value.fix or "share" in caught.value.fix


@pytest.mark.parametrize("what", ["model", "inputs"])
def test_what_is_missing_is_named(config: RunConfig, what: str, tmp_path: Path) -> None:
    changed: dict[str, Any] = {what: tmp_path / "elsewhere"}
    elsewhere = replace(config, **changed)
    with token_in(config.out) as token, pytest.raises(InputError) as caught:
        check_sees(elsewhere, token, "node-1")
    assert f"on node-1 does not see {what.upper()} {tmp_path}/elsewhere" in str(caught.value)


def test_relative_paths_need_the_folder(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gone = tmp_path / "gone"
    enter_folder(gone, config, "node-1")
    with pytest.raises(ConfigError, match="node-1 does not see the folder .*gone: in is relative"):
        enter_folder(gone, replace(config, inputs=Path("in")), "node-1")
    (tmp_path / "there").mkdir()
    enter_folder(tmp_path / "there", config, "node-1")
    assert os.getcwd() == str(tmp_path / "there")
