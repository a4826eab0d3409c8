import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError, OutputError, RunStopped
from igcli.common.png import save_png
from igcli.figures.own import OF_CELLS
from igcli.figures.settle import settle_look
from igcli.figures.style import STYLES, Look
from igcli.report.pictures.redrawn_baseline import baseline_of
from igcli.report.pictures.shown import ShownRun
from tests.report.pictures.runs import image_like, map_like, rendered, row, rows_of, write_run

IDS = ["a.png", "sub/b.png", "c.png"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return write_run(tmp_path / "out", rows_of(IDS))


def settings(path: Path) -> dict[str, Any]:
    with Image.open(path) as picture:
        found: dict[str, Any] = json.loads(picture.info["igcli"])
        return {**found, "title": picture.info["Title"]}


def pngs(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}


def test_the_runs_own_look_goes_to_the_runs_overlays(out: Path) -> None:
    done = rendered(out)
    assert pngs(out) == {f"overlays/{i}.png" for i in IDS}
    assert done.exit_code == 0 and done.replaced == 0 and done.files == out / "overlays"
    assert rendered(out).replaced == 3


@pytest.mark.parametrize(
    ("look", "files"),
    [
        ({"alpha": 0.4}, {f"figures/overlay/{i}.png" for i in IDS}),
        ({"style": "heat"}, {f"figures/heat/{i}.png" for i in IDS}),
        ({"style": "panel"}, {"figures/panel.png"}),
    ],
)
def test_another_look_goes_to_figures(out: Path, look: dict[str, Any], files: set[str]) -> None:
    rendered(out, look=settle_look(**look))
    assert pngs(out) == files


def test_a_folder_or_a_file_may_be_named(out: Path, tmp_path: Path) -> None:
    rendered(out, to=tmp_path / "new" / "folder")
    assert pngs(tmp_path / "new") == {f"folder/{i}.png" for i in IDS}
    rendered(out, "c.png", to=tmp_path / "deep" / "one.PNG")
    assert (tmp_path / "deep" / "one.PNG").exists()
    rendered(out, to=tmp_path / "sheet.png", look=settle_look("panel"))
    rendered(out, to=tmp_path / "sheets", look=settle_look("panel"))
    assert (tmp_path / "sheet.png").read_bytes() == (tmp_path / "sheets/panel.png").read_bytes()
    with pytest.raises(OutputError, match="one file for 3 pictures"):
        rendered(out, to=tmp_path / "three.png")
    (tmp_path / "folder.png").mkdir()
    rendered(out, to=tmp_path / "folder.png")
    assert len(pngs(tmp_path / "folder.png")) == 3


def test_nothing_of_others_is_replaced_unasked(out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    Image.new("L", (1, 1)).save(folder / "c.png.png")
    before = (folder / "c.png.png").read_bytes()
    with pytest.raises(OutputError, match=r"c\.png\.png is there already, and no picture of"):
        rendered(out, to=folder)
    assert pngs(folder) == {"c.png.png"} and (folder / "c.png.png").read_bytes() == before
    assert rendered(out, to=folder, overwrite=True).replaced == 1
    assert rendered(out, to=folder, look=settle_look("heat")).replaced == 3
    (folder / "a.png.png").unlink()
    (folder / "a.png.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        rendered(out, to=folder, overwrite=True)


def test_a_place_that_can_not_be_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be made"):
        rendered(out, to=tmp_path / "file" / "below")


def test_a_disk_that_fills_up_stops_it_with_a_count(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [1]

    def save(*arguments: Any) -> None:
        if not left:
            raise OSError(28, "No space left on device")
        left.pop()
        save_png(*arguments)

    monkeypatch.setattr("igcli.report.pictures.render.save_png", save)
    with pytest.raises(RunStopped, match="stopped after 1 of 3 pictures: .*No space left"):
        rendered(out)
    assert pngs(out) == {"overlays/a.png.png"} and not list(out.rglob("*.tmp"))


def test_an_id_can_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", rows_of(["../../evil", "ok"]))
    with pytest.raises(InputError, match="leads out of the folder"):
        rendered(out)
    assert rendered(out, "ok").exit_code == 0 and pngs(tmp_path) == {"out/overlays/ok.png"}


def test_a_name_that_the_run_hashed_is_found_again(tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", rows_of(["a.png", "A.png", "b.png"]))
    rendered(out)
    ends = [hashlib.sha256(i.encode()).hexdigest()[:8] for i in ("a.png", "A.png", "b.png")]
    assert pngs(out / "overlays") == {f"a.png~{ends[0]}.png", f"A.png~{ends[1]}.png", "b.png.png"}
    # The run saw another input that clashes, beyond its --limit.
    (out / "overlays" / "b.png.png").rename(out / "overlays" / f"b.png~{ends[2]}.png")
    rendered(out)
    assert len(pngs(out / "overlays")) == 3


def test_failed_rows_are_left_out_and_told(tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", rows_of(IDS, broken=["a.png"]))
    done = rendered(out)
    assert done.exit_code == 3 and done.failed == (("a.png", "broken"),)
    assert "drew       2 of 3" in done.lines()[0] and "failed     1" in done.lines()[1]
    assert len(pngs(out)) == 2
    nothing = rendered(out, "a.png", look=settle_look("panel"))
    assert nothing.exit_code == 3 and len(pngs(out)) == 2
    assert nothing.to_dict()["full_colour_at"] is None and len(nothing.lines()) == 2
    assert rendered(out, "c.png").exit_code == 0


def top_of(factor: float, clip: float) -> float:
    plane = np.sort(np.abs(factor * map_like(0).astype(float).sum(axis=2)), axis=None)
    mass = np.cumsum(plane)
    return float(plane[np.argmax(mass >= mass[-1] * (1 - clip / 100))])


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("image", [top_of(1, 2), top_of(2, 2)]),
        ("shown", None),
        ("run", None),
        (0.75, [0.75, 0.75]),
    ],
)
def test_scales_are_of_each_of_those_drawn_or_of_all(
    out: Path, scale: Any, expected: list[float] | None
) -> None:
    rendered(out, "a.png", "sub/b.png", look=settle_look("heat", scale=scale))
    paths = [out / "figures" / "heat" / f"{i}.png" for i in IDS[:2]]
    found = [settings(path)["full_colour_at"] for path in paths]
    if expected is None:
        count = {"shown": 2, "run": 3}[scale]
        planes = [(i + 1) * map_like(0).astype(np.float32) for i in range(count)]
        numbers = np.abs(np.stack([p.astype(float).sum(axis=2) for p in planes]))
        ordered = np.sort(numbers, axis=None)
        mass = np.cumsum(ordered)
        expected = [ordered[np.argmax(mass >= 0.98 * mass[-1])]] * 2
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_picture_tells_all_its_settings(out: Path) -> None:
    look = settle_look("heat", sign="negative", reduce="max", cmap="magma", clip=5, size=30)
    rendered(out, "sub/b.png", look=look)
    assert settings(out / "figures" / "heat" / "sub" / "b.png.png") == {
        "style": "heat", "sign": "negative", "reduce": "max", "cmap": "magma", "clip": 5,
        "alpha": None, "scale": "image", "size": 30, "caption": True, "title": "sub/b.png",
        "window": None,
        "full_colour_at": pytest.approx(3.0, abs=3.0),
    }  # fmt: skip


CHANGES: dict[str, dict[str, Any]] = {
    "style": {"style": "mask"},
    "sign": {"style": "heat", "sign": "positive"},
    "reduce": {"style": "heat", "reduce": "max"},
    "cmap": {"style": "heat", "cmap": "PiYG"},
    "clip": {"style": "heat", "clip": 20.0},
    "alpha": {"alpha": 0.9},
    "scale": {"style": "heat", "scale": 0.1},
    "size": {"style": "heat", "size": 30},
    "caption": {"style": "heat", "caption": False},
    "window of heat": {"style": "heat", "window": (60.0, 90.0)},
    "window of an overlay": {"style": "overlay", "window": (60.0, 90.0)},
    "window of a photo": {"style": "photo", "window": (60.0, 90.0)},
    "sign of a photo": {"style": "photo", "sign": "all"},
    "size of a photo": {"style": "photo", "size": 30},
    "opacity of a photo": {"style": "photo", "alpha": 0.3},
    "sign of outlines": {"style": "outlines", "sign": "positive"},
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_setting_changes_the_picture(out: Path, tmp_path: Path, what: str) -> None:
    asked = CHANGES[what]
    usual = settle_look(asked["style"]) if what != "style" and "style" in asked else Look()
    for name, look in (("usual", usual), ("other", settle_look(**asked))):
        rendered(out, "a.png", to=tmp_path / f"{name}.png", look=look)
    with Image.open(tmp_path / "usual.png") as one, Image.open(tmp_path / "other.png") as other:
        assert one.size != other.size or (np.asarray(one) != np.asarray(other)).any()


def test_rows_of_a_sheet_are_as_asked_for(out: Path, tmp_path: Path) -> None:
    look = settle_look("panel", size=30)
    rendered(out, "c.png", "a.png", to=tmp_path / "sheet.png", look=look)
    assert settings(tmp_path / "sheet.png")["title"] == "c.png, a.png"
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    wanted = image_like(2)[0, 0].tolist(), image_like(0)[0, 0].tolist()
    firsts = [np.argwhere((pixels == colour).all(axis=2))[0] for colour in wanted]
    assert firsts[0][0] < firsts[1][0] and firsts[0][1] == firsts[1][1]


def test_what_would_be_too_large_is_refused_before_work(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="80 million are the most"):
        rendered(out, look=settle_look("heat", size=16000))
    monkeypatch.setattr("igcli.report.pictures.render._MOST_PIXELS", 1_000_000)
    with pytest.raises(ConfigError, match="1 × 2000 × 2400 pixels") as refused:
        rendered(out, look=settle_look("heat", size=2000))
    advised = int(refused.value.fix.split()[2])
    assert pngs(out) == set()
    rendered(out, "a.png", to=tmp_path / "large.png", look=settle_look("heat", size=advised))
    with Image.open(tmp_path / "large.png") as large:
        assert 600_000 < large.width * large.height < 1_200_000
    monkeypatch.undo()
    many = [row(f"{i}", map_like(0), image_like(0)) for i in range(101)]
    out = write_run(tmp_path / "many", many, part_rows=50)
    with pytest.raises(ConfigError, match="these are 101"):
        rendered(out, look=settle_look("panel"))
    assert rendered(out, "1*", look=settle_look("panel", size=6)).asked == 12


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("black", np.zeros((6, 5, 3))),
        ("white", np.full((6, 5, 3), 255)),
        ("gray", np.full((6, 5, 3), 128)),
        ("constant:7.2", np.full((6, 5, 3), 7)),
        ("mean", None),
        ("some/file.npy", None),
        ("zeros", None),
    ],
)
def test_the_baseline_is_made_again_where_its_name_tells_how(
    tmp_path: Path, name: str, expected: Array | None
) -> None:
    run = ShownRun(write_run(tmp_path / "out", rows_of(["a"]), baseline=name))
    found = baseline_of(run, run.rows[0], image_like(0))
    assert (found is None) == (expected is None)
    np.testing.assert_array_equal(found, expected)


def test_random_baselines_follow_from_the_seed_and_the_inputs_id(tmp_path: Path) -> None:
    ids = ["a@top1", "a@top2", "b@top1", "b@top2"]
    out = write_run(tmp_path / "out", rows_of(ids), baseline="uniform", per_input=2)
    run = ShownRun(out)
    found = [baseline_of(run, r, image_like(0)) for r in run.rows]
    digest = int.from_bytes(hashlib.sha256(b"a").digest()[:16])
    expected = np.random.default_rng([3, digest]).uniform(0, 255, (6, 5, 3))
    np.testing.assert_array_equal(found[0], np.rint(expected))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(np.asarray(found[0]), np.asarray(found[2]))


@pytest.mark.parametrize("kind", ["floats", "several"])
def test_other_inputs_baselines_are_not_guessed(tmp_path: Path, kind: str) -> None:
    out = write_run(tmp_path / "out", rows_of(["a", "b"]), inputs_are=kind, baseline="uniform:0:1")
    said: list[str] = []
    rendered(out, look=settle_look("tutorial"), said=said)
    assert said == ["the baseline uniform:0:1 is not stored: its frame stays empty"]
    rendered(out, look=settle_look("heat"), said=said)
    assert len(said) == 1


def test_every_pass_is_tracked(out: Path) -> None:
    from igcli.report.pictures.render import Wanted, render

    passes: list[int] = []

    def track(items: Any, total: int, done: int = 0, unit: str = "") -> Iterator[Any]:
        passes.append(total)
        return iter(items)

    render(Wanted(out, ("a.png",), settle_look("heat", scale="run")), track, print)
    assert passes == [3, 3, 1]


def test_a_sheet_of_maps_that_one_scale_leaves_pale_has_one_for_each(tmp_path: Path) -> None:
    maps = [map_like(0), map_like(0) / 100, map_like(0) / 1000]
    rows = [row(f"{i}.png", values, image_like(i)) for i, values in enumerate(maps)]
    out = write_run(tmp_path / "out", rows)
    done = rendered(out, look=settle_look("panel"))
    assert (done.look.scale, done.look.clip) == ("image", 10.0)
    assert done.tops == pytest.approx([done.tops[0], done.tops[0] / 100, done.tops[0] / 1000])
    assert "(each image's own)" in done.lines()[1]
    told = settings(out / "figures" / "panel.png")
    assert told["scale"] == "image" and told["full_colour_at"] == pytest.approx(list(done.tops))
    together = rendered(out, look=settle_look("panel", scale="shown"))
    assert len(together.tops) == 1 and "(one for the images drawn)" in together.lines()[1]


@pytest.mark.parametrize("pixels", [True, False])
@pytest.mark.parametrize(
    ("sign", "top"), [(None, "absolute"), ("positive", "positive"), ("negative", "negative")]
)
def test_regions_are_drawn_with_and_without_pixels(
    tmp_path: Path, pixels: bool, sign: str | None, top: str
) -> None:
    out = write_run(tmp_path / "out", rows_of(["a", "b"]), side=3, pixels=pixels)
    done = rendered(out, look=settle_look("regions", sign=sign, clip=0))
    assert pngs(out) == {"figures/regions/a.png", "figures/regions/b.png"}
    plane = map_like(0).astype(np.float64)
    plane = plane.sum(axis=2) if plane.ndim == 3 else plane
    parts = {"absolute": np.abs(plane), "positive": plane.clip(0), "negative": (-plane).clip(0)}
    cells = [
        parts[top][y : y + 3, x : x + 3].sum()
        for y in range(0, plane.shape[0], 3)
        for x in range(0, plane.shape[1], 3)
    ]
    assert done.tops == pytest.approx((max(cells), 2 * max(cells)), rel=1e-5)


@pytest.mark.parametrize("style", sorted({*STYLES} - OF_CELLS))
def test_other_styles_say_that_pixels_are_missing(tmp_path: Path, style: str) -> None:
    out = write_run(tmp_path / "out", rows_of(["a.png"]), side=3, pixels=False)
    with pytest.raises(InputError, match=f"(?s)no pixels for --style {style}.*--store pixels"):
        rendered(out, look=settle_look(style))
    assert pngs(out) == set()


def test_a_run_without_regions_says_so(out: Path) -> None:
    with pytest.raises(InputError, match="has no regions to draw"):
        rendered(out, look=settle_look("regions"))
    with pytest.raises(ConfigError, match="--reduce max has no meaning for --style regions"):
        settle_look("regions", reduce="max")
