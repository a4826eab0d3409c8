import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from igcli.common.errors import OutputError
from igcli.common.explanation import Explanation
from igcli.store.manifest import read_manifest
from igcli.store.maps import Maps
from igcli.store.staged import Staged, stage
from igcli.store.writer import RunWriter

ABOUT = {"run": "key", "igcli": "0", "labels": "ü", "per_input": 1}
WHOLE = ["attributions.h5", "parts/manifest.jsonl", "parts/part-000000000.h5",
         "parts/view-key.h5", "results.csv"]  # fmt: skip


def explanation(row: int, *shape: int, sha256: str = "abc") -> Explanation:
    return Explanation(
        row=row,
        id=f"row-{row}",
        path="",
        sha256=sha256,
        score=row / 4,
        attribution=np.full(shape, row, np.float32) if shape else None,
        status="ok" if shape else "failed",
    )


def about(out: Path) -> Any:
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def names(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def test_a_run_says_that_it_runs_from_the_start(tmp_path: Path) -> None:
    RunWriter(tmp_path, Maps((2,)), ABOUT)
    assert about(tmp_path) == {"status": "running", **ABOUT}
    assert names(tmp_path) == ["run.json"]


@pytest.mark.parametrize(
    ("status", "files"),
    [("complete", ["attributions.h5", "results.csv"]), ("partial", WHOLE)],
)
def test_a_finished_run(tmp_path: Path, status: Any, files: list[str]) -> None:
    writer = RunWriter(tmp_path, Maps((2, 3)), ABOUT)
    for row in range(3):
        writer.add(explanation(row, 2, 3))
    writer.flush()
    if status == "complete":
        writer.pack()
    writer.join(())
    writer.finish(status, {"counts": {"ok": 3}})
    assert about(tmp_path) == {"status": status, **ABOUT, "counts": {"ok": 3}}
    assert names(tmp_path) == sorted([*files, "run.json"])
    assert pd.read_csv(tmp_path / "results.csv")["score"].tolist() == [0, 0.25, 0.5]
    with h5py.File(tmp_path / "attributions.h5") as file:
        assert file["attributions"][:, 1, 2].tolist() == [0, 1, 2]


def test_npy_is_saved_on_demand(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((2,)), ABOUT)
    writer.add(explanation(0, 2))
    writer.add(explanation(1))
    writer.flush()
    writer.join(("npy",))
    copy = np.load(tmp_path / "attributions.npy", allow_pickle=False)
    np.testing.assert_array_equal(copy, [[0, 0], [np.nan, np.nan]])


@pytest.mark.parametrize("save", [(), ("npy",)])
def test_a_run_without_rows_has_a_status_only(tmp_path: Path, save: tuple[str, ...]) -> None:
    writer = RunWriter(tmp_path, Maps((2,)), ABOUT)
    writer.cut(final=False)
    writer.join(save)
    writer.finish("partial", {"counts": {}})
    assert names(tmp_path) == ["run.json"]
    assert about(tmp_path)["status"] == "partial"


def test_a_part_is_listed_with_its_checksum(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), ABOUT)
    for start, final in ((0, True), (3, False)):
        for row in range(start, start + 3):
            writer.add(explanation(row, *([1] if row else []), sha256="abc" if row else ""))
        writer.flush() if final else writer.cut(final=False)
    first, second = read_manifest(tmp_path, "key")
    assert (first.start, first.rows, first.final) == (0, 3, True)
    assert (second.start, second.stop, second.final) == (3, 6, False)
    assert first.is_whole(tmp_path) and second.is_whole(tmp_path) and writer.stored == 6
    assert "parts/part-000000003.h5" in names(tmp_path)
    assert read_manifest(tmp_path, "another") == []


