"""`igcli help` and `igcli --help`: what they list and print, how fast, and with what."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from igcli.cli.main import COMMANDS, GROUPS, cli

Igcli = Callable[..., Result]


def test_the_commands_are_listed_in_groups_with_whole_sentences(igcli: Igcli) -> None:
    said = igcli("--help").stdout
    usage, _, listed = said.partition("\n")
    assert "COMMAND [ARGS]..." in usage and "..." not in listed and "Commands:" not in listed
    at = [said.index(f"\n{title}:\n") for title in GROUPS]
    assert at == sorted(at)
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None and command.help
        sentence = re.split(r"(?<=\.)\s", command.help)[0]
        assert f" {name} {' '.join(sentence.split())} " in f" {' '.join(listed.split())} "


def test_a_page_is_printed_as_it_is(igcli: Igcli, root: Path) -> None:
    page = root / "igcli" / "docs" / "drift.md"
    result = igcli("help", "drift")
    assert result.exit_code == 0 and result.stdout == page.read_text("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_name_prints_its_help(igcli: Igcli, name: str) -> None:
    assert igcli("help", name).stdout == igcli(name, "--help").stdout


@pytest.mark.parametrize(
    ("topic", "hint"), [("drfit", "did you mean drift? "), ("Rnu", "did you mean run? "), ("x", "")]
)
def test_an_unknown_topic_is_refused(igcli: Igcli, topic: str, hint: str) -> None:
    result = igcli("help", topic)
    assert result.exit_code == 2 and result.stdout == ""
    assert result.stderr == (
        f"igcli: there is no page and no command {topic!r}\n"
        f"to fix this: {hint}igcli help lists the pages, igcli --help the commands\n"
    )


@pytest.mark.parametrize("topic", [[], ["drift"]])
def test_it_is_light_and_fast(topic: list[str]) -> None:
    """Counted in processor time, which what runs beside it disturbs less."""
    code = (
        "import sys\nfrom igcli.cli.main import cli\n"
        f"cli({['help', *topic]!r}, standalone_mode=False)\n"
        "print('MODULES', *sys.modules)"
    )
    seconds = []
    for _ in range(3):
        before = os.times()
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        after = os.times()
        user = after.children_user - before.children_user
        seconds.append(user + after.children_system - before.children_system)
    loaded = set(run.stdout.split("MODULES")[1].split())
    assert not {"tensorflow", "keras", "numpy", "PIL", "h5py"} & loaded
    assert min(seconds) < 0.3


def test_a_terminal_gets_the_pager(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\ncat\n")
    pager.chmod(0o755)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "igcli", "help", "drift"],
        stdin=theirs, stdout=theirs, env={**os.environ, "PAGER": str(pager)},
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
    os.close(ours)
    assert process.returncode == 0
    assert said.startswith(b"PAGED\r\n# Drift\r\n")


def _read(descriptor: int) -> bytes:
    """Return what comes next; nothing at the end, which Linux calls an error."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
