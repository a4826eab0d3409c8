"""A run folder's parts become one file at the end, and one of the parts where the run goes on."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.explanation import Explanation
from igcli.store.array_file import ArrayFile
from igcli.store.folder import RunFolder
from igcli.store.manifest import read_manifest, write_manifest
from igcli.store.maps import Maps
from igcli.store.packed import Packing
from igcli.store.sources import read_entries
from igcli.store.writer import RunWriter

ABOUT = {"run": "key", "igcli": "0", "per_input": 1}
PACKED = ["attributions.h5", "results.csv", "run.json"]


def explanation(row: int, value: float) -> Explanation:
    attribution = np.full(2, value, np.float32)
    return Explanation(row, f"row-{row}", "", "abc", target=row, attribution=attribution)


def write(writer: RunWriter, rows: range, add: float = 0.0) -> None:
    for row in rows:
        writer.add(explanation(row, row + add))
    writer.flush()


def finished(out: Path, run: str = "key", count: int = 6) -> Path:
    """A packed run of six rows, in blocks of two."""
    out.mkdir(exist_ok=True)
    writer = RunWriter(out, Maps((2,)), {**ABOUT, "run": run})
    for start in range(0, count, 2):
        write(writer, range(start, start + 2))
    end(writer)
    return out


def end(writer: RunFolder) -> None:
    writer.pack()
    writer.join(())
    writer.finish("complete", {})


def names(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def values(out: Path) -> list[float]:
    with h5py.File(out / "attributions.h5") as file:
        found: list[float] = file["attributions"][:, 0].tolist()
    return found


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return finished(tmp_path / "out")


def test_a_packed_run_has_no_parts(out: Path) -> None:
    assert names(out) == PACKED and not (out / "parts").exists()
    assert values(out) == [0, 1, 2, 3, 4, 5]


def test_what_is_not_igclis_stays_among_the_parts(tmp_path: Path) -> None:
    (tmp_path / "out" / "parts").mkdir(parents=True)
    (tmp_path / "out" / "parts" / "mine.txt").touch()
    assert names(finished(tmp_path / "out")) == ["attributions.h5", "parts/mine.txt", *PACKED[1:]]


def test_what_is_packed_already_is_left_as_it_is(out: Path) -> None:
    before = (out / "attributions.h5").stat()
    writer = RunWriter(out, Maps((2,)), ABOUT, read_entries(out, "key"))
    assert writer.is_packed and writer.stored == 6
    end(writer)
    after = (out / "attributions.h5").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert names(out) == PACKED and not (out / "parts").exists()


def test_a_block_that_is_computed_again_is_packed_with_the_others(out: Path) -> None:
    writer = RunWriter(out, Maps((2,)), ABOUT, read_entries(out, "key"))
    write(writer, range(2, 4), add=0.5)
    assert names(out) == [
        "parts/manifest.jsonl", "parts/packed-000000000.h5", "parts/part-000000002.h5", "run.json",
    ]  # fmt: skip
    assert [entry.is_part for entry in read_entries(out, "key")] == [False, True, False]
    assert all(entry.is_whole(out) for entry in writer.entries)
    # Stopped here, the parts are joined as those of any run.
    writer.join(())
    assert values(out) == [0, 1, 2.5, 3.5, 4, 5]
    again = RunWriter(out, Maps((2,)), ABOUT, read_entries(out, "key"))
    end(again)
    assert names(out) == PACKED and values(out) == [0, 1, 2.5, 3.5, 4, 5]


def test_a_block_that_is_not_kept_is_gone_at_once(out: Path) -> None:
    kept = [entry for entry in read_entries(out, "key") if entry.start != 2]
    writer = RunWriter(out, Maps((2,)), ABOUT, kept)
    assert not writer.is_packed and read_entries(out, "key") == writer.entries
    assert [entry.start for entry in writer.entries] == [0, 4]
    writer.join(())
    assert values(out) == [0, 1, 4, 5]
    write(writer, range(2, 4))
    end(writer)
    assert names(out) == PACKED and values(out) == [0, 1, 2, 3, 4, 5]


def test_a_kill_amid_the_unpacking_loses_nothing(out: Path) -> None:
    """The parts' manifest is written first: it counts once attributions.h5 is one of them."""
    entries = read_entries(out, "key")
    moved = [replace(entry, file="parts/packed-000000000.h5") for entry in entries]
    (out / "parts").mkdir()
    write_manifest(out, moved[:2])
    assert read_entries(out, "key") == entries
    (out / "attributions.h5").rename(out / "parts" / "packed-000000000.h5")
    assert read_entries(out, "key") == moved[:2]


