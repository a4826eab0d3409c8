"""A damaged run directory is refused alike by every command that reads one."""

import shutil
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import h5py
import pytest

from igcli.store.layout import part_path
from tests.report.pictures.runs import SHAPE, rows_of, write_run


def beside(out: Path) -> Path:
    """A run of the same images, whole."""
    other = out.parent / "beside"
    return other if other.exists() else write_run(other, rows_of(["a", "b", "c", "d", "e"]))


COMMANDS: dict[str, Callable[[Path], list[object]]] = {
    "report": lambda out: ["report", out],
    "render": lambda out: ["render", out],
    "compare": lambda out: ["compare", out, out],
    "agreement": lambda out: ["agreement", out, beside(out)],
    "baseline": lambda out: ["baseline", out, "-o", out.parent / "x.igref"],
}


def flip(path: Path, place: int | None = None) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if place is None else place] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def flip_map(out: Path, row: int) -> None:
    path = out / "attributions.h5"
    with h5py.File(path) as file:
        place = int(file["attributions"].id.get_offset()) + row * 4 * prod(SHAPE)
    flip(path, place)


IN_PARTS: dict[str, Callable[[Path], object]] = {
    "a bit of a part": lambda out: flip(part_path(out, 2)),
    "a part cut short": lambda out: cut(part_path(out, 2)),
    "no part": lambda out: part_path(out, 2).unlink(),
    "no manifest": lambda out: (out / "parts" / "manifest.jsonl").unlink(),
    "no parts": lambda out: shutil.rmtree(out / "parts"),
    "no attributions.h5": lambda out: (out / "attributions.h5").unlink(),
    "attributions.h5 cut short": lambda out: cut(out / "attributions.h5"),
}
PACKED: dict[str, Callable[[Path], object]] = {
    "a bit of a map": lambda out: flip_map(out, 3),
    "a bit of the rest": lambda out: flip(out / "attributions.h5", -2000),
    "no attributions.h5": lambda out: (out / "attributions.h5").unlink(),
    "attributions.h5 cut short": lambda out: cut(out / "attributions.h5"),
}


@pytest.mark.parametrize(("packed", "damages"), [(False, IN_PARTS), (True, PACKED)])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_damage_has_one_exit_code_and_one_wording(
    igcli: Any,
    tmp_path: Path,
    command: str,
    packed: bool,
    damages: dict[str, Callable[[Path], object]],
) -> None:
    for name, damage in damages.items():
        rows = rows_of(["a", "b", "c", "d", "e"])
        out = write_run(tmp_path / name / "out", rows, packed=packed)
        before = igcli(*COMMANDS[command](out))
        assert before.exit_code == 0, before.output
        damage(out)
        result = igcli(*COMMANDS[command](out))
        assert result.exit_code == 3, (name, result.output)
        assert f"{out} is damaged: " in result.stderr, name
        assert "\nto fix this: run `igcli run … --resume`, which computes" in result.stderr, name
