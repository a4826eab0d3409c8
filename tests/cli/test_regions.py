"""`igcli regions` on stored runs: tables, arrays, pictures, JSON, what is refused, exit codes."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.model_spec import Part
from igcli.common.png import drawn_with
from igcli.common.register import Register
from igcli.findings.segments import felzenszwalb
from igcli.findings.segments.area_files import FIELDS
from igcli.findings.segments.one_map import work_on
from igcli.report.page.seen import look, open_begun_run
from igcli.store.maps import Maps
from igcli.store.outdir import remove_run
from tests.comparison.runs import failed, maps_like, row, write_run

SIDE = 32
NAMES = ("cat/a.jpg", "cat/b.jpg", "dog/c.jpg")


@pytest.fixture(autouse=True)
def fewer_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scales of smaller pictures: `test_felzenszwalb` and `test_peer` have the real ones."""
    monkeypatch.setattr(felzenszwalb, "SCALES", (50, 500))
    monkeypatch.setattr(felzenszwalb, "SIDE", 112)
    monkeypatch.setattr(felzenszwalb, "LEAST_SIZE", 20)


def image_of(seed: int, channels: int = 3) -> Array:
    rough = np.random.default_rng(seed).integers(0, 256, (4, 4, channels)).astype(np.uint8)
    return np.kron(rough, np.ones((8, 8, 1), np.uint8))


@pytest.fixture(scope="module")
def maps() -> list[Array]:
    return maps_like(3, (SIDE, SIDE, 3))


def written(out: Path, maps: list[Array], pictured: bool = True, **options: Any) -> Path:
    rows = [
        row(name, values, image=image_of(i) if pictured else None, regions_error=0.02)
        for i, (name, values) in enumerate(zip(NAMES, maps, strict=False))
    ]
    return write_run(out, [*rows, failed("broken.jpg")] if pictured else rows, **options)


@pytest.fixture
def out(tmp_path: Path, maps: list[Array]) -> Path:
    return written(tmp_path / "out", maps)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "regions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def planes(folder: Path) -> tuple[list[str], Array]:
    with h5py.File(folder / "regions.h5") as file:
        return [name.decode() for name in file["ids"][:]], file["regions"][:]


def test_tables_arrays_and_pictures(igcli: Any, out: Path, maps: list[Array]) -> None:
    result = igcli("regions", out, "--jobs", "1")
    assert result.exit_code == 3
    assert "igcli: no regions: broken.jpg: broken" in result.stderr
    assert result.stdout.startswith("regions  3 explanations: ")
    ids, found = planes(out / "regions")
    assert ids == list(NAMES) and found.dtype == np.float32 and found.shape == (3, SIDE, SIDE)
    for values, plane in zip(maps, found, strict=True):
        off = plane.sum(dtype=np.float64) - values.sum(dtype=np.float64)
        assert abs(off) <= 1e-5 * np.abs(values).sum()
    rows = table(out / "regions")
    assert tuple(rows[0]) == FIELDS
    for name, plane in zip(NAMES, found, strict=True):
        own = [one for one in rows if one["id"] == name]
        assert sum(int(one["area"]) for one in own) == SIDE * SIDE
        values_ = [float(one["value"]) for one in own]
        assert values_ == sorted(values_, reverse=True)
        first = own[0]
        x1, y1, x2, y2 = (int(first[side]) for side in ("x1", "y1", "x2", "y2"))
        is_first = plane == np.float32(first["value"])
        assert is_first.sum() == int(first["area"])
        assert is_first[y1:y2, x1:x2].sum() == int(first["area"])
        assert float(first["error"]) > 0.0 and float(first["error_bound"]) > 0.0
    pictures = out / "regions" / "pictures"
    assert files(pictures) == [f"{name}.png" for name in NAMES]
    settings = drawn_with(pictures / "cat" / "a.jpg.png")
    assert settings == {"style": "xrai", "reduce": "sum", "fast": False, "segments": ""}


