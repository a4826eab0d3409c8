"""Maps in half precision: what they lose, and that reading them back loses nothing more."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.store.half import MOST_LOST, from_half, half_rounded, to_half
from igcli.store.kept import stores_to_json
from igcli.store.maps import Maps
from igcli.store.parts import save_npy
from igcli.store.reader import read_maps
from igcli.store.run import open_finished_run
from tests.stored import store_run

RANDOM = np.random.default_rng(8)
MAPS = {
    "normal": RANDOM.standard_normal(5000),
    "of many sizes": RANDOM.standard_normal(5000) * 10.0 ** RANDOM.uniform(-30, 0, 5000),
    "one large among small": np.append(np.full(4999, 1e-7), 1.0),
    "huge": RANDOM.standard_normal(5000) * 1e37,
    "tiny": RANDOM.standard_normal(5000) * 1e-30,
}


@pytest.mark.parametrize("name", MAPS)
def test_little_is_lost_and_only_once(name: str) -> None:
    values = MAPS[name].astype(np.float32)
    rounded = half_rounded(values)
    assert rounded.dtype == np.float32
    lost = (
        np.abs(rounded.astype(np.float64) - values).sum() / np.abs(values, dtype=np.float64).sum()
    )
    assert 0.0 < lost < MOST_LOST
    np.testing.assert_array_equal(half_rounded(rounded), rounded)


def test_the_scale_is_a_power_of_two() -> None:
    halves, scale = to_half(np.array([[3.0, -0.75]], np.float32))
    assert scale == 2.0**-13 and halves.dtype == np.float16
    assert halves.tolist() == [[3 * 2.0**13, -0.75 * 2.0**13]]
    assert from_half(halves[None], np.array([scale])).tolist() == [[[3.0, -0.75]]]


def test_zeros_stay_zeros() -> None:
    assert half_rounded(np.zeros((2, 3), np.float32)).tolist() == [[0.0] * 3] * 2


SHAPE = (6, 5, 3)
LAYOUTS = {
    "picture": Maps(SHAPE, picture=Part("x", SHAPE, 0), dtype="float16"),
    "two inputs": Maps((19,), (Part("numbers", (3,), 0), Part("a/view", (4, 4, 1), 3)),
                       dtype="float16"),
}  # fmt: skip
ROWS, FAILED = 7, 3


def stored(out: Path, maps: Maps, packed: bool) -> list[Array]:
    """Write a run in blocks of three; return its maps as they are to be read, flat."""
    given = [
        (0.1**row * np.random.default_rng(row).standard_normal(maps.shape)).astype(np.float32)
        for row in range(ROWS)
    ]
    rows = [
        Explanation(row, f"{row}", "", "aa", attribution=maps.as_read(values))
        if row != FAILED
        else Explanation(row, f"{row}", "", "", status="failed", message="broken")
        for row, values in enumerate(given)
    ]
    about: dict[str, Any] = {
        "run": "r", "igcli": "0", "identity": {}, "per_input": 1, "inputs": {"count": ROWS},
        "settled": {"explained": {part.name: [] for part in maps.parts} or {"x": []},
                    **stores_to_json(maps, False)},
    }  # fmt: skip
    store_run(out, maps, about, rows, 3, "complete", packed)
    return [maps.as_read(values).ravel() for values in given]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_reader_gives_float32(tmp_path: Path, name: str, packed: bool) -> None:
    expected = stored(tmp_path / "out", LAYOUTS[name], packed)
    with open_finished_run(tmp_path / "out") as run:
        shown = [run.rows[row] for row in (6, 0, 2, 4)]
        for row, maps in zip(shown, run.maps(shown), strict=True):
            parts = LAYOUTS[name].parts or (Part("x", SHAPE, 0),)
            for part in parts:
                values = maps[part.name]
                assert values.dtype == np.float32 and values.shape == part.shape
                np.testing.assert_array_equal(values.ravel(), part.of(expected[row.row]).ravel())
        run.check_files()
    flat = list(read_maps(tmp_path / "out", range(ROWS)))
    assert np.isnan(flat[FAILED]).all() and flat[0].dtype == np.float32
    for row in {*range(ROWS)} - {FAILED}:
        assert sorted(flat[row].tolist()) == sorted(expected[row].tolist())


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_on_the_disk(tmp_path: Path, packed: bool) -> None:
    expected = stored(tmp_path / "out", LAYOUTS["picture"], packed)
    path = tmp_path / "out" / "attributions.h5"
    with h5py.File(path) as file:
        assert file["attributions"].dtype == np.float16
        scales = file["map_scales"][()]
        assert scales.dtype == np.float32 and scales.shape == (ROWS,)
        by_hand = file["attributions"][5].astype(np.float32) * scales[5]
        np.testing.assert_array_equal(by_hand.ravel(), expected[5])
    save_npy(path, tmp_path / "maps.npy")
    copy = np.load(tmp_path / "maps.npy")
    assert copy.dtype == np.float32 and np.isnan(copy[FAILED]).all()
    np.testing.assert_array_equal(copy[6].ravel(), expected[6])
