import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.store.maps import Maps
from igcli.store.parts import join_parts, save_npy, write_part

SHAPE = (2, 3)
READ = "import h5py, sys; print(h5py.File(sys.argv[1])['attributions'][:, 0, 0].tolist())"


def layout(shape: tuple[int, ...], images: bool) -> Maps:
    return Maps(shape, picture=Part("x", shape, 0) if images else None)


def explanation(row: int, value: float | None, image: int | None = None) -> Explanation:
    """A row whose map is `value` everywhere; failed where there is none."""
    return Explanation(
        row=row,
        id=f"{row}.png",
        path="",
        sha256="",
        status="ok" if value is not None else "failed",
        attribution=None if value is None else np.full(SHAPE, value, np.float32),
        image=None if image is None else np.full((*SHAPE, 1), image, np.uint8),
    )


def run_directory(
    out: Path, *groups: list[float | None], images: bool = False
) -> tuple[Path, list[Path]]:
    """Write parts of the given maps and the file that joins them."""
    (out / "parts").mkdir(parents=True)
    parts: list[Path] = []
    row = 0
    for group in groups:
        rows = [explanation(row + i, value, row + i) for i, value in enumerate(group)]
        parts.append(out / "parts" / f"part-{row:09d}.h5")
        write_part(parts[-1], rows, layout(SHAPE, images))
        row += len(group)
    join_parts(parts, out / "attributions.h5")
    return out / "attributions.h5", parts


def stored(path: Path, name: str = "attributions") -> Array:
    with h5py.File(path) as file:
        return np.asarray(file[name][()])


def test_a_part_holds_float32_maps_and_nan_for_what_failed(tmp_path: Path) -> None:
    write_part(tmp_path / "p.h5", [explanation(0, 1.5), explanation(1, None)], Maps(SHAPE))
    maps = stored(tmp_path / "p.h5")
    assert maps.dtype == np.float32 and maps.shape == (2, 2, 3)
    assert (maps[0] == 1.5).all() and np.isnan(maps[1]).all()
    with h5py.File(tmp_path / "p.h5") as file:
        assert "images" not in file
        assert file["ids"].asstr()[()].tolist() == ["0.png", "1.png"]


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 3), (2, 3, 4)])
def test_a_part_holds_the_pictures_and_zeros_for_what_failed(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    picture = (*shape, 1) if len(shape) == 2 else shape
    full = Explanation(
        row=0,
        id="a",
        path="",
        sha256="",
        attribution=np.ones(shape, np.float32),
        image=np.full(picture, 200, np.uint8),
    )
    write_part(tmp_path / "p.h5", [full, explanation(1, None)], layout(shape, True))
    images = stored(tmp_path / "p.h5", "images")
    assert images.dtype == np.uint8 and images.shape == (2, *picture)
    assert (images[0] == 200).all() and (images[1] == 0).all()


@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4, 5)])
def test_maps_of_any_shape_are_kept(tmp_path: Path, shape: tuple[int, ...]) -> None:
    full = Explanation(row=0, id="a", path="", sha256="", attribution=np.ones(shape, np.float32))
    write_part(tmp_path / "p.h5", [full], Maps(shape))
    assert stored(tmp_path / "p.h5").shape == (1, *shape)


def test_an_interrupted_part_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("igcli.store.parts.write_columns", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_part(tmp_path / "p.h5", [explanation(0, 1.0)], Maps(SHAPE))
    assert list(tmp_path.iterdir()) == []


def test_joined_parts_are_one_dataset_in_row_order(tmp_path: Path) -> None:
    path, _ = run_directory(tmp_path / "out", [0.0, 1.0, 2.0], [None], [4.0, 5.0], images=True)
    maps = stored(path)
    assert maps.dtype == np.float32 and maps.shape == (6, 2, 3)
    np.testing.assert_array_equal(maps[:, 1, 2], [0, 1, 2, np.nan, 4, 5])
    assert stored(path, "images")[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    with h5py.File(path) as file:
        assert file["attributions"].is_virtual and file["images"].is_virtual
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
    run_directory(tmp_path / "two", [8.0, 8.0], [8.0])
    monkeypatch.chdir(tmp_path / "two")
    assert stored(path)[:, 0, 0].tolist() == [1, 2, 3]


def test_a_lost_part_reads_as_nan_and_not_as_a_number(tmp_path: Path) -> None:
    path, parts = run_directory(tmp_path / "out", [1.0, 2.0], [3.0])
    parts[1].unlink()
    np.testing.assert_array_equal(stored(path)[:, 0, 0], [1, 2, np.nan])


def test_joining_again_replaces_the_file(tmp_path: Path) -> None:
    path, parts = run_directory(tmp_path / "out", [1.0], [2.0])
    join_parts(parts[:1], path)
    assert stored(path)[:, 0, 0].tolist() == [1]
    assert sorted(p.name for p in path.parent.iterdir()) == ["attributions.h5", "parts"]


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 200])
def test_the_npy_copy_equals_the_dataset(tmp_path: Path, rows: int) -> None:
    values: list[float | None] = [None if i == 5 else i / 7 for i in range(rows)]
    path, _ = run_directory(tmp_path / "out", values[: rows // 2 + 1], values[rows // 2 + 1 :])
    save_npy(path, tmp_path / "out" / "attributions.npy")
    copy = np.load(tmp_path / "out" / "attributions.npy", allow_pickle=False)
    expected = [np.nan if v is None else v for v in values]
    assert copy.dtype == np.float32 and copy.shape == (rows, 2, 3)
    np.testing.assert_array_equal(copy[:, 1, 2], np.array(expected, np.float32))
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "attributions.h5",
        "attributions.npy",
        "parts",
    ]