def test_ids_where_json_and_processes(igcli: Any, out: Path, tmp_path: Path) -> None:
    result = igcli("regions", out, "dog/*", "--json", "-o", tmp_path / "dogs", "--jobs", "2")
    found = json.loads(result.stdout)
    assert result.exit_code == 0 and found["explanations"] == 1 and found["failed"] == []
    assert found["regions"]["most"] == len(table(tmp_path / "dogs"))
    assert planes(tmp_path / "dogs")[0] == ["dog/c.jpg"]
    assert igcli("regions", out, "bird").exit_code == 2
    assert igcli("regions", out, "--where", "score>0.9").exit_code == 2


@pytest.mark.parametrize("flags", [["--fast"], ["--reduce", "max"]])
def test_options_change_the_values(igcli: Any, out: Path, tmp_path: Path, flags: list[str]) -> None:
    for name, own in (("usual", []), ("other", flags)):
        assert igcli("regions", out, "*/*", *own, "-o", tmp_path / name).exit_code == 0
    usual, other = planes(tmp_path / "usual")[1], planes(tmp_path / "other")[1]
    assert np.abs(usual - other).max() > 1e-3


def test_top_is_drawn_in_the_photos_colours(igcli: Any, out: Path, tmp_path: Path) -> None:
    pictures = {}
    for top in ("10%", "100%"):
        folder = tmp_path / top.removesuffix("%")
        assert igcli("regions", out, "cat/a.jpg", "--top", top, "-o", folder).exit_code == 0
        with Image.open(folder / "pictures" / "cat" / "a.jpg.png") as picture:
            pictures[top] = np.asarray(picture)[:224]
    right = slice(232, 456)
    whole = pictures["100%"]
    assert (whole[:, :224] == whole[:, right]).all()
    shown = (pictures["10%"][:, :224] == pictures["10%"][:, right]).all(axis=2).mean()
    assert 0.1 <= shown < 0.5
    for wrong in ("20", "0%", "101%", "x%", "nan%"):
        assert igcli("regions", out, "--top", wrong).exit_code == 2


def test_own_segments_are_taken_as_they_are(
    igcli: Any, out: Path, tmp_path: Path, maps: list[Array]
) -> None:
    labels = np.arange(SIDE * SIDE).reshape(SIDE, SIDE) % 7 // 3
    np.save(tmp_path / "labels.npy", labels)
    own = "--segments", tmp_path / "labels.npy"
    assert igcli("regions", out, "cat/a.jpg", *own, "-o", tmp_path / "own").exit_code == 0
    found = {float(one["value"]): int(one["area"]) for one in table(tmp_path / "own")}
    plane = maps[0].sum(axis=2, dtype=np.float64)
    wanted = {float(plane[labels == i].mean()): int((labels == i).sum()) for i in range(3)}
    assert sorted(found) == pytest.approx(sorted(wanted)) and sum(found.values()) == SIDE**2