def test_kept_parts_stay_and_the_rest_of_the_run_goes(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), ABOUT)
    for row in range(3):
        writer.add(explanation(row, 1))
        writer.flush()
    writer.join(("npy",))
    writer.finish("partial", {})
    debris = tmp_path / "parts" / f".{'ab' * 16}.tmp"
    debris.touch()
    (tmp_path / "notes.txt").write_text("mine")
    kept = read_manifest(tmp_path, "key")[::2]
    again = RunWriter(tmp_path, Maps((1,)), ABOUT, kept)
    assert names(tmp_path) == [
        "notes.txt",
        "parts/manifest.jsonl",
        "parts/part-000000000.h5",
        "parts/part-000000002.h5",
        "run.json",
    ]
    again.add(explanation(1, 1))
    again.flush()
    again.join(())
    with h5py.File(tmp_path / "attributions.h5") as file:
        assert file["attributions"][:, 0].tolist() == [0, 1, 2]
    assert [entry.start for entry in read_manifest(tmp_path, "key")] == [0, 1, 2]


def cut_after(out: Path, rows: range, cut: int, per_input: int = 1) -> RunWriter:
    """A run that was stopped in the block that begins with row `cut`; its parts are joined."""
    writer = RunWriter(out, Maps((1,)), {**ABOUT, "per_input": per_input})
    for row in rows:
        if row == cut:
            writer.flush()
        writer.add(explanation(row, 1))
    writer.cut(final=False)
    writer.join(())
    return writer


def test_what_was_cut_stays_until_there_is_more(tmp_path: Path) -> None:
    assert cut_after(tmp_path, range(5), 2).passing == 3
    joined = (tmp_path / "results.csv").read_bytes()
    again = RunWriter(tmp_path, Maps((1,)), ABOUT, read_manifest(tmp_path, "key"))
    assert (tmp_path / "results.csv").read_bytes() == joined
    again.add(explanation(2, 1, sha256="less"))
    again.cut(final=False)
    assert (again.stored, again.passing) == (5, 3)
    assert (tmp_path / "results.csv").read_bytes() == joined
    for row in range(2, 6):
        again.add(explanation(row, 1, sha256="more"))
    again.cut(final=False)
    assert (again.stored, again.passing) == (6, 4)
    assert not (tmp_path / "results.csv").exists()
    again.join(())
    hashes = pd.read_csv(tmp_path / "results.csv")["sha256"]
    assert hashes.tolist() == ["abc", "abc", "more", "more", "more", "more"]


@pytest.mark.parametrize(("rows", "kept"), [(1, "abc"), (4, "more")])
def test_what_was_cut_again_stays_for_good(tmp_path: Path, rows: int, kept: str) -> None:
    cut_after(tmp_path, range(5), 2)
    again = RunWriter(tmp_path, Maps((1,)), ABOUT, read_manifest(tmp_path, "key"))
    for row in range(2, 2 + rows):
        again.add(explanation(row, 1, sha256="more"))
    again.cut(final=True)
    last = read_manifest(tmp_path, "key")[-1]
    assert last.final and (last.start, last.stop) == (2, 2 + max(rows, 3))
    assert last.is_whole(tmp_path) and again.passing == 0
    again.join(())
    assert pd.read_csv(tmp_path / "results.csv")["sha256"].tolist()[2] == kept


def test_an_input_is_not_cut(tmp_path: Path) -> None:
    writer = cut_after(tmp_path, range(9), 4, per_input=2)
    assert [(e.start, e.stop) for e in writer.entries] == [(0, 4), (4, 8)]


def test_a_part_takes_the_place_of_all_that_it_covers(tmp_path: Path) -> None:
    cut_after(tmp_path, range(5), 2)
    again = RunWriter(tmp_path, Maps((1,)), ABOUT, read_manifest(tmp_path, "key"))
    for row in range(6):
        again.add(explanation(row, 1))
    again.flush()
    again.join(())
    (entry,) = read_manifest(tmp_path, "key")
    assert (entry.start, entry.stop) == (0, 6) and names(tmp_path) == sorted([*WHOLE, "run.json"])
    assert len(pd.read_csv(tmp_path / "results.csv")) == 6


