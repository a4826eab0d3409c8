"""Unit densities, read from regions or from pixels, with small pictures and channel shares."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.findings.densities import Densities, read_densities
from igcli.store.run import open_finished_run
from tests.comparison.runs import failed, maps_like, row, write_run

SHAPE = (9, 8, 3)


def read(out: Path) -> Densities:
    with open_finished_run(out) as run:
        return read_densities(run)


def written(out: Path, maps: list[Array], **options: Any) -> Path:
    rows = [row(f"{i}.png", values, error_estimate=0.01 * (i + 1)) for i, values in enumerate(maps)]
    return write_run(out, [*rows, failed("broken.png")], **options)


def by_hand(values: Array) -> Array:
    """Shares of positive and negative mass in cells of 2 pixels, smaller at the edges."""
    plane = values.sum(axis=2, dtype=np.float64)
    found = np.zeros((5, 4, 2))
    for r in range(9):
        for c in range(8):
            found[r // 2, c // 2, int(plane[r, c] < 0)] += plane[r, c]
    return np.asarray(found / np.abs(found).sum())


@pytest.mark.parametrize("options", [{}, {"side": 2}, {"side": 2, "pixels": False}])
def test_densities_are_the_same_from_pixels_and_from_regions(
    options: dict[str, Any], tmp_path: Path
) -> None:
    maps = maps_like(5, SHAPE)
    found = read(written(tmp_path / "out", maps, **options))
    assert found.source == ("regions" if options else "pixels")
    assert found.values == pytest.approx(np.stack([by_hand(one) for one in maps]), abs=1e-6)
    assert np.abs(found.values).sum(axis=(1, 2, 3)) == pytest.approx(1.0)
    assert found.errors == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.05])
    assert found.left_out == {"failed": ["broken.png"], "no mass": []}
    assert found.pictures is None


def test_channel_shares_are_of_pixels(tmp_path: Path) -> None:
    maps = maps_like(4, SHAPE)
    sizes = np.stack([np.abs(one).sum(axis=(0, 1)) for one in maps])
    found = read(written(tmp_path / "out", maps)).channels
    assert found == pytest.approx(sizes / sizes.sum(axis=1, keepdims=True), abs=1e-5)
    assert read(written(tmp_path / "cells", maps, side=2, pixels=False)).channels is None


def test_a_map_without_mass_is_left_out_by_name(tmp_path: Path) -> None:
    maps = maps_like(3, SHAPE)
    maps[1][:] = 0.0
    found = read(written(tmp_path / "out", maps))
    assert [one.id for one in found.rows] == ["0.png", "2.png"]
    assert found.left_out["no mass"] == ["1.png"]
    assert found.values == pytest.approx(np.stack([by_hand(maps[0]), by_hand(maps[2])]), abs=1e-6)


def test_images_are_seen_in_patches_of_a_cell(tmp_path: Path) -> None:
    image = np.arange(9 * 8 * 3).reshape(9, 8, 3).astype(np.uint8)
    out = write_run(tmp_path / "out", [row("a", maps_like(1, SHAPE)[0], image=image)], side=4)
    found = read(out).pictures
    assert found is not None and found.shape == (1, 6, 4, 3)
    # Cells of 4 pixels in patches of 2, the last row of cells of one pixel twice that pixel.
    assert found[0, 1, 2].tolist() == np.rint(image[2:4, 4:6].mean(axis=(0, 1))).tolist()
    assert found[0, 4, 0].tolist() == found[0, 5, 0].tolist()
    assert found[0, 5, 0].tolist() == np.rint(image[8:9, 0:2].mean(axis=(0, 1))).tolist()


def test_maps_of_no_picture_are_refused(tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", [row("a", np.ones(7, np.float32))])
    with pytest.raises(InputError, match="no one picture"):
        read(out)


def test_a_run_whose_inputs_all_failed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no map with any mass"):
        read(write_run(tmp_path / "out", [failed("a")], side=2))
