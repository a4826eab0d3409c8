"""A stored run gives back what was written, in any order, a few rows at a time, or says why not."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import IgcliError, InputError, NotWhole
from igcli.common.explanation import Explanation, Profile
from igcli.common.files import file_sha256
from igcli.common.model_spec import Part
from igcli.store import run as module
from igcli.store.layout import part_path
from igcli.store.manifest import read_manifest, write_manifest
from igcli.store.map_layout import flat
from igcli.store.maps import Maps
from igcli.store.run import StoredRun, open_finished_run, open_run
from tests.stored import store_run

SHAPE = (3, 4, 3)
RANDOM = np.random.default_rng(2)


def explanation(number: int, shape: tuple[int, ...] = SHAPE, **fields: Any) -> Explanation:
    """One whose map is its number everywhere; every fifth has failed."""
    has_failed = number % 5 == 4
    usual: dict[str, Any] = {
        "status": "failed" if has_failed else "ok",
        "message": "broken" if has_failed else "",
        "attribution": None if has_failed else np.full(shape, number, np.float32),
        "image": np.full(SHAPE, number % 256, np.uint8),
        "profile": None if has_failed else Profile(*np.full((3, 2), float(number))),
    }
    return Explanation(0, f"{number}.png", "", "aa", score=0.5, **{**usual, **fields})


def about(count: int, **told: Any) -> dict[str, Any]:
    usual = {
        "run": "r", "igcli": "0", "identity": {}, "per_input": 1, "inputs": {"count": count},
        "settled": {"explained": {"x": list(SHAPE)}},
    }  # fmt: skip
    return {**usual, **told}


def ten_rows(out: Path, packed: bool) -> Path:
    """Ten rows in blocks of four, four and two."""
    rows = [explanation(number) for number in range(10)]
    maps = Maps(SHAPE, picture=Part("x", SHAPE, 0))
    return store_run(out, maps, about(10), rows, 4, "complete", packed)


@pytest.fixture(params=["packed", "parts"])
def out(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Ten rows, in either form."""
    return ten_rows(tmp_path / "out", request.param == "packed")


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    return ten_rows(tmp_path / "out", packed=False)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return ten_rows(tmp_path / "out", packed=True)


def values(maps: dict[str, Array]) -> list[float]:
    return [float(array.ravel()[0]) for array in maps.values()]


def test_rows_are_those_that_were_written(out: Path) -> None:
    with open_finished_run(out) as run:
        assert [row.id for row in run.rows] == [f"{number}.png" for number in range(10)]
        assert [row.row for row in run.rows] == list(range(10))
        assert [row.status for row in run.rows] == (["ok"] * 4 + ["failed"]) * 2
        assert run.rows[0].score == 0.5 and run.rows[0].attribution is None
        assert run.asked == 10 and run.per_input == 1 and run.input_of(run.rows[3]) == "3.png"


@pytest.mark.parametrize("chosen", [[0, 1, 2], [8, 0, 5, 1], [3, 3, 0], [6], []])
def test_arrays_come_in_the_order_that_they_are_asked_for(out: Path, chosen: list[int]) -> None:
    run = open_finished_run(out)
    rows = [run.rows[place] for place in chosen]
    assert [values(maps) for maps in run.maps(rows)] == [[float(place)] for place in chosen]
    images = list(run.images(rows))
    assert [image[0, 0, 0] for image in images if image is not None] == chosen
    scores = [profile.scores.tolist() for profile in run.profiles(rows) if profile is not None]
    assert scores == [[float(place)] * 2 for place in chosen]


def test_blocks_are_all_that_did_not_fail_and_of_a_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [explanation(number, image=None) for number in range(150)]
    run = open_run(store_run(tmp_path / "out", Maps(SHAPE), about(150), rows, 40, "complete"))
    blocks = list(run.blocks())
    assert [len(block.rows) for block in blocks] == [64, 56]
    ok = [number for number in range(150) if number % 5 != 4]
    assert [row for block in blocks for row in block.rows] == ok
    found = np.concatenate([block.maps["x"] for block in blocks])
    assert found.shape == (120, *SHAPE) and found.dtype == np.float32
    np.testing.assert_array_equal(found[:, 0, 0, 0], ok)
    monkeypatch.setattr(module, "_MOST_BYTES", 5 * 4 * 36)
    assert [len(block.rows) for block in run.blocks(range(12))] == [5, 5, 2]
    (block,) = run.blocks([4, 5])
    assert np.isnan(block.maps["x"][0]).all() and (block.maps["x"][1] == 5.0).all()


