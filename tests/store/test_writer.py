import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from igcli.errors import OutputError
from igcli.maps import Maps
from igcli.records import Explanation
from igcli.store.writer import RunWriter


def explanation(row: int, *shape: int) -> Explanation:
    return Explanation(
        row=row,
        id=f"row-{row}",
        path="",
        sha256="",
        score=row / 4,
        attribution=np.full(shape, row, np.float32) if shape else None,
        status="ok" if shape else "failed",
    )


def about(out: Path) -> Any:
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def names(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def test_a_run_says_that_it_runs_from_the_start(tmp_path: Path) -> None:
    RunWriter(tmp_path / "out", Maps((2,)), {"seed": 7})
    assert about(tmp_path / "out") == {"status": "running", "seed": 7}
    assert names(tmp_path / "out") == ["run.json"]


@pytest.mark.parametrize("status", ["complete", "partial"])
def test_a_finished_run(tmp_path: Path, status: Any) -> None:
    writer = RunWriter(tmp_path, Maps((2, 3)), {"seed": 7, "labels": "ü"})
    for row in range(3):
        writer.add(explanation(row, 2, 3))
    writer.finish(status, {"counts": {"ok": 3}}, ())
    assert about(tmp_path) == {
        "status": status,
        "seed": 7,
        "labels": "ü",
        "counts": {"ok": 3},
    }
    assert names(tmp_path) == [
        "attributions.h5",
        "parts/part-000000000.h5",
        "results.csv",
        "run.json",
    ]
    assert pd.read_csv(tmp_path / "results.csv")["score"].tolist() == [0, 0.25, 0.5]
    with h5py.File(tmp_path / "attributions.h5") as file:
        assert file["attributions"][:, 1, 2].tolist() == [0, 1, 2]


def test_npy_is_saved_on_demand(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((2,)), {})
    writer.add(explanation(0, 2))
    writer.add(explanation(1))
    writer.finish("complete", {}, ("npy",))
    copy = np.load(tmp_path / "attributions.npy", allow_pickle=False)
    np.testing.assert_array_equal(copy, [[0, 0], [np.nan, np.nan]])


@pytest.mark.parametrize("save", [(), ("npy",)])
def test_a_run_without_rows_has_a_status_only(tmp_path: Path, save: tuple[str, ...]) -> None:
    RunWriter(tmp_path, Maps((2,)), {}).finish("partial", {"counts": {}}, save)
    assert names(tmp_path) == ["run.json"]
    assert about(tmp_path)["status"] == "partial"


def test_small_maps_go_512_to_a_part(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), {})
    for row in range(513):
        writer.add(explanation(row, 1))
        whole = [name for name in names(tmp_path) if name.startswith("parts")]
        assert whole == (["parts/part-000000000.h5"] if row >= 511 else [])
    writer.finish("complete", {}, ())
    with h5py.File(tmp_path / "attributions.h5") as file:
        assert file["attributions"][:, 0].tolist() == list(range(513))
    assert len(pd.read_csv(tmp_path / "results.csv")) == 513
    assert "parts/part-000000512.h5" in names(tmp_path)


def test_large_maps_go_32_megabytes_to_a_part(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((4096, 1024)), {})
    for row in range(3):
        writer.add(explanation(row))
    writer.finish("complete", {}, ())
    assert names(tmp_path)[1:3] == ["parts/part-000000000.h5", "parts/part-000000002.h5"]


def test_a_map_larger_than_a_part_gets_its_own(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((4096, 2049)), {})
    writer.add(explanation(0))
    assert "parts/part-000000000.h5" in names(tmp_path)


def test_an_earlier_run_is_removed_and_foreign_files_stay(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((2,)), {})
    writer.add(explanation(0, 2))
    writer.finish("complete", {}, ("npy",))
    (tmp_path / "notes.txt").write_text("mine")
    RunWriter(tmp_path, Maps((2,)), {})
    assert names(tmp_path) == ["notes.txt", "run.json"]


def test_parts_begin_at_their_first_row(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, Maps((2,)), {})
    writer.add(explanation(40, 2))
    writer.finish("complete", {}, ())
    assert "parts/part-000000040.h5" in names(tmp_path)


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="can't be written"):
        RunWriter(tmp_path / "file" / "out", Maps((2,)), {})


def test_a_full_disk_leaves_the_rows_that_were_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RunWriter(tmp_path, Maps((1,)), {})
    for row in range(512):
        writer.add(explanation(row, 1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("igcli.store.parts.write_columns", full)
    with pytest.raises(OSError, match="No space"):
        for row in range(512, 1024):
            writer.add(explanation(row, 1))
    assert names(tmp_path) == ["parts/part-000000000.h5", "run.json"]
    monkeypatch.undo()
    writer.finish("partial", {}, ())
    assert about(tmp_path)["status"] == "partial"
