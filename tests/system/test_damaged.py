"""A damaged run directory is refused alike by every command that reads one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from igcli.store.layout import part_path
from tests.report.pictures.runs import rows_of, write_run

COMMANDS: dict[str, Callable[[Path], list[object]]] = {
    "report": lambda out: ["report", out],
    "render": lambda out: ["render", out],
    "compare": lambda out: ["compare", out, out],
    "baseline": lambda out: ["baseline", out, "-o", out.parent / "x.igref"],
}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a bit of a part": lambda out: flip(part_path(out, 2)),
    "a part cut short": lambda out: cut(part_path(out, 2)),
    "no part": lambda out: part_path(out, 2).unlink(),
    "no manifest": lambda out: (out / "parts" / "manifest.jsonl").unlink(),
    "no attributions.h5": lambda out: (out / "attributions.h5").unlink(),
    "attributions.h5 cut short": lambda out: cut(out / "attributions.h5"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_damage_has_one_exit_code_and_one_wording(
    igcli: Any, tmp_path: Path, command: str
) -> None:
    for name, damage in DAMAGES.items():
        out = write_run(tmp_path / name / "out", rows_of(["a", "b", "c", "d", "e"]))
        before = igcli(*COMMANDS[command](out))
        assert before.exit_code == 0, before.output
        damage(out)
        result = igcli(*COMMANDS[command](out))
        assert result.exit_code == 3, (name, result.output)
        assert f"{out} is damaged: " in result.stderr, name
        assert "\nto fix this: run `igcli run … --resume`, which computes" in result.stderr, name
