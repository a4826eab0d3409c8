"""Every command and snippet of README and pages runs, in order, where a checkout's files lie."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from click.testing import Result

from igcli.models.open import open_model
from tests.conftest import ROOT
from tests.system.documents import ALL, PAGES, README

Igcli = Callable[..., Result]
# What takes more than a few seconds.
SLOW = {"accuracy", "examples", "inputs"}
MARKED = "python3 -m venv .venv && "
# Most commands explain with the same model: it is loaded once for all of them.
open_once = cache(open_model)


@pytest.fixture
def checkout(
    tmp_path: Path, small_model: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder with what a checkout holds, and the files that a reader is asked to bring."""
    for name in ("sample_data", "configs"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("my-model", "my-model-2", "my-model-3"):
        shutil.copy(small_model, tmp_path / f"{name}.keras")
    (tmp_path / "my-photos").symlink_to(photos)
    (tmp_path / "my-labels.txt").write_text("cat\ndog\nbird\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("igcli.models.open.open_model", open_once)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in ALL],
)
def test_commands_and_snippets(igcli: Igcli, checkout: Path, name: str) -> None:
    for language, block in ALL[name].blocks:
        if language == "python":
            exec(compile(block, name, "exec"), {})
        elif language == "sh" and not block.startswith(MARKED):
            for line in block.splitlines():
                run(igcli, line)


def run(igcli: Igcli, line: str) -> None:
    program, *arguments = shlex.split(line)
    assert program == "igcli", line
    result = igcli(*arguments)
    assert result.exit_code == 0, f"{line}\n{result.output}"


@pytest.mark.slow
def test_the_ci_recipe(igcli: Igcli, checkout: Path) -> None:
    (first,) = [block for block in README.of("sh") if "igcli baseline" in block]
    (recipe,) = README.of("yaml")
    assert PAGES["drift"].of("yaml") == [recipe] and first in PAGES["drift"].of("sh")
    lines = [*first.splitlines(), *re.findall(r"run: (.*)", recipe)]
    ours = [line for line in lines if line.startswith("igcli ")]
    assert len(ours) == 6 and len(lines) == 8
    (checkout / "drift.md").write_text("of an earlier build")
    for line in lines:
        if line in ours:
            run(igcli, line)
        else:
            in_a_step(line, checkout)
    assert "no drift" in (checkout / "drift.md").read_text()
    assert "<testcase" in (checkout / "drift.xml").read_text()
    summary = checkout / "summary.md"
    assert summary.read_text() == (checkout / "drift.md").read_text()
    # Wrong usage writes no report: what follows says so, and does not fail.
    summary.unlink()
    before, after = (line for line in lines if line not in ours)
    in_a_step(before, checkout)
    in_a_step(after, checkout)
    assert summary.read_text() == "igcli has not compared: see its step\n"


def in_a_step(line: str, checkout: Path) -> None:
    """Run a line as GitHub Actions does."""
    environment = {**os.environ, "GITHUB_STEP_SUMMARY": str(checkout / "summary.md")}
    subprocess.run(["bash", "-e", "-c", line], cwd=checkout, env=environment, check=True)


def test_the_summary_is_as_shown(igcli: Igcli, checkout: Path) -> None:
    result = igcli("run", "sample_data/digits.h5", "sample_data/digits", "-o", "out")
    (shown,) = README.of("text")
    for line, said in zip(shown.splitlines(), result.stdout.splitlines(), strict=True):
        assert re.sub(r"[\d.]+", "0", said) == re.sub(r"[\d.]+", "0", line)


def test_the_snippet_prints_a_map(
    igcli: Igcli, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    igcli("run", "sample_data/digits.h5", "sample_data/digits", "-o", "out")
    exec(compile(PAGES["run-directory"].of("python")[0], "run-directory", "exec"), {})
    assert "digit-3.png (10, 28, 28, 1)" in capsys.readouterr().out


def test_the_install_commands_are_the_ones_that_ci_runs() -> None:
    for name in ("try", "test"):
        assert re.search(rf"<!-- command: {name} -->\n```sh\n{MARKED}", README.text)
    assert sum(block.startswith(MARKED) for block in README.of("sh")) == 2