def test_an_image_without_own_segments_fails_by_name(igcli: Any, out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    np.save(folder / "a.npy", np.zeros((SIDE, SIDE), int))
    result = igcli("regions", out, "cat/*", "--segments", folder)
    assert result.exit_code == 3
    assert "no regions: cat/b.jpg: --segments has no file for it" in result.stderr
    assert planes(out / "regions")[0] == ["cat/a.jpg"]


def test_a_run_without_images_needs_own_segments(
    igcli: Any, tmp_path: Path, maps: list[Array]
) -> None:
    out = written(tmp_path / "out", maps, pictured=False)
    result = igcli("regions", out)
    assert result.exit_code == 2 and "stores no images" in result.stderr
    np.save(tmp_path / "labels.npy", np.eye(SIDE, dtype=int))
    assert igcli("regions", out, "--segments", tmp_path / "labels.npy").exit_code == 0
    with Image.open(out / "regions" / "pictures" / "cat" / "a.jpg.png") as picture:
        assert picture.width == 224


def test_runs_of_cells_and_of_a_layer_are_refused(
    igcli: Any, tmp_path: Path, maps: list[Array]
) -> None:
    cells = written(tmp_path / "cells", maps, pictured=False, side=4, pixels=False)
    result = igcli("regions", cells)
    assert result.exit_code == 2 and "--store regions" in result.stderr
    layer = write_run(
        tmp_path / "layer",
        [row("a.jpg", np.ones((7, 7, 2), np.float32), image=image_of(0))],
        Maps((7, 7, 2), picture=Part("x", (7, 7, 2), 0), channels=3, sides=(SIDE, SIDE)),
    )
    about = json.loads((layer / "run.json").read_text())
    placed = Register.even((7, 7), (SIDE, SIDE)).to_dict()
    about["settled"] |= {"register": placed, "pictured": "x", "explained": {"x": [7, 7, 2]}}
    (layer / "run.json").write_text(json.dumps(about))
    result = igcli("regions", layer)
    assert result.exit_code == 2 and "has maps of a layer" in result.stderr


def test_the_report_shows_the_regions_of_this_run(igcli: Any, out: Path, tmp_path: Path) -> None:
    assert igcli("regions", out, "cat/*").exit_code == 0
    names = [list(one.maps) for one in look(open_begun_run(out), range(3))]
    assert names == [["this class", "regions"], ["this class", "regions"], [""]]
    found = next(iter(look(open_begun_run(out), [0])))
    assert (found.maps["regions"] == planes(out / "regions")[1][0]).all()
    with h5py.File(out / "regions" / "regions.h5", "r+") as file:
        file.attrs["run"] = "another"
    assert [*next(iter(look(open_begun_run(out), [0]))).maps] == [""]


def test_a_second_call_replaces_its_own_files_only(igcli: Any, out: Path) -> None:
    assert igcli("regions", out, "cat/*").exit_code == 0
    folder = out / "regions"
    (folder / "notes.txt").write_text("mine")
    Image.new("RGB", (9, 9)).save(folder / "pictures" / "mine.png")
    assert igcli("regions", out, "dog/*").exit_code == 0
    tables = ["regions.csv", "regions.h5"]
    left = ["notes.txt", "pictures/mine.png"]
    assert files(folder) == sorted([*tables, *left, "pictures/dog/c.jpg.png"])
    remove_run(out)
    assert files(folder) == left


@pytest.mark.parametrize("name", ["regions.csv", "regions.h5", "pictures/dog/c.jpg.png"])
def test_files_of_others_are_not_replaced(igcli: Any, out: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "here" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    result = igcli("regions", out, "dog/*", "-o", tmp_path / "here")
    assert result.exit_code == 2 and f"{path} is there already" in result.stderr
    assert path.read_text() == "mine"
    assert igcli("regions", out, "dog/*", "-o", tmp_path / "here", "--overwrite").exit_code == 0
    assert path.read_bytes() != b"mine"


def test_what_stops_half_way_leaves_no_broken_table(
    igcli: Any, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(one: Any) -> Any:
        if one.drawing.title == "dog/c.jpg":
            raise KeyboardInterrupt
        return work_on(one)

    monkeypatch.setattr("igcli.findings.segments.area_run.work_on", stop)
    assert igcli("regions", out, "--jobs", "1").exit_code == 3
    assert files(out / "regions") == ["pictures/cat/a.jpg.png", "pictures/cat/b.jpg.png"]


@pytest.mark.parametrize(
    "image",
    [
        np.full((1, 1, 3), 9, np.uint8),
        np.full((40, 30, 3), 9, np.uint8),
        image_of(5, 1),
        image_of(5, 4),
    ],
)
def test_images_of_every_kind(igcli: Any, tmp_path: Path, image: Array) -> None:
    values = maps_like(1, image.shape)[0]
    out = write_run(tmp_path / "out", [row("a.png", values, image=image)])
    assert igcli("regions", out).exit_code == 0
    plane = planes(out / "regions")[1][0]
    assert np.isfinite(plane).all()
    assert abs(plane.sum() - values.sum()) <= 1e-5 * np.abs(values).sum()
    if image.max() == image.min():
        assert len(table(out / "regions")) == 1


def test_a_map_without_an_estimate_has_no_error(
    igcli: Any, tmp_path: Path, maps: list[Array]
) -> None:
    one = replace(row("a.png", maps[0], image=image_of(0)), error_estimate=None)
    out = write_run(tmp_path / "out", [one])
    result = igcli("regions", out)
    assert result.exit_code == 0 and "1 have no error: their runs estimated none" in result.stdout
    assert {line["error"] + line["error_bound"] for line in table(out / "regions")} == {""}
