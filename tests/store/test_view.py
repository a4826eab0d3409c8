"""The view joins the parts, wherever the run directory lies; without them it can't be opened."""

import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from igcli.store.parts import write_part
from igcli.store.span import Span
from igcli.store.view import write_view
from tests.store.test_parts import SHAPE, explanation, layout, stored

READ = "import h5py, sys; print(h5py.File(sys.argv[1])['attributions'][:, 0, 0].tolist())"


def run_directory(
    out: Path, *groups: list[float | None], images: bool = False, run: str = "r"
) -> tuple[Path, list[Path]]:
    """Write parts of the given maps and the file that joins them."""
    (out / "parts").mkdir(parents=True)
    spans: list[Span] = []
    row = 0
    for group in groups:
        rows = [explanation(row + i, value, row + i) for i, value in enumerate(group)]
        spans.append(Span(out / "parts" / f"part-{row:09d}.h5", row, len(rows)))
        write_part(spans[-1].path, rows, layout(SHAPE, images))
        row += len(group)
    write_view(out, run, spans)
    return out / "attributions.h5", [span.path for span in spans]


def test_joined_parts_are_one_dataset_in_row_order(tmp_path: Path) -> None:
    path, _ = run_directory(tmp_path / "out", [0.0, 1.0, 2.0], [None], [4.0, 5.0], images=True)
    maps = stored(path)
    assert maps.dtype == np.float32 and maps.shape == (6, 2, 3)
    np.testing.assert_array_equal(maps[:, 1, 2], [0, 1, 2, np.nan, 4, 5])
    assert stored(path, "images")[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    with h5py.File(path) as file:
        assert file["attributions"].is_virtual and file["images"].is_virtual
        assert "attributions" in file and "images" in file
        assert file["ids"].asstr()[()].tolist() == [f"{i}.png" for i in range(6)]


def test_without_pictures_there_is_no_picture_dataset(tmp_path: Path) -> None:
    path, _ = run_directory(tmp_path / "out", [0.0], [1.0])
    with h5py.File(path) as file:
        assert "images" not in file


def test_the_joined_file_holds_no_copy_of_the_maps(tmp_path: Path) -> None:
    path, parts = run_directory(tmp_path / "out", [1.0], [2.0])
    with h5py.File(parts[1], "r+") as file:
        file["attributions"][...] = 7
    assert stored(path)[:, 0, 0].tolist() == [1, 7]


def test_another_process_in_another_folder_reads_it_with_plain_h5py(tmp_path: Path) -> None:
    path, _ = run_directory(tmp_path / "out", [1.0, 2.0], [3.0])
    (tmp_path / "cwd").mkdir()
    read = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        cwd=tmp_path / "cwd",
        capture_output=True,
        text=True,
        check=True,
    )
    assert read.stdout.strip() == "[1.0, 2.0, 3.0]"


def test_it_is_read_by_a_relative_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_directory(tmp_path / "out", [1.0, 2.0], [3.0])
    for folder, name in ((tmp_path, "out/attributions.h5"), (tmp_path / "out", "attributions.h5")):
        monkeypatch.chdir(folder)
        assert stored(Path(name))[:, 0, 0].tolist() == [1, 2, 3]


def test_a_moved_run_directory_is_read(tmp_path: Path) -> None:
    run_directory(tmp_path / "out", [1.0, 2.0], [3.0])
    shutil.move(tmp_path / "out", tmp_path / "moved")
    assert stored(tmp_path / "moved" / "attributions.h5")[:, 0, 0].tolist() == [1, 2, 3]


def test_parts_of_another_run_in_the_working_folder_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = run_directory(tmp_path / "one", [1.0, 2.0], [3.0])
    run_directory(tmp_path / "two", [8.0, 8.0], [8.0], run="another")
    monkeypatch.chdir(tmp_path / "two")
    assert stored(path)[:, 0, 0].tolist() == [1, 2, 3]


def test_a_lost_part_reads_as_nan_and_not_as_a_number(tmp_path: Path) -> None:
    path, parts = run_directory(tmp_path / "out", [1.0, 2.0], [3.0])
    parts[1].unlink()
    np.testing.assert_array_equal(stored(path)[:, 0, 0], [1, 2, np.nan])


def test_joining_again_replaces_the_file(tmp_path: Path) -> None:
    path, parts = run_directory(tmp_path / "out", [1.0], [2.0])
    write_view(path.parent, "r", [Span(parts[0], 0, 1)])
    assert stored(path)[:, 0, 0].tolist() == [1]
    assert sorted(p.name for p in path.parent.iterdir()) == ["attributions.h5", "parts"]


@pytest.mark.parametrize("beside", ["nothing", "another run's parts"])
def test_copied_without_the_parts_it_can_not_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: str
) -> None:
    path, _ = run_directory(tmp_path / "out", [1.0, 2.0], [3.0], images=True)
    alone = tmp_path / "alone"
    if beside == "nothing":
        alone.mkdir()
    else:
        run_directory(alone, [8.0, 8.0], [8.0], images=True, run="another")
    shutil.copy(path, alone / "attributions.h5")
    monkeypatch.chdir(alone)
    with h5py.File(alone / "attributions.h5") as file:
        assert file["ids"].asstr()[()].tolist() == ["0.png", "1.png", "2.png"]
        for name in ("attributions", "images"):
            with pytest.raises(KeyError, match="can't open file"):
                file[name]


def test_rows_of_a_file_that_holds_more_are_found(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    many = tmp_path / "parts" / "packed-000000000.h5"
    write_part(many, [explanation(i, float(i)) for i in range(6)], layout(SHAPE, False))
    one = tmp_path / "parts" / "part-000000002.h5"
    write_part(one, [explanation(2, 20.0)], layout(SHAPE, False))
    spans = [Span(many, 0, 2, 1), Span(one, 2, 1), Span(many, 3, 3, 3)]
    write_view(tmp_path, "r", spans)
    assert stored(tmp_path / "attributions.h5")[:, 0, 0].tolist() == [1, 2, 20, 3, 4, 5]
