"""Every command of the README runs, in order, in a folder that holds what a checkout holds."""

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
COMMANDS = [block for language, block in BLOCKS if language == "sh" and block.startswith("igcli ")]
COMMAND_NAMES = (
    "run", "inspect", "merge", "compare", "baseline", "verify", "render", "report", "reproduce",
)  # fmt: skip
SNIPPETS = [block for language, block in BLOCKS if language == "python"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("sample_data", "configs"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", COMMANDS)
def test_commands(igcli: Callable[..., Result], checkout: Path, block: str) -> None:
    for line in block.splitlines():
        assert line.startswith("igcli ")
        result = igcli(*shlex.split(line)[1:])
        assert result.exit_code == 0, result.output


def test_the_ci_recipe(igcli: Callable[..., Result], checkout: Path) -> None:
    first = next(block for block in COMMANDS if "igcli baseline" in block)
    (recipe,) = [block for language, block in BLOCKS if language == "yaml"]
    lines = [*first.splitlines(), *re.findall(r"run: (.*)", recipe)]
    ours = [line for line in lines if line.startswith("igcli ")]
    assert len(ours) == 4 and len(lines) == 6
    (checkout / "drift.md").write_text("of an earlier build")
    for line in lines:
        if line in ours:
            result = igcli(*shlex.split(line)[1:])
            assert result.exit_code == 0, result.output
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


def test_summary_and_snippets(
    igcli: Callable[..., Result], checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = igcli("run", "sample_data/digits.h5", "sample_data/digits", "-o", "out")
    shown = next(block for language, block in BLOCKS if "explained  10" in block)
    patterns = [re.escape(line) for line in shown.splitlines()[1:]]
    for line, said in zip(patterns, result.stdout.splitlines()[1:], strict=True):
        assert re.sub(r"[\d.]+", "0", said) == re.sub(r"[\d.]+", "0", line.replace("\\", ""))
    for snippet in SNIPPETS:
        exec(compile(snippet, "README.md", "exec"), {})
    assert "digit-3.png (10, 28, 28, 1)" in capsys.readouterr().out


def test_the_install_commands_are_the_ones_that_ci_runs() -> None:
    text = (ROOT / "README.md").read_text()
    for name in ("try", "test"):
        assert re.search(rf"<!-- command: {name} -->\n```sh\npython3 -m venv .venv && ", text)


def test_every_option_is_in_the_reference(igcli: Callable[..., Result]) -> None:
    reference = (ROOT / "README.md").read_text().split("## Reference")[1]
    for option in re.findall(
        r"--[a-z][a-z-]+", "".join(igcli(command, "--help").stdout for command in COMMAND_NAMES)
    ):
        assert f"`{option}`" in reference or option in {"--help", "--out", "--overlays", "--output"}
