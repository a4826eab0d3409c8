"""What is kept of maps: pixels and the mass of regions, or regions alone, whatever the form."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.common.regions import Regions
from igcli.store.kept import Kept, has_kept, read_kept, stores_to_json
from igcli.store.maps import Maps
from igcli.store.run import open_finished_run
from tests.stored import store_run

SHAPE = (6, 5, 3)
REGIONS = Regions(SHAPE, 2)
FAILED = 4
ROWS = 10


def maps(pixels: bool = True, regions: Regions | None = REGIONS) -> Maps:
    return Maps(SHAPE, picture=Part("x", SHAPE, 0), regions=regions, keeps_pixels=pixels)


def attribution(row: int) -> Array:
    return np.random.default_rng(row).standard_normal(SHAPE).astype(np.float32)


def explanation(row: int) -> Explanation:
    if row == FAILED:
        return Explanation(row, f"{row}", "", "", status="failed", message="broken")
    return Explanation(
        row, f"{row}", "", "aa", regions_error=row / 100, attribution=attribution(row),
        regions=REGIONS.masses(attribution(row)), image=np.full(SHAPE, row, np.uint8),
    )  # fmt: skip


def about(kept: Maps, certified: bool = False) -> dict[str, Any]:
    return {
        "run": "r", "igcli": "0", "identity": {}, "per_input": 1, "inputs": {"count": ROWS},
        "settled": {"explained": {"x": list(SHAPE)}, **stores_to_json(kept, certified)},
    }  # fmt: skip


def stored(out: Path, kept: Maps, packed: bool = True) -> Path:
    rows = [explanation(row) for row in range(ROWS)]
    return store_run(out, kept, about(kept), rows, 4, "complete", packed)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("pixels", [True, False])
def test_the_mass_of_regions_is_read_back(tmp_path: Path, packed: bool, pixels: bool) -> None:
    out = stored(tmp_path / "out", maps(pixels), packed)
    with open_finished_run(out) as run:
        assert run.kept == Kept(REGIONS, False, pixels)
        shown = [run.rows[row] for row in (9, 0, 5)]
        for row, found in zip(shown, run.masses(shown), strict=True):
            assert found.dtype == np.float32 and found.shape == (2, 3, 3)
            # Summed by hand, cell by cell; the last column is one pixel wide.
            pixels_of = attribution(row.row).astype(np.float64).sum(axis=2)
            for sign, part in enumerate((np.maximum(pixels_of, 0), np.maximum(-pixels_of, 0))):
                np.testing.assert_allclose(found[sign, 1, 2], part[2:4, 4:].sum(), rtol=1e-5)
        assert [row.regions_error for row in run.rows[2:6]] == [0.02, 0.03, None, 0.05]
        assert bool(run.layout.datasets) is pixels
        assert run.layout.pictured == ("x" if pixels else None)
        assert list(run.maps(shown[:1]))[0].keys() == ({"x"} if pixels else set())
        assert list(run.images(shown))[0] is None or pixels
    with h5py.File(out / "attributions.h5") as file:
        assert file["regions"].shape == (ROWS, 2, 3, 3)
        assert np.isnan(file["regions"][FAILED]).all()
        assert ("attributions" in file, "images" in file) == (pixels, pixels)


def test_regions_alone_take_little_of_the_disk(tmp_path: Path) -> None:
    shape, count = (224, 224, 3), 300
    regions = Regions(shape, 16)
    kept = Maps(shape, picture=Part("x", shape, 0), regions=regions, keeps_pixels=False)
    assert kept.row_bytes == 14 * 14 * 2 * 4
    masses = np.ones((2, 14, 14), np.float32)
    whole = np.ones(shape, np.float32)
    rows = [
        Explanation(
            row, f"photos/n01440764/{row:05d}.jpeg", f"photos/n01440764/{row:05d}.jpeg", "ab" * 32,
            attribution=whole, regions=masses, target_name="tench", prediction_name="tench",
        )
        for row in range(count)
    ]  # fmt: skip
    told = about(kept) | {"inputs": {"count": count}}
    out = store_run(tmp_path / "out", kept, told, rows, 32, "complete")
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "results.csv"]
    assert sum(path.stat().st_size for path in files) <= 4096 * count


def test_what_is_no_picture_has_no_regions(tmp_path: Path) -> None:
    out = stored(tmp_path / "out", maps(regions=None))
    with open_finished_run(out) as run:
        assert run.kept == Kept(None, False, True)
    with h5py.File(out / "attributions.h5") as file:
        assert "regions" not in file


def test_run_json_says_what_is_kept(tmp_path: Path) -> None:
    told = json.loads(json.dumps(about(maps(False), certified=True)))
    assert told["settled"]["regions"] == {
        "side": 2, "rows": 3, "columns": 3, "of": [6, 5, 3], "certified": True
    }  # fmt: skip
    assert told["settled"]["store"] == "regions" and told["settled"]["store_dtype"] == "float32"
    assert has_kept(told) and read_kept(told) == Kept(REGIONS, True, False)


def test_an_earlier_igcli_kept_pixels_and_no_regions() -> None:
    assert not has_kept({"settled": {"explained": {}}})
    assert read_kept({"settled": {"explained": {}}}) == read_kept({}) == Kept(None, False, True)


def test_a_table_of_regions_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    out = stored(tmp_path / "out", maps())
    told = json.loads((out / "run.json").read_text())
    told["settled"]["regions"] = {"side": 2}
    (out / "run.json").write_text(json.dumps(told))
    with open_finished_run(out) as run, pytest.raises(InputError, match="it lacks of"):
        run.kept  # noqa: B018
