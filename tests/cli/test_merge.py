"""`igcli merge` on real runs: its summary, its JSON, and its exit codes."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from igcli.store.folder import RunFolder


@pytest.fixture
def shards(igcli: Any, small_model: Path, photos: Path, tmp_path: Path) -> list[Path]:
    outs = [tmp_path / "one", tmp_path / "two"]
    for i, out in enumerate(outs):
        result = igcli("run", small_model, photos, "-o", out, "--shard", f"{i + 1}/2")
        assert result.exit_code == 0
    return outs


def test_shards_become_one_run(igcli: Any, shards: list[Path], tmp_path: Path) -> None:
    result = igcli("merge", tmp_path / "out", *shards)
    assert result.exit_code == 0
    assert result.stdout.startswith("explained  6 of 6 (adaptive, tolerance 0.05, 2 shards)")
    assert len(list((tmp_path / "out" / "overlays").rglob("*.png"))) == 6
    result = igcli("merge", tmp_path / "out", *shards)
    assert result.exit_code == 2 and "holds a run already" in result.stderr
    result = igcli("merge", tmp_path / "out", *shards, "--overwrite", "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 0 and said["counts"]["ok"] == 6 and said["status"] == "complete"


@pytest.mark.slow
def test_what_does_not_fit_is_refused(igcli: Any, shards: list[Path], tmp_path: Path) -> None:
    result = igcli("merge", tmp_path / "out", shards[1])
    assert result.exit_code == 2 and "inputs 1 to 3 of 6 are in none of them" in result.stderr
    assert igcli("merge", tmp_path / "out").exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["{out}"], ["{out}", "--overwrite"]])
def test_no_shard_at_all_is_wrong_usage(igcli: Any, tmp_path: Path, arguments: list[str]) -> None:
    result = igcli("merge", *(a.format(out=tmp_path / "out") for a in arguments))
    assert result.exit_code == 2
    problem, fix = result.stderr.splitlines()
    assert problem == "igcli: no SHARD is named: OUT comes first, then every shard"
    assert fix.endswith("merge --help")


@pytest.mark.slow
def test_missing_overlays_are_told(igcli: Any, shards: list[Path], tmp_path: Path) -> None:
    (shards[0] / "overlays" / "0" / "photo-1.png").unlink()
    result = igcli("merge", tmp_path / "out", *shards)
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        f"igcli: not drawn: 0/photo-1.png: SHARD {shards[0]} lacks it: its picture is gone",
        "igcli: to draw them: run their shards again with --resume, then merge again with "
        "--overwrite",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_merge_in_words(
    igcli: Any,
    shards: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    join = RunFolder.join

    def interrupted(self: RunFolder, save: tuple[str, ...]) -> None:
        os.kill(os.getpid(), number)
        join(self, save)

    monkeypatch.setattr(RunFolder, "join", interrupted)
    result = igcli("merge", tmp_path / "out", *shards)
    assert result.exit_code == 3
    assert result.stderr == (
        f"igcli: stopped before OUT {tmp_path / 'out'} was whole, 2 of 2 parts are in it: "
        "interrupted\nto fix this: merge again with --overwrite\n"
    )
    monkeypatch.undo()
    assert igcli("merge", tmp_path / "out", *shards, "--overwrite").exit_code == 0


@pytest.mark.slow
def test_failed_inputs_are_told(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "bad.png").write_bytes(b"")
    (folder / "good.png").write_bytes((photos / "0" / "photo-0.png").read_bytes())
    outs = [tmp_path / "one", tmp_path / "two"]
    for i, out in enumerate(outs):
        igcli("run", small_model, folder, "-o", out, "--shard", f"{i + 1}/2")
    result = igcli("merge", tmp_path / "out", *outs)
    assert result.exit_code == 3 and "failed: bad.png: the file is empty" in result.stderr