def test_a_kill_amid_the_removal_of_the_parts_leaves_none_for_good(out: Path) -> None:
    shutil.copytree(out, out.parent / "copy")
    writer = RunWriter(out, Maps((2,)), ABOUT, read_entries(out, "key"))
    write(writer, range(2))
    shutil.copy(out.parent / "copy" / "attributions.h5", out)
    assert "parts/part-000000000.h5" in names(out) and "parts/manifest.jsonl" in names(out)
    again = RunWriter(out, Maps((2,)), ABOUT, read_entries(out, "key"))
    assert not list((out / "parts").iterdir())
    end(again)
    assert names(out) == PACKED


def test_a_damaged_packed_part_does_not_count(out: Path) -> None:
    writer = RunWriter(out, Maps((2,)), ABOUT, read_entries(out, "key"))
    write(writer, range(2, 4))
    path = out / "parts" / "packed-000000000.h5"
    data = bytearray(path.read_bytes())
    data[-400] ^= 1
    path.write_bytes(data)
    assert [entry.start for entry in read_entries(out, "key")] == [2]


def begun(out: Path) -> RunWriter:
    """Two rows that are not packed yet."""
    out.mkdir()
    writer = RunWriter(out, Maps((2,)), ABOUT)
    write(writer, range(2))
    return writer


def test_without_room_the_parts_stay_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    writer = begun(out)
    free = SimpleNamespace(free=999)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: free)
    end(writer)
    assert writer.unpacked == "packing needs 34 KB, 999 B are free"
    assert not writer.is_packed and values(out) == [0, 1]
    assert names(out) == [
        "attributions.h5", "parts/manifest.jsonl", "parts/part-000000000.h5",
        "parts/view-key.h5", *PACKED[1:],
    ]  # fmt: skip
    monkeypatch.undo()
    again = RunWriter(out, Maps((2,)), ABOUT, read_entries(out, "key"))
    end(again)
    assert again.unpacked == "" and names(out) == PACKED and values(out) == [0, 1]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_meanwhile_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(number, os.strerror(number))

    writer = begun(tmp_path / "out")
    monkeypatch.setattr(Packing, "write", full)
    end(writer)
    assert writer.unpacked == f"packing filled the disk: {os.strerror(number)}"
    assert values(tmp_path / "out") == [0, 1] and not list(tmp_path.rglob("*.tmp"))


def test_another_trouble_with_the_disk_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    writer = begun(tmp_path / "out")
    monkeypatch.setattr(Packing, "write", broken)
    with pytest.raises(OSError, match="Input/output"):
        writer.pack()
    assert read_manifest(tmp_path / "out", "key") == writer.entries


def shifted(run: Path, key: str, start: int) -> list[ArrayFile]:
    """Where the blocks of another run are, as rows from `start` on."""
    return [
        ArrayFile(entry.path(run), replace(entry, start=start + entry.start))
        for entry in read_entries(run, key)
    ]


@pytest.fixture
def others(tmp_path: Path) -> list[ArrayFile]:
    """Six rows of a packed run, and two of one that is not."""
    packed = finished(tmp_path / "one", "one")
    (tmp_path / "two").mkdir()
    parted = RunWriter(tmp_path / "two", Maps((2,)), {**ABOUT, "run": "two"})
    write(parted, range(2))
    return [*shifted(packed, "one", 0), *shifted(tmp_path / "two", "two", 6)]


@pytest.mark.parametrize(
    "take", [lambda folder, files: folder.pack(files), lambda folder, files: adopt(folder, files)]
)
def test_blocks_of_other_runs_are_taken_in(
    tmp_path: Path, others: list[ArrayFile], take: Callable[[RunFolder, list[ArrayFile]], None]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    folder = RunFolder(out, ABOUT)
    take(folder, others)
    folder.join(())
    shutil.rmtree(tmp_path / "one")
    shutil.rmtree(tmp_path / "two")
    assert values(out) == [0, 1, 2, 3, 4, 5, 0, 1] and read_entries(out, "key") == folder.entries
    assert all(entry.is_whole(out) for entry in folder.entries)
    again = RunWriter(out, Maps((2,)), ABOUT, read_entries(out, "key"))
    end(again)
    assert names(out) == PACKED and values(out) == [0, 1, 2, 3, 4, 5, 0, 1]


def adopt(folder: RunFolder, files: list[ArrayFile]) -> None:
    for file in files:
        folder.adopt(file)
    assert sorted(path.name for path in (folder.out / "parts").glob("*.h5")) == [
        "packed-000000000.h5", "part-000000006.h5",
    ]  # fmt: skip
