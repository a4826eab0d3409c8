"""locate on run directories, with images as they were and as they were turned by hand."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.explanation import Explanation
from igcli.common.png import save_png
from igcli.common.progress import untracked
from igcli.findings.locate import locate
from igcli.findings.locate_results import Findings, Left
from igcli.findings.locate_search import LocateRequest
from igcli.store.maps import Maps
from igcli.store.run import open_run
from tests.comparison.runs import failed, row, write_run

Igcli = Callable[..., Result]
SIDE = 32
# Of images of 64 × 64: the model's input has half of it.
BOX = (16, 8, 48, 40)


def square(inside: float = 1.0, outside: float = 0.0) -> Array:
    values = np.full((SIDE, SIDE, 1), outside, np.float32)
    values[4:20, 8:24] = inside
    return values


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for name in "abcdef":
        Image.new("L", (64, 64)).save(folder / f"{name}.png")
    return folder


def rows_in(images: Path, maps: Sequence[Array], **fields: Any) -> list[Explanation]:
    names = [f"{name}.png" for name in "abcdef"]
    return [
        row(name, values, path=str(images / name), **fields)
        for name, values in zip(names, maps, strict=False)
    ]


def boxes_for(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(("id,x1,y1,x2,y2,class", *lines)) + "\n")
    return path


def a_box(*names: str, of: str = "") -> list[str]:
    return [f"{name},{','.join(map(str, BOX))},{of}" for name in names]


def found_in(out: Path, **request: Any) -> Findings:
    with open_run(out) as run:
        return locate(run, LocateRequest(**request), untracked)


def why(found: Findings) -> dict[str, Left | None]:
    return {image.row.id: image.left for image in found.images}


def test_a_map_of_the_object_has_all_and_is_last(tmp_path: Path, images: Path) -> None:
    rows = rows_in(images, [square(), square(1, 1), square(0, 1)], error_estimate=0.0)
    out = write_run(tmp_path / "out", rows, resize="stretch")
    boxes = boxes_for(tmp_path / "boxes.csv", *a_box("a", "b", "c.png"))
    found = found_in(out, boxes=boxes, tolerance=0)
    assert [image.row.id for image in found.measured] == ["c.png", "b.png", "a.png"]
    none, even, whole = (image.values for image in found.measured)
    assert [none[name] for name in ("inside", "lift", "hit", "rank")] == [0, 0, 0, 0]
    assert (even["inside"], even["lift"]) == pytest.approx((0.25, 1))
    assert whole == pytest.approx(
        {"inside": 1, "inside_abs": 1, "lift": 4, "hit": 1, "rank": 1, "auc": 1}
    )


def test_images_turned_by_exif_give_the_same_as_turned_by_hand(tmp_path: Path) -> None:
    """An upright picture and one stored on its side, with boxes in the pixels of each."""
    maps = np.random.default_rng(0).standard_normal((SIDE, SIDE, 1)).astype(np.float32)
    for resize in ("stretch", "pad", "crop"):
        numbers = []
        for name, size, orientation, box in (
            ("hand", (60, 80), 1, "10,20,40,50"),
            # Turned clockwise to be shown: x is the height, 80, less the row below, and so on.
            ("exif", (80, 60), 6, "20,20,50,50"),
        ):
            folder = tmp_path / resize / name
            folder.mkdir(parents=True)
            exif = Image.Exif()
            exif[0x0112] = orientation
            Image.new("L", size).save(folder / "a.png", exif=exif)
            out = write_run(folder / "out", rows_in(folder, [maps]), resize=resize)
            boxes = boxes_for(folder / "boxes.csv", f"a.png,{box},")
            numbers.append(found_in(out, boxes=boxes).measured[0])
        assert numbers[0].area == pytest.approx(numbers[1].area)
        assert numbers[0].values == pytest.approx(numbers[1].values)


def test_masks_tell_the_same_as_boxes(tmp_path: Path, images: Path) -> None:
    maps = np.random.default_rng(1).standard_normal((SIDE, SIDE, 1)).astype(np.float32)
    out = write_run(tmp_path / "out", rows_in(images, [maps]), resize="stretch")
    numbers = np.zeros((64, 64), np.uint8)
    numbers[BOX[1] : BOX[3], BOX[0] : BOX[2]] = 1
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(numbers).save(masks / "a.png")
    box = found_in(out, boxes=boxes_for(tmp_path / "b.csv", *a_box("a"))).measured[0]
    for value in (None, 1, "target"):
        mask = found_in(out, masks=masks, mask_value=value).measured[0]
        assert mask.area == box.area and mask.values == pytest.approx(box.values)
    assert why(found_in(out, masks=masks, mask_value=2)) == {"a.png": Left.OTHER_CLASS}


def test_what_cannot_be_measured_is_named_and_never_a_hit(tmp_path: Path, images: Path) -> None:
    rows = rows_in(images, [square()] * 4 + [square(-1, -1), square()], target_name="tabby cat")
    rows.append(failed("g.png"))
    out = write_run(tmp_path / "out", rows, resize="stretch")
    (images / "c.png").unlink()
    boxes = boxes_for(
        tmp_path / "boxes.csv", *a_box("b", of="dog"), *a_box("c", "e", "g", "nobody"),
        "d,5,5,5,9,", *a_box("f", of="Tabby_cat"),
    )  # fmt: skip
    found = found_in(out, boxes=boxes)
    assert why(found) == {
        "a.png": Left.NO_OBJECT,
        "b.png": Left.OTHER_CLASS,
        "c.png": Left.NOT_PLACED,
        "d.png": Left.EMPTY,
        "e.png": Left.NOTHING_POSITIVE,
        "f.png": None,
        "g.png": Left.FAILED,
    }
    assert found.unused == ["nobody"]
    assert "c.png can't be read" in next(i.why for i in found.images if i.row.id == "c.png")
    assert all(not image.values for image in found.left_out)
    every = found_in(out, boxes=boxes, any_class=True)
    assert why(every)["b.png"] is None


def test_a_mask_of_another_size_is_not_guessed_at(tmp_path: Path, images: Path) -> None:
    out = write_run(tmp_path / "out", rows_in(images, [square()]), resize="stretch")
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.new("L", (32, 32), 1).save(masks / "a.png")
    found = found_in(out, masks=masks)
    assert why(found) == {"a.png": Left.NOT_PLACED}
    assert "32 × 32 pixels, its image 64 × 64" in found.images[0].why


def test_regions_alone_will_do(tmp_path: Path, images: Path) -> None:
    maps = np.random.default_rng(2).standard_normal((4, SIDE, SIDE, 1)).astype(np.float32)
    rows = rows_in(images, list(maps), regions_error=0.01)
    boxes = boxes_for(tmp_path / "boxes.csv", *a_box("a", "b", "c", "d"))
    of_pixels = found_in(write_run(tmp_path / "p", rows, resize="stretch"), boxes=boxes)
    # The box's edges, 4, 8, 20 and 24, are those of cells of 4.
    for side, is_same in ((4, True), (6, False)):
        out = write_run(tmp_path / f"{side}", rows, resize="stretch", side=side, pixels=False)
        found = found_in(out, boxes=boxes)
        assert (of_pixels.cells, found.cells) == (0, side)
        for one, other in zip(of_pixels.images, found.images, strict=True):
            off = abs(one.values["inside"] - other.values["inside"])
            assert (off < 1e-6) is is_same
            assert off < other.errors["inside"]
            assert (other.errors["inside"] == pytest.approx(0.01)) is is_same


def test_what_was_certified_is_measured(tmp_path: Path, images: Path) -> None:
    rows = rows_in(images, [square()], error_estimate=0.9, regions_error=0.01)
    boxes = boxes_for(tmp_path / "boxes.csv", *a_box("a"))
    for certified, cells, error in ((True, 4, 0.01), (False, 0, 0.9)):
        out = write_run(
            tmp_path / f"{certified}", rows, resize="stretch", side=4, certified=certified
        )
        found = found_in(out, boxes=boxes)
        assert found.cells == cells
        assert found.measured[0].errors["inside"] == pytest.approx(error)


def test_maps_of_a_layer_are_not_of_the_picture(tmp_path: Path, images: Path) -> None:
    out = write_run(tmp_path / "out", rows_in(images, [square()]), resize="stretch")
    about = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps({**about, "config": {"layer": "conv"}}))
    with pytest.raises(ConfigError, match="of the layer conv"):
        found_in(out, boxes=boxes_for(tmp_path / "boxes.csv", *a_box("a")))


def test_damage_is_no_finding(tmp_path: Path, images: Path, igcli: Igcli) -> None:
    out, boxes = run_of_six(tmp_path, images)
    file = out / "attributions.h5"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    result = igcli("locate", out, "--boxes", boxes)
    assert result.exit_code == 3 and "is damaged" in result.stderr
    assert not (out / "locate.csv").exists()


def test_arrays_are_located_in_their_own_pixels(tmp_path: Path) -> None:
    rows = [row("x-000000", square(), path="x.npy[0]")]
    out = write_run(tmp_path / "out", rows)
    found = found_in(out, boxes=boxes_for(tmp_path / "b.csv", "x-000000,8,4,24,20,"))
    assert found.measured[0].values["inside"] == 1


def run_of_six(tmp_path: Path, images: Path, **fields: Any) -> tuple[Path, Path]:
    maps = [square(1, outside) for outside in (0, 0.1, 0.2, 0.3, 0.4, 0.5)]
    out = write_run(tmp_path / "out", rows_in(images, maps, **fields), resize="stretch")
    return out, boxes_for(tmp_path / "boxes.csv", *a_box(*"abcdef"))


def test_gates_give_the_exit_code(tmp_path: Path, images: Path, igcli: Igcli) -> None:
    out, boxes = run_of_six(tmp_path, images, error_estimate=0.01)
    # Of outside o: 1 / (1 + 3 o), from 1 to 0.4.
    passed = igcli("locate", out, "--boxes", boxes, "--fail-on", "inside.median<0.5")
    assert passed.exit_code == 0, passed.output
    junit = tmp_path / "j.xml"
    gates = ("--fail-on", "inside.min<0.45", "--fail-on", "lift.p05<1")
    crossed = igcli("locate", out, "--boxes", boxes, *gates, "--junit", junit)
    assert crossed.exit_code == 1
    assert "CROSSED    inside.min<0.45: 0.4; f.png" in crossed.stdout
    assert "passed     lift.p05<1" in crossed.stdout
    cases = ElementTree.parse(junit).findall(".//testcase")
    assert [len(case) for case in cases] == [1, 0]


def test_a_gate_finer_than_the_maps_is_refused(tmp_path: Path, images: Path, igcli: Igcli) -> None:
    out, boxes = run_of_six(tmp_path, images, error_estimate=0.05)
    refused = igcli("locate", out, "--boxes", boxes, "--fail-on", "inside.min<0.41")
    assert refused.exit_code == 2
    assert "is finer than the run can tell" in refused.stderr
    assert "from 0.35 to 0.45" in refused.stderr
    # The table is there all the same.
    assert (out / "locate.csv").exists()
    assert igcli("locate", out, "--boxes", boxes, "--fail-on", "inside.min<0.5").exit_code == 1


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ("inside<0.5", "it needs p00 to p99"),
        ("within.median<0.5", "there is inside, inside_abs, lift, hit, rank, auc, left_out"),
        ("left_out.mean>0.5", "has no statistic"),
        ("inside.median<0", "never crossed"),
        ("rank.mean>1", "never crossed"),
        ("inside median", "it is not MEASURE.STATISTIC"),
    ],
)
def test_what_is_no_gate_is_refused(tmp_path: Path, igcli: Igcli, gate: str, why: str) -> None:
    boxes = boxes_for(tmp_path / "boxes.csv")
    result = igcli("locate", tmp_path, "--boxes", boxes, "--fail-on", gate)
    assert result.exit_code == 2
    assert why in result.stderr


def test_the_table_has_every_image(tmp_path: Path, images: Path, igcli: Igcli) -> None:
    out, boxes = run_of_six(tmp_path, images)
    boxes_for(boxes, *a_box("a", "b", "d"))
    assert igcli("locate", out, "--boxes", boxes).exit_code == 0
    with (out / "locate.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [line["id"] for line in table] == [f"{n}.png" for n in "dbacef"]
    assert [line["left_out"] for line in table] == [""] * 3 + ["no object"] * 3
    assert float(table[2]["lift"]) == pytest.approx(4)
    assert table[3]["inside"] == ""
    assert igcli("locate", out, "--boxes", boxes).exit_code == 0
    mine = tmp_path / "mine.csv"
    mine.write_text("id\n")
    refused = igcli("locate", out, "--boxes", boxes, "-o", mine)
    assert refused.exit_code == 2 and mine.read_text() == "id\n"


def test_groups_are_the_classes_and_right_and_wrong(
    tmp_path: Path, images: Path, igcli: Igcli
) -> None:
    maps = [square(1, outside) for outside in (0, 0.1, 0.2, 0.3)]
    rows = [
        replace(one, target=target, truth=1, correct=target == 1)
        for one, target in zip(rows_in(images, maps), (1, 1, 2, 2), strict=True)
    ]
    out = write_run(tmp_path / "out", rows, Maps((SIDE, SIDE, 1), has_truth=True), resize="stretch")
    boxes = boxes_for(tmp_path / "boxes.csv", *a_box(*"abcd"))
    markdown = tmp_path / "m.md"
    result = igcli("locate", out, "--boxes", boxes, "--json", "--markdown", markdown)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [(g["kind"], g["name"], g["count"]) for g in found["groups"]] == [
        ("class", "2", 2), ("class", "1", 2), ("prediction", "wrong", 2), ("prediction", "right", 2)
    ]  # fmt: skip
    assert found["measured"] == 4 and found["worst"][0] == "d.png"
    assert "| predicted `wrong` | 2 |" in markdown.read_text()
    lines = igcli("locate", out, "--boxes", boxes).stdout.splitlines()
    # Of 0.2 and 0.3 outside: inside is 1 / 1.6 and 1 / 1.9.
    (wrong,) = [line for line in lines if line.startswith("predicted  wrong")]
    assert wrong == "predicted  wrong: 2, inside 0.576, lift 2.3 at the median, 100% hit"


def test_nothing_measured_is_no_success(tmp_path: Path, images: Path, igcli: Igcli) -> None:
    out, boxes = run_of_six(tmp_path, images)
    boxes_for(boxes, *a_box("x", "y"))
    result = igcli("locate", out, "--boxes", boxes)
    assert result.exit_code == 3
    assert "nothing could be measured" in result.stderr
    gated = igcli("locate", out, "--boxes", boxes, "--fail-on", "inside.median<0.1")
    assert gated.exit_code == 1


def test_doubts_are_told(tmp_path: Path, images: Path, igcli: Igcli) -> None:
    out, boxes = run_of_six(tmp_path, images, error_estimate=None)
    result = igcli("locate", out, "--boxes", boxes)
    assert "--tolerance-px 15 is 47% of the model's input: hit says little" in result.stderr
    assert "how far 6 maps are off is not known" in result.stderr
    assert igcli("locate", out, "--boxes", boxes, "--tolerance-px", 3).stderr.count("note") == 1


@pytest.mark.parametrize("pixels", [True, False])
def test_the_worst_are_drawn_with_their_objects(
    tmp_path: Path, images: Path, igcli: Igcli, pixels: bool
) -> None:
    maps = [square(1, outside) for outside in (0, 0.1, 0.2)]
    picture = np.zeros((SIDE, SIDE, 1), np.uint8)
    rows = rows_in(images, maps, image=picture)
    out = write_run(tmp_path / "out", rows, resize="stretch", side=4, pixels=pixels)
    boxes = boxes_for(tmp_path / "boxes.csv", *a_box(*"abc"))
    folder = tmp_path / "pictures"
    for _ in range(2):
        result = igcli("locate", out, "--boxes", boxes, "--pictures", folder, "--worst", 2)
        assert result.exit_code == 0, result.output
        assert sorted(path.name for path in folder.iterdir()) == ["001.png", "002.png"]
    with Image.open(folder / "001.png") as drawn:
        assert drawn.info["Title"] == "c.png"
        seen = np.asarray(drawn)
    # Seven times as large as the input: the box is at 8, 4 to 24, 20.
    assert (seen[28, 56:168] == 255).all() and (seen[139, 56:168] == 255).all()
    assert (seen[28:140, 56] == 255).all() and (seen[28:140, 167] == 255).all()
    assert (seen[27, 56:168] == 0).all() and (seen[28:140, 168] == 0).all()
    # Another picture of igcli's, as a run's overlays have them.
    save_png(Image.new("RGB", (4, 4)), folder / "003.png", "c.png")
    assert igcli("locate", out, "--boxes", boxes, "--pictures", folder).exit_code == 2
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--boxes", "b.csv", "--masks", "."),
        ("--boxes", "b.csv", "--mask-value", 3),
        ("--masks", ".", "--any-class"),
        ("--masks", ".", "--mask-value", "dog"),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, igcli: Igcli, monkeypatch: pytest.MonkeyPatch, options: tuple[Any, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    boxes_for(tmp_path / "b.csv")
    assert igcli("locate", tmp_path, *options).exit_code == 2
