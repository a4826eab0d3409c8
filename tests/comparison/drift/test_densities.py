"""Runs that certify or keep regions are compared by where their mass lies."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, NotComparable
from igcli.common.progress import untracked
from igcli.comparison.drift.comment import markdown
from igcli.comparison.drift.compare import open_side
from igcli.comparison.drift.page import page
from igcli.comparison.drift.reference_file import write_igref
from igcli.comparison.drift.text import summary
from tests.comparison.runs import maps_like, rows_of, verdict_of, write_run

LARGE = (12, 10, 3)
MAPS = maps_like(4, LARGE)
KNOWN = {"moved", "cosine", "spearman", "coarse", "l1", "l2", "shift"}


def run_of(out: Path, maps: list[Array], **stored: Any) -> Path:
    rows = rows_of(maps, regions_error=0.01, error_estimate=0.02)
    return write_run(out, rows, **{"side": 2, **stored})


def two(tmp_path: Path, **stored: Any) -> tuple[Path, Path]:
    return run_of(tmp_path / "a", MAPS, **stored), run_of(tmp_path / "b", MAPS, **stored)


def shares(values: Array, side: int = 2) -> Array:
    """Return the shares of each sign in cells, by a loop."""
    plane = values.astype(np.float64).sum(axis=2)
    cells = np.zeros((2, -(-plane.shape[0] // side), -(-plane.shape[1] // side)))
    for y, x in np.ndindex(*plane.shape):
        cells[int(plane[y, x] < 0), y // side, x // side] += abs(plane[y, x])
    total: Array = cells / cells.sum()
    return total


def test_the_same_regions_do_not_drift(tmp_path: Path) -> None:
    verdict = verdict_of(*two(tmp_path, pixels=False))
    assert verdict.exit_code == 0 and verdict.regions == 2 and verdict.grid == 0
    assert set(verdict.quantiles()) == KNOWN
    assert verdict.quantiles()["cosine"]["median"] == pytest.approx(1.0)
    assert verdict.to_dict()["regions"] == 2 and verdict.to_dict()["grid"] is None
    assert "by the mass in regions of 2 pixels" in summary(verdict)[1]


@pytest.mark.parametrize("other", [{"pixels": True}, {"pixels": True, "side": 3}, {"side": 0}])
def test_pixels_are_summed_up_to_the_regions_of_the_other(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    changed = maps_like(4, LARGE, seed=1)
    paths = [run_of(tmp_path / "a", MAPS, pixels=False), run_of(tmp_path / "b", changed, **other)]
    for reference, new, ours, theirs in (
        (paths[0], paths[1], MAPS, changed), (paths[1], paths[0], changed, MAPS)
    ):  # fmt: skip
        verdict = verdict_of(reference, new)
        expected = [np.abs(shares(a) - shares(b)).sum() for a, b in zip(ours, theirs, strict=True)]
        found = [image.metrics["l1"] for image in verdict.images]
        assert found == pytest.approx(expected, rel=2e-3)
        assert verdict.regions == 2


def test_the_error_of_a_density_is_twice_its_estimate(tmp_path: Path) -> None:
    verdict = verdict_of(*two(tmp_path, pixels=False))
    assert verdict.noise() == pytest.approx(0.04, rel=0.02)


def test_what_was_certified_is_compared_unless_a_grid_is_asked_for(tmp_path: Path) -> None:
    paths = two(tmp_path, certified=True)
    assert verdict_of(*paths).regions == 2
    whole = verdict_of(*paths, grid=0)
    assert whole.regions == 0 and "signs" in whole.quantiles()


def test_pixel_runs_are_compared_by_maps(tmp_path: Path) -> None:
    assert verdict_of(*two(tmp_path)).regions == 0


@pytest.mark.parametrize("threshold", ["top5.median<0.5", "signs.p05<0.5"])
def test_what_regions_do_not_tell_is_refused(tmp_path: Path, threshold: str) -> None:
    paths = two(tmp_path, pixels=False)
    with pytest.raises(ConfigError, match=r"(?s)can't be told from regions.*--store pixels"):
        verdict_of(*paths, threshold)


def test_a_grid_and_other_cells_are_refused(tmp_path: Path) -> None:
    paths = (
        run_of(tmp_path / "a", MAPS, pixels=False),
        run_of(tmp_path / "b", MAPS, pixels=False, side=3),
    )
    with pytest.raises(NotComparable, match="have other regions"):
        verdict_of(*paths)
    with pytest.raises(ConfigError, match="--grid 8: .* are compared by regions"):
        verdict_of(paths[0], paths[0], grid=8)


def test_a_reference_file_of_regions_gives_the_same_verdict(tmp_path: Path) -> None:
    old = run_of(tmp_path / "a", MAPS, pixels=False)
    changed = [run_of(tmp_path / n, maps_like(4, LARGE, seed=2), pixels=n == "b") for n in "bc"]
    write_igref(old, tmp_path / "r.igref", None, untracked)
    for new in changed:
        by_file = verdict_of(tmp_path / "r.igref", new, "cosine.median<0.01")
        by_run = verdict_of(old, new, "cosine.median<0.01")
        assert by_file.regions == by_run.regions == 2
        np.testing.assert_array_equal(by_file.measured.seen, by_run.measured.seen)
        np.testing.assert_array_equal(by_file.measured.errors, by_run.measured.errors)
    with pytest.raises(ConfigError, match="--grid 8 can't be used"):
        write_igref(old, tmp_path / "r.igref", 8, untracked)


def test_a_reference_file_of_maps_has_no_regions(tmp_path: Path) -> None:
    write_igref(run_of(tmp_path / "a", MAPS), tmp_path / "r.igref", None, untracked)
    with pytest.raises(NotComparable, match="(?s)has maps on a grid.*regions alone"):
        verdict_of(tmp_path / "r.igref", run_of(tmp_path / "b", MAPS, pixels=False))
    certified = run_of(tmp_path / "c", MAPS, certified=True)
    assert verdict_of(tmp_path / "r.igref", certified).grid == 56


def test_another_shape_is_not_comparable(tmp_path: Path) -> None:
    with pytest.raises(NotComparable, match="different shapes"):
        verdict_of(
            run_of(tmp_path / "a", MAPS, pixels=False),
            run_of(tmp_path / "b", maps_like(4, (12, 12, 3))),
        )


def test_pages_and_comments_tell_of_regions(tmp_path: Path) -> None:
    paths = (
        run_of(tmp_path / "a", MAPS, pixels=False),
        run_of(tmp_path / "b", maps_like(4, LARGE, seed=2), pixels=False),
    )
    verdict = verdict_of(*paths, "cosine.median<0.99")
    html = page(verdict, *(open_side(path) for path in paths))
    assert "the mass in regions of 2 pixels" in html and "6×5 cells" in html
    assert "top5" not in markdown(verdict) and "| cosine |" in markdown(verdict)
    assert all("top5" not in line for line in summary(verdict))