def test_maps_of_several_inputs_have_names_and_the_image_stands_first(tmp_path: Path) -> None:
    parts = (Part("b", (5,), 0), Part("c", (3, 4), 5), Part("a", (3, 4, 3), 17))
    maps = Maps((53,), parts, picture=parts[2])
    told = about(1, settled={"explained": {"c": [3, 4], "b": [5], "a": [3, 4, 3]}})
    vector = np.arange(53, dtype=np.float32)
    row = explanation(0, attribution=vector)
    run = open_run(store_run(tmp_path / "out", maps, told, [row], 1, "complete"))
    layout = run.layout
    assert layout.shapes == {"a": (3, 4, 3), "b": (5,), "c": (3, 4)}
    assert layout.order == ("a", "c", "b") and layout.pictured == "a" and layout.is_grouped
    (found,) = run.maps(run.rows)
    np.testing.assert_array_equal(found["c"], vector[5:17].reshape(3, 4))
    np.testing.assert_array_equal(flat(found), [*vector[17:], *vector[:5], *vector[5:17]])


@pytest.mark.parametrize(
    ("explained", "name"), [({"x": list(SHAPE)}, "x"), ({}, ""), ({"x": [1], "y": [1]}, "")]
)
def test_a_single_map_is_called_as_run_json_tells(
    tmp_path: Path, explained: dict[str, Any], name: str
) -> None:
    told = about(1, settled={"explained": explained})
    run = open_run(
        store_run(tmp_path / "out", Maps(SHAPE), told, [explanation(0, image=None)], 1, "complete")
    )
    assert run.layout.shapes == {name: SHAPE} and not run.layout.is_grouped
    assert run.layout.pictured is None and list(run.images(run.rows)) == [None]


def test_an_unfinished_run_has_the_rows_of_its_parts(parted: Path) -> None:
    out = parted
    told = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps({**told, "status": "running"}))
    manifest = out / "parts" / "manifest.jsonl"
    lines = manifest.read_text().splitlines(keepends=True)
    manifest.write_text(lines[0] + lines[2])
    (out / "attributions.h5").unlink()
    run = open_run(out)
    assert not run.is_finished and run.asked == 10
    assert [row.row for row in run.rows] == [0, 1, 2, 3, 8, 9]
    assert [values(maps) for maps in run.maps([run.rows[4], run.rows[1]])] == [[8.0], [1.0]]
    with pytest.raises(NotWhole, match="OUT x is no finished run: its run.json says running"):
        open_finished_run(out, "OUT x")


def test_a_run_without_rows(tmp_path: Path) -> None:
    run = open_finished_run(store_run(tmp_path / "out", Maps(SHAPE), about(0), [], 1, "complete"))
    assert run.rows == [] and run.layout.shapes == {} and list(run.blocks()) == []


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere is no igcli run: there is no such folder"):
        open_run(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"OUT y is no igcli run: it has no run\.json of one"):
        open_finished_run(tmp_path, "OUT y")


def test_what_run_json_lacks_is_named(out: Path) -> None:
    with (
        pytest.raises(InputError, match=r"a run\.json that can't be used: it lacks seed"),
        open_run(out).usable_about() as told,
    ):
        told["seed"]
    for damage in ({"inputs": {"count": "ten"}}, {"per_input": None}, {"run": ""}):
        told = json.loads((out / "run.json").read_text())
        run = StoredRun(out, "it", {**told, **damage})
        with pytest.raises(InputError, match=r"it has a run\.json that can't be used"):
            run.check_sizes()


def read_all(run: StoredRun) -> None:
    ok = [row for row in run.rows if row.status == "ok"]
    list(run.maps(ok)), list(run.images(ok)), list(run.profiles(ok))


def flip(path: Path, place: int | None = None) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if place is None else place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (lambda out: flip(part_path(out, 4)), "part-000000004.h5 is not as it was written"),
        (lambda out: part_path(out, 8).unlink(), "part-000000008.h5 is not as it was written"),
        (lambda out: (out / "parts" / "manifest.jsonl").unlink(), "lists 0 of 10 rows"),
        (lambda out: (out / "attributions.h5").unlink(), "attributions.h5 can't be read: it is"),
        (lambda out: (out / "attributions.h5").write_bytes(b"no"), "attributions.h5 can't be read"),
    ],
)
def test_damage_is_told_with_what_mends_it(
    parted: Path, damage: Callable[[Path], object], cause: str
) -> None:
    damage(parted)
    with pytest.raises(NotWhole, match="out is damaged: ") as caught:
        read_all(open_finished_run(parted))
    assert cause in caught.value.cause and "\n" not in caught.value.cause
    assert caught.value.fix == "run `igcli run … --resume`, which computes it again"


def place_of(out: Path, row: int) -> int:
    """Return where the bytes of a row's map begin in attributions.h5."""
    with h5py.File(out / "attributions.h5") as file:
        return int(file["attributions"].id.get_offset()) + row * 4 * 36


