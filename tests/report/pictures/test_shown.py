import json
from pathlib import Path

import numpy as np
import pytest

from igcli.common.errors import InputError, NotComparable
from igcli.report.pictures.shown import ShownRun
from tests.report.pictures.runs import image_like, map_like, row, rows_of, write_run

IDS = ["cat/a.png", "cat/b.png", "dog/a.png", "dog/[1].png", "e.png"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return write_run(tmp_path / "out", rows_of(IDS, broken=["cat/b.png"]))


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ([], [0, 1, 2, 3, 4]),
        (["e.png", "cat/a.png"], [4, 0]),
        (["cat/*"], [0, 1]),
        (["*a.png", "cat/*"], [0, 2, 1]),
        (["dog/[1].png"], [3]),
        (["?at/[ab].png"], [0, 1]),
    ],
)
def test_ids_and_patterns_choose_rows_in_their_order(
    out: Path, patterns: list[str], found: list[int]
) -> None:
    assert [r.row for r in ShownRun(out).select(patterns)] == found


@pytest.mark.parametrize("pattern", ["cat/c.png", "CAT/a.png", "nothing*", ""])
def test_an_id_that_is_none_is_named(out: Path, pattern: str) -> None:
    with pytest.raises(InputError, match="no ID in") as refused:
        ShownRun(out).select([pattern])
    assert repr(pattern) in refused.value.problem
    assert ("cat/a.png" in refused.value.cause) == (pattern in {"cat/c.png", "CAT/a.png"})


def test_an_inputs_id_stands_for_all_its_explanations(tmp_path: Path) -> None:
    ids = [f"{name}@top{k}" for name in ("a.png", "b@x.png") for k in (1, 2)]
    run = ShownRun(write_run(tmp_path / "out", rows_of(ids), per_input=2))
    assert [r.row for r in run.select(["b@x.png"])] == [2, 3]
    assert [r.row for r in run.select(["*@top1"])] == [0, 2]
    assert [r.row for r in run.select(["a.png@top2"])] == [1]
    assert run.input_of(run.rows[3]) == "b@x.png"


def test_pictures_come_in_the_runs_order_without_failed_rows(out: Path) -> None:
    run = ShownRun(out)
    assert run.shape == (6, 5, 3)
    found = list(run.pictures(run.select(["e.png", "cat/*", "dog/a.png"])))
    assert [r.id for r, _, _ in found] == ["cat/a.png", "dog/a.png", "e.png"]
    np.testing.assert_array_equal(found[1][1], 3 * map_like(0))
    np.testing.assert_array_equal(found[1][2], image_like(2))


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 1), (6, 5, 4)])
def test_grey_and_rgba_runs_have_pictures(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pictured = shape if len(shape) == 3 else (*shape, 1)
    rows = [row("a", map_like(0, shape), image_like(0, pictured))]
    run = ShownRun(write_run(tmp_path / "out", rows, shape=shape))
    ((_, attribution, image),) = run.pictures(run.rows)
    assert run.shape == image.shape == pictured and attribution.shape == shape


def test_no_run_and_no_finished_run_are_refused(tmp_path: Path, out: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        ShownRun(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no run\.json"):
        ShownRun(tmp_path)
    about = out / "run.json"
    about.write_text(about.read_text().replace('"complete"', '"partial"'))
    with pytest.raises(NotComparable, match="says partial"):
        ShownRun(out)


@pytest.mark.parametrize("key", ["per_input", "config", "settled", "inputs", "run"])
def test_a_run_json_that_lacks_something_is_refused(out: Path, key: str) -> None:
    about = json.loads((out / "run.json").read_text())
    del about[key]
    (out / "run.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match="can't be used"):
        ShownRun(out)


def test_a_damaged_run_is_told_and_drawn_from_no_further(out: Path) -> None:
    part = out / "parts" / "part-000000002.h5"
    whole = part.read_bytes()
    middle = len(whole) // 2
    part.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    run = ShownRun(out)
    assert len(list(run.pictures(run.select(["cat/a.png"])))) == 1
    with pytest.raises(NotComparable, match="part-000000002.h5 is not as it was written"):
        list(run.pictures(run.select(["dog/a.png"])))
    (out / "parts" / "part-000000000.h5").unlink()
    with pytest.raises(NotComparable, match="is damaged"):
        ShownRun(out)


def test_missing_rows_are_damage(out: Path) -> None:
    manifest = out / "parts" / "manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(NotComparable, match="its manifest lists 4 of 5 rows"):
        ShownRun(out)


def test_attributions_that_can_not_be_read_are_damage(out: Path) -> None:
    (out / "attributions.h5").write_bytes(b"no")
    with pytest.raises(NotComparable, match=r"attributions\.h5 can't be read"):
        ShownRun(out)


@pytest.mark.parametrize("shape", [(4,), (6, 5, 3)])
def test_maps_of_no_images_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rows = [row("a", map_like(0, shape), None)]
    out = write_run(tmp_path / "out", rows, shape=shape, pictured=False)
    with pytest.raises(InputError, match="no pictures to draw: its maps are of no images: x"):
        ShownRun(out)