def test_an_earlier_run_is_removed_and_foreign_files_stay(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((2,)), ABOUT)
    writer.add(explanation(0, 2))
    writer.flush()
    writer.join(("npy",))
    (tmp_path / "notes.txt").write_text("mine")
    RunWriter(tmp_path, Maps((2,)), ABOUT)
    assert names(tmp_path) == ["notes.txt", "run.json"]


def test_a_full_disk_leaves_the_rows_that_were_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), ABOUT)
    writer.add(explanation(0, 1))
    writer.flush()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("igcli.store.parts.write_columns", full)
    writer.add(explanation(1, 1))
    with pytest.raises(OSError, match="No space"):
        writer.flush()
    assert names(tmp_path) == ["parts/manifest.jsonl", "parts/part-000000000.h5", "run.json"]
    monkeypatch.undo()
    writer.cut(final=False)
    assert writer.stored == 1


@pytest.mark.parametrize("replaced", [False, True])
def test_a_folder_that_vanished_is_not_made_again(tmp_path: Path, replaced: bool) -> None:
    out = tmp_path / "out"
    (out / "parts").mkdir(parents=True)
    writer = RunWriter(out, Maps((1,)), ABOUT)
    out.rename(tmp_path / "elsewhere")
    if replaced:
        (out / "parts").mkdir(parents=True)
    writer.add(explanation(0, 1))
    with pytest.raises(OutputError, match="has vanished"):
        writer.flush()
    with pytest.raises(OutputError, match="has vanished"):
        writer.join(())
    with pytest.raises(OutputError, match="has vanished"):
        writer.finish("partial", {})
    assert names(tmp_path) == ["elsewhere/run.json"]


def staged(out: Path, rows: range) -> Staged:
    return stage(out, [explanation(row, 1) for row in rows], Maps((1,)))


def test_another_process_s_part_counts_once_it_is_taken_in(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), ABOUT)
    second, first = staged(tmp_path, range(2, 4)), staged(tmp_path, range(2))
    assert read_manifest(tmp_path, "key") == [] and writer.stored == 0
    writer.take(second)
    writer.take(first)
    assert [(e.start, e.rows, e.final) for e in writer.entries] == [(0, 2, True), (2, 2, True)]
    assert all(entry.is_whole(tmp_path) for entry in read_manifest(tmp_path, "key"))
    writer.join(())
    with h5py.File(tmp_path / "attributions.h5") as file:
        assert file["attributions"][:, 0].tolist() == [0, 1, 2, 3]
    assert not list(tmp_path.rglob("*.tmp"))


def test_blocks_are_counted_as_finished_when_they_are_whole(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), ABOUT)
    writer.take(staged(tmp_path, range(2)))
    writer.add(explanation(2, 1))
    writer.flush()
    assert writer.finished == 2
    writer.take_cut(staged(tmp_path, range(3, 5)), final=False)
    writer.add(explanation(5, 1))
    writer.cut(final=False)
    assert writer.finished == 2 and writer.stored == 6


@pytest.mark.parametrize(("before", "after", "rows"), [(1, 3, 3), (3, 1, 3), (2, 2, 2)])
def test_of_two_cuts_of_a_block_the_longer_stays(
    tmp_path: Path, before: int, after: int, rows: int
) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), ABOUT)
    writer.take_cut(staged(tmp_path, range(before)), final=False)
    writer.take_cut(staged(tmp_path, range(after)), final=True)
    ((start, count, final),) = [(e.start, e.rows, e.final) for e in writer.entries]
    assert (start, count, final) == (0, rows, True)
    assert read_manifest(tmp_path, "key")[0].is_whole(tmp_path)
    assert not list(tmp_path.rglob("*.tmp"))


def test_what_joined_older_parts_goes_when_one_is_replaced(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), ABOUT)
    writer.take_cut(staged(tmp_path, range(2)), final=False)
    writer.join(())
    assert (tmp_path / "results.csv").exists()
    writer.take(staged(tmp_path, range(3)))
    assert not (tmp_path / "results.csv").exists()