@pytest.mark.parametrize("row", [4, 7])
def test_a_changed_block_of_a_packed_file_is_told_by_its_rows(packed: Path, row: int) -> None:
    path = packed / "attributions.h5"
    flip(path, place_of(packed, row))
    run = open_finished_run(packed)
    assert len(list(run.maps(run.rows[:4]))) == 4 and len(list(run.images(run.rows[8:]))) == 2
    for check in (run.check_files, lambda: read_all(run), lambda: run.check_file(run.files[1])):
        with pytest.raises(NotWhole, match="out is damaged: ") as caught:
            check()
        assert caught.value.cause == f"{path} (rows 4 to 7) is not as it was written"


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (lambda path: flip(path, len(path.read_bytes()) - 1000), "is not as it was written"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1000]), "can't be read: "),
        (lambda path: path.write_bytes(b"no"), "can't be read: "),
        (lambda path: path.unlink(), "can't be read: it is not there"),
    ],
)
def test_damage_to_the_rest_of_a_packed_file_is_told(
    packed: Path, damage: Callable[[Path], object], cause: str
) -> None:
    damage(packed / "attributions.h5")
    with pytest.raises(NotWhole, match="out is damaged: ") as caught:
        read_all(open_finished_run(packed))
    assert caught.value.cause.startswith(f"{packed / 'attributions.h5'} {cause}")


def test_another_runs_packed_file_is_damage(packed: Path, tmp_path: Path) -> None:
    told = about(10, run="another")
    rows = [explanation(number) for number in range(10)]
    other = store_run(tmp_path / "other", Maps(SHAPE), told, rows, 4, "complete")
    shutil.copy(other / "attributions.h5", packed)
    with pytest.raises(NotWhole, match=r"attributions\.h5 has no rows of this run"):
        read_all(open_finished_run(packed))


def test_parts_beside_a_packed_file_do_not_count(packed: Path, tmp_path: Path) -> None:
    """A process may be killed before it has removed them all."""
    ten_rows(tmp_path / "again", packed=False)
    shutil.copytree(tmp_path / "again" / "parts", packed / "parts")
    flip(part_path(packed, 4))
    read_all(open_finished_run(packed))


def test_an_unfinished_run_may_be_packed_already(packed: Path) -> None:
    """It was killed before its run.json was written."""
    told = json.loads((packed / "run.json").read_text())
    (packed / "run.json").write_text(json.dumps({**told, "status": "running"}))
    run = open_run(packed)
    assert [row.id for row in run.rows] == [f"{number}.png" for number in range(10)]
    read_all(run)


def test_parts_that_hold_the_same_rows_are_damage(parted: Path) -> None:
    out = parted
    part_path(out, 8).rename(part_path(out, 6))
    manifest = out / "parts" / "manifest.jsonl"
    lines = manifest.read_text().splitlines(keepends=True)
    manifest.write_text(lines[1] + lines[2])
    with pytest.raises(NotWhole, match="its manifest lists 0 of 10 rows"):
        read_all(open_finished_run(out))


def test_an_array_that_is_too_short_is_damage(parted: Path) -> None:
    """It has the checksum that the manifest lists, as what a faulty program wrote would."""
    out = parted
    with h5py.File(part_path(out, 4), "r+") as file:
        maps = file["attributions"][:2]
        del file["attributions"]
        file["attributions"] = maps
    told = json.loads((out / "run.json").read_text())["run"]
    path = part_path(out, 4)
    write_manifest(
        out,
        [
            replace(entry, size=path.stat().st_size, sha256=file_sha256(path))
            if entry.start == 4
            else entry
            for entry in read_manifest(out, told)
        ],
    )
    run = open_finished_run(out)
    assert [values(maps) for maps in run.maps(run.rows[5:6])] == [[5.0]]
    with pytest.raises(NotWhole, match="/attributions has too few rows"):
        list(run.maps(run.rows[5:8]))


def test_a_map_of_nan_is_damage_and_a_merged_run_is_merged_again(tmp_path: Path) -> None:
    bad = explanation(1)
    assert bad.attribution is not None
    bad.attribution[0, 0, 0] = np.nan
    maps = Maps(SHAPE, picture=Part("x", SHAPE, 0))
    rows = [explanation(0), bad]
    out = store_run(tmp_path / "out", maps, about(2, merged=[]), rows, 2, "complete")
    with pytest.raises(NotWhole, match=r"the map of 1\.png is not there") as caught:
        read_all(open_finished_run(out))
    assert caught.value.fix == "merge its shards again with `igcli merge … --overwrite`"


def test_files_are_checked_when_they_are_read_or_at_once(parted: Path) -> None:
    flip(part_path(parted, 4))
    run = open_finished_run(parted)
    assert len(list(run.maps(run.rows[:4]))) == 4
    for check in (run.check_files, lambda: read_all(run), lambda: run.check_file(run.files[1])):
        with pytest.raises(IgcliError, match="part-000000004.h5 is not as it was written"):
            check()
