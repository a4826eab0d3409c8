from pathlib import Path

import h5py
import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.store.maps import Maps
from igcli.store.parts import save_npy, write_part

SHAPE = (2, 3)


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


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 200])
def test_the_npy_copy_equals_the_dataset(tmp_path: Path, rows: int) -> None:
    values: list[float | None] = [None if i == 5 else i / 7 for i in range(rows)]
    path = tmp_path / "attributions.h5"
    write_part(path, [explanation(i, value) for i, value in enumerate(values)], Maps(SHAPE))
    save_npy(path, tmp_path / "attributions.npy")
    copy = np.load(tmp_path / "attributions.npy", allow_pickle=False)
    expected = [np.nan if v is None else v for v in values]
    assert copy.dtype == np.float32 and copy.shape == (rows, 2, 3)
    np.testing.assert_array_equal(copy[:, 1, 2], np.array(expected, np.float32))
    assert sorted(p.name for p in path.parent.iterdir()) == ["attributions.h5", "attributions.npy"]
