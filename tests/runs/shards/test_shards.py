"""Shards that fit together, and each way in which they may not."""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.common.config import RunConfig
from igcli.common.errors import IgcliError, InputError, NotWhole, OutputError, RunStopped
from igcli.common.progress import untracked
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.runs.result import RunResult
from igcli.runs.shards.merge import merge
from igcli.store.array_file import ArrayFile
from igcli.store.folder import RunFolder
from igcli.store.layout import part_path
from igcli.store.lock import RunLock
from igcli.store.run import open_finished_run
from tests.fakes import Linear

SHAPE = (4, 5, 3)


def explain(config: RunConfig, **changes: Any) -> RunResult:
    model = Linear(SHAPE, np.ones((2, 60)))
    plan = make_plan(replace(config, **changes), lambda *arguments: model, lambda message: None)
    return run_plan(plan, untracked)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Seven images, two of whose names differ in case alone."""
    random = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for name in ("a", "A", "b", "c", "d", "e", "ü f"):
        pixels = random.integers(1, 256, SHAPE, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{name}.png")
    return RunConfig(Path(__file__), tmp_path / "images", tmp_path / "out", target="top:2")


@pytest.fixture
def shards(config: RunConfig, tmp_path: Path) -> list[Path]:
    outs = [tmp_path / f"shard-{i}" for i in (1, 2, 3)]
    for i, out in enumerate(outs):
        assert explain(config, out=out, shard=(i + 1, 3)).exit_code == 0
    return outs


def files(out: Path) -> dict[str, bytes]:
    paths = [p for p in out.rglob("*") if p.is_file() and p.parent.name != "parts"]
    return {
        p.relative_to(out).as_posix(): p.read_bytes()
        for p in paths
        if p.name not in {"run.json", "attributions.h5"}
    }


def about(out: Path) -> Any:
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def refused(shards: list[Path], error: type[IgcliError] = InputError) -> str:
    out = shards[0].parent / "refused"
    with pytest.raises(error) as caught:
        merge(out, shards, False, untracked)
    assert not out.exists()
    return str(caught.value)


def test_a_merged_run_is_the_unsharded_one_and_needs_no_shard(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    explain(config, save=("npy",))
    result = merge(tmp_path / "merged", shards[::-1], False, untracked)
    assert result.exit_code == 0 and result.done == 14
    for shard in shards:
        shutil.rmtree(shard)
    merged = files(tmp_path / "merged")
    whole = files(config.out)
    npy = whole.pop("attributions.npy")
    assert merged == whole
    assert len([name for name in merged if name.startswith("overlays/")]) == 14
    with h5py.File(tmp_path / "merged" / "attributions.h5") as file:
        np.testing.assert_array_equal(
            file["attributions"][()].ravel(), np.frombuffer(npy[-14 * 240 :], np.float32)
        )
    there, here = about(tmp_path / "merged"), about(config.out)
    assert there["counts"] == here["counts"] and there["inputs"] == here["inputs"]
    assert there["input_sha256"] == here["input_sha256"]
    assert [origin["shard"] for origin in there["merged"]] == [[1, 3], [2, 3], [3, 3]]


@pytest.mark.slow
def test_a_merged_run_resumes_as_the_whole_one(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    merge(tmp_path / "merged", shards, False, untracked)
    flip(tmp_path / "merged" / "attributions.h5", 4)
    result = explain(config, out=tmp_path / "merged", resume=True)
    assert result.complete and result.before == 10
    explain(config)
    assert files(tmp_path / "merged") == files(config.out)


@pytest.mark.slow
def test_more_shards_than_inputs(config: RunConfig, tmp_path: Path) -> None:
    outs = [tmp_path / f"{i}" for i in range(9)]
    counts = [explain(config, out=o, shard=(i + 1, 9)).done for i, o in enumerate(outs)]
    assert sum(counts) == 14 and set(counts) == {0, 2}
    result = merge(tmp_path / "merged", outs, False, untracked)
    assert result.done == 14 and result.exit_code == 0
    assert ", 9 shards, 2 of them without inputs) " in result.lines()[0]
    filled = [out for out, count in zip(outs, counts, strict=True) if count]
    assert merge(tmp_path / "again", filled, False, untracked).done == 14


def test_a_shard_without_inputs_is_told(config: RunConfig) -> None:
    notes: list[str] = []
    model = Linear(SHAPE, np.ones((2, 60)))
    make_plan(replace(config, shard=(1, 9)), lambda *arguments: model, notes.append)
    assert notes == ["--shard 1/9 has no inputs: there are only 7"]


def test_failed_inputs_of_a_shard_are_failed_in_the_whole(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    (config.inputs / "c.png").write_bytes(b"broken")
    assert explain(config, out=shards[1], shard=(2, 3), overwrite=True).exit_code == 3
    result = merge(tmp_path / "merged", shards, False, untracked)
    assert result.exit_code == 3
    assert [identity for identity, _ in result.tally.failures] == ["c.png@top1", "c.png@top2"]


def test_a_missing_shard_is_a_gap(shards: list[Path]) -> None:
    gap = "the shards leave a gap: inputs {} of 7 are in none of them"
    assert gap.format("1 to 2") in refused(shards[1:])
    assert gap.format("3 to 4") in refused([shards[0], shards[2]])
    assert gap.format("5 to 7") in refused(shards[:2])


def test_what_is_there_twice_overlaps(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    shutil.copytree(shards[1], tmp_path / "copy")
    assert "(2/3) overlap: both explain input 3 of 7" in refused([*shards, tmp_path / "copy"])
    explain(config, out=tmp_path / "half", shard=(1, 2))
    assert "overlap: both explain input 1 of 7" in refused([*shards, tmp_path / "half"])


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"seed": 3}, "--seed is 0 there and 3 here"),
        ({"limit": 6}, "the inputs are 7 there and 6 here"),
        ({"baseline": ("white",)}, "--baseline is black there and white here"),
    ],
)
def test_shards_of_different_runs_are_refused(
    config: RunConfig, shards: list[Path], changes: dict[str, Any], difference: str
) -> None:
    explain(config, out=shards[2], shard=(3, 3), overwrite=True, **changes)
    said = refused(shards)
    assert "shard-3 (3/3) is of another run than" in said and difference in said


@pytest.mark.parametrize("status", ["running", "partial"])
def test_an_unfinished_shard_is_refused(shards: list[Path], status: str) -> None:
    path = shards[1] / "run.json"
    path.write_text(path.read_text().replace('"complete"', f'"{status}"'))
    assert f"shard-2 is unfinished: its run.json says {status}" in refused(shards)


def flip(path: Path, row: int) -> None:
    """Change a bit of a map in a packed file."""
    with h5py.File(path) as file:
        place = int(file["attributions"].id.get_offset()) + row * 4 * 60
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_damage_is_found(shards: list[Path], tmp_path: Path) -> None:
    path = shards[1] / "attributions.h5"
    flip(path, 1)
    said = refused(shards, NotWhole)
    assert f"shard-2 is damaged: {path} (rows 0 to 3) is not as it was written" in said
    assert "--resume" in said
    (shards[0] / "attributions.h5").unlink()
    assert "attributions.h5 can't be read: it is not there" in refused(shards, NotWhole)


@pytest.fixture
def parted(config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Shards that were not packed, the second but for that."""
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
        outs = [tmp_path / f"parted-{i}" for i in (1, 2, 3)]
        for i, out in enumerate(outs):
            assert explain(config, out=out, shard=(i + 1, 3)).parts_kept
    assert explain(config, out=outs[1], shard=(2, 3), resume=True).parts_kept == ""
    return outs


def test_damage_of_a_shard_in_parts_is_found(parted: list[Path], tmp_path: Path) -> None:
    part = part_path(parted[2], 0)
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    said = refused(parted, NotWhole)
    assert f"parted-3 is damaged: {part} is not as it was written" in said and "--resume" in said
    manifest = parted[0] / "parts" / "manifest.jsonl"
    manifest.write_text("")
    assert "parted-1 is damaged: its manifest lists 0 of 4 rows" in refused(parted, NotWhole)


@pytest.mark.slow
@pytest.mark.parametrize("room", [True, False])
def test_shards_of_both_forms_are_merged(
    config: RunConfig, parted: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    room: bool,
) -> None:  # fmt: skip
    out = tmp_path / "merged"
    if not room:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    result = merge(out, parted, False, untracked)
    monkeypatch.undo()
    assert result.exit_code == 0 and (result.parts_note == "") is room
    assert (about(out)["parts_kept"] is None) is room and (out / "parts").exists() is not room
    for shard in parted:
        shutil.rmtree(shard)
    explain(config)
    assert files(out) == files(config.out)
    for path in (out, config.out):
        with open_finished_run(path) as run:
            run.check_files()
    with (
        h5py.File(out / "attributions.h5") as one,
        h5py.File(config.out / "attributions.h5") as two,
    ):
        np.testing.assert_array_equal(one["attributions"][()], two["attributions"][()])
        np.testing.assert_array_equal(one["images"][()], two["images"][()])
    assert explain(config, out=out, resume=True).before == 14
    assert not (out / "parts").exists()


def test_what_is_no_run_is_no_shard(shards: list[Path], tmp_path: Path) -> None:
    assert "nowhere is no igcli run: there is no such folder" in refused(
        [*shards, tmp_path / "nowhere"]
    )
    assert "run.json is no igcli run: it is a file" in refused([*shards, shards[0] / "run.json"])
    assert "images is no igcli run: it has no run.json" in refused([*shards, tmp_path / "images"])


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_shard_is_not_replaced(shards: list[Path], overwrite: bool) -> None:
    before = files(shards[0])
    with pytest.raises(OutputError, match="shard-1 is one of the shards: merging would replace it"):
        merge(shards[0] / ".." / shards[0].name, shards, overwrite, untracked)
    assert files(shards[0]) == before


@pytest.mark.parametrize(
    ("status", "said"), [("complete", "a run already"), ("running", "an unfinished run")]
)
def test_an_earlier_run_is_replaced_on_demand_only(
    shards: list[Path], tmp_path: Path, status: str, said: str
) -> None:
    merge(tmp_path / "merged", shards, False, untracked)
    path = tmp_path / "merged" / "run.json"
    path.write_text(path.read_text().replace('"complete"', f'"{status}"'))
    with pytest.raises(OutputError, match=f"merged holds {said}") as caught:
        merge(tmp_path / "merged", shards, False, untracked)
    assert caught.value.fix == (
        "add --overwrite to replace it, or name another folder as OUT, before the shards"
    )
    merge(tmp_path / "merged", shards, True, untracked)


def test_hints_name_no_options_that_merge_lacks(shards: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    merge(tmp_path / "merged", shards, False, untracked)
    inside = tmp_path / "merged" / "overlays"
    fixes = []
    for out, source in [
        (file, shards[0]),
        (file / "out", shards[0]),
        (tmp_path / "mine", shards[0]),
        (tmp_path / "merged", inside),
    ]:
        with pytest.raises(OutputError) as caught:
            merge(out, [source], True, untracked)
        fixes.append(caught.value.fix)
    with RunLock(tmp_path / "merged"), pytest.raises(OutputError, match="written") as caught:
        merge(tmp_path / "merged", shards, True, untracked)
    assert fixes == [
        "name a folder as OUT",
        "name another folder as OUT",
        "name another folder as OUT",
        "name another folder as OUT, or copy it elsewhere first",
    ]
    assert caught.value.fix == "wait for it, or name another folder as OUT"


def test_a_shard_given_twice_is_named(shards: list[Path], tmp_path: Path) -> None:
    assert f"SHARD {shards[1]} is given twice\nto fix this: give every shard once" in refused(
        [*shards, shards[1]]
    )
    (tmp_path / "link").symlink_to(shards[0])
    assert f"link is given twice: {shards[0]} is the same folder" in refused(
        [*shards, tmp_path / "link"]
    )


def test_what_run_json_lacks_is_named(shards: list[Path]) -> None:
    path = shards[1] / "run.json"
    told = about(shards[1])
    del told["batching"], told["per_input"]
    path.write_text(json.dumps(told))
    said = refused(shards)
    assert "shard-2 has a run.json that can't be used: it lacks per_input, batching" in said


def test_other_inputs_are_told_with_their_number_and_place(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    (config.inputs / "e.png").rename(config.inputs / "f.png")
    explain(config, out=shards[2], shard=(3, 3), overwrite=True)
    said = refused(shards)
    assert "shard-3 (3/3) is of another run than" in said
    assert "shard-1 (1/3): the 7 inputs have other names\n" in said
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(config.inputs, elsewhere)
    (elsewhere / "b.png").unlink()
    explain(config, out=shards[2], shard=(3, 3), overwrite=True, inputs=elsewhere)
    assert (
        f"the inputs are 7 there and 6 here, of {config.inputs} there and {elsewhere} here\n"
    ) in refused(shards)


def test_overlays_that_a_shard_lacks_are_named(
    config: RunConfig, shards: list[Path], tmp_path: Path
) -> None:
    (gone,) = (shards[1] / "overlays").glob("c@top2.png")
    gone.unlink()
    told = about(shards[2])
    told["undrawn"] = {"d.png@top1": "File name too long"}
    (shards[2] / "run.json").write_text(json.dumps(told))
    (shards[2] / "overlays" / "d@top1.png").unlink()
    (shards[0] / "overlays" / "notes.png").write_bytes(b"mine")
    result = merge(tmp_path / "merged", shards, False, untracked)
    assert result.exit_code == 3 and result.status == "complete"
    assert result.undrawn == [
        ("c.png@top2", f"SHARD {shards[1]} lacks it: its picture is gone"),
        ("d.png@top1", f"SHARD {shards[2]} lacks it: File name too long"),
    ]
    merged = about(tmp_path / "merged")
    assert merged["undrawn"] == dict(result.undrawn) and merged["counts"]["undrawn"] == 2
    assert len(list((tmp_path / "merged" / "overlays").rglob("*.png"))) == 12


def test_overlays_that_were_not_asked_for_are_not_missed(config: RunConfig, tmp_path: Path) -> None:
    outs = [tmp_path / f"{i}" for i in (1, 2)]
    for i, out in enumerate(outs):
        explain(config, out=out, shard=(i + 1, 2), overlays=False)
    result = merge(tmp_path / "merged", outs, False, untracked)
    assert result.exit_code == 0
    assert result.lines()[-1].endswith("attributions.h5 (no overlays: --no-overlays)")


def test_the_summary_counts_shards(config: RunConfig, tmp_path: Path) -> None:
    explain(config)
    assert ", 1 shard) " in merge(tmp_path / "one", [config.out], False, untracked).lines()[0]


def test_run_json_says_what_holds_for_all_shards(shards: list[Path], tmp_path: Path) -> None:
    for i, shard in enumerate(shards):
        told = about(shard)
        told["device"] = "CPU" if i < 2 else "GPU:0"
        told["versions"]["numpy"] = f"2.{i // 2}"
        told["precision_error"] = 0.01 * i
        told["batching"] = {
            "size": 64 >> i, "streams": 1 + i, "chosen": "probed", "probe_seconds": 0.5,
            "probed_rows_per_second": {"64": 9.0}, "rows": 100, "busy_seconds": 2.0,
            "rows_per_second": 50.0,
        }  # fmt: skip
        (shard / "run.json").write_text(json.dumps(told))
    result = merge(tmp_path / "merged", shards, False, untracked)
    merged = about(tmp_path / "merged")
    assert merged["device"] == "CPU, GPU:0" and merged["versions"]["numpy"] == "2.0, 2.1"
    assert merged["precision_error"] == 0.02
    assert merged["batching"] == result.to_dict()["batching"]
    assert merged["batching"] == {
        "size": 16, "streams": 1, "chosen": "by each shard: the least of them",
        "probe_seconds": 1.5, "rows": 300, "busy_seconds": 6.0, "rows_per_second": 50.0,
    }  # fmt: skip
    assert [origin["batching"]["size"] for origin in merged["merged"]] == [64, 32, 16]


def interrupted(items: Iterable[Any], total: int, done: int = 0, unit: str = "") -> Iterator[Any]:
    yield from list(items)[:1]
    raise KeyboardInterrupt


def test_an_interrupt_before_anything_is_written(shards: list[Path], tmp_path: Path) -> None:
    with pytest.raises(RunStopped, match="interrupted: nothing was written to OUT .*out\n"):
        merge(tmp_path / "out", shards, False, interrupted)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("failure", "cause", "fix"),
    [
        (KeyboardInterrupt(), "interrupted", "merge again with --overwrite"),
        (
            OSError(28, "No space left on device"),
            "No space left on device",
            "see the cause, then merge again with --overwrite",
        ),
    ],
)
def test_what_stops_a_merge_is_told_and_merging_again_does_it(
    shards: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    cause: str,
    fix: str,
) -> None:
    adopt = RunFolder.adopt

    def third_fails(self: RunFolder, file: ArrayFile) -> None:
        if file.path.parent == shards[2]:
            raise failure
        adopt(self, file)

    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    monkeypatch.setattr(RunFolder, "adopt", third_fails)
    out = tmp_path / "merged"
    with pytest.raises(RunStopped) as caught:
        merge(out, shards, False, untracked)
    assert str(caught.value) == (
        f"stopped before OUT {out} was whole, 2 of 3 parts are in it: {cause}\nto fix this: {fix}"
    )
    monkeypatch.undo()
    assert merge(out, shards, True, untracked).exit_code == 0


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(5, "Input/output error")])
def test_what_stops_the_packing_of_a_merge_is_told(
    shards: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fails(*arguments: object) -> None:
        raise failure

    monkeypatch.setattr("igcli.store.packed.Frame.fill", fails)
    out = tmp_path / "merged"
    with pytest.raises(RunStopped, match="before OUT .*merged was whole, no part is in it: "):
        merge(out, shards, False, untracked)
    assert not list(out.rglob("*.tmp")) and not list(out.rglob("*.h5"))
    monkeypatch.undo()
    assert merge(out, shards, True, untracked).exit_code == 0


def test_an_output_that_vanishes_stops_the_merge(
    shards: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "merged"
    join = RunFolder.join

    def vanished(self: RunFolder, save: tuple[str, ...]) -> None:
        out.rename(tmp_path / "elsewhere")
        join(self, save)

    monkeypatch.setattr(RunFolder, "join", vanished)
    with pytest.raises(RunStopped, match="merged has vanished") as caught:
        merge(out, shards, False, untracked)
    assert caught.value.fix == "merge again" and not out.exists()


@pytest.mark.slow
def test_a_shards_random_baselines_and_mean_are_those_of_the_whole(
    config: RunConfig, tmp_path: Path
) -> None:
    for baseline in ("uniform", "mean"):
        explain(config, baseline=(baseline,), overwrite=True)
        outs = [tmp_path / f"{baseline}-{i}" for i in (1, 2)]
        for i, out in enumerate(outs):
            explain(config, baseline=(baseline,), out=out, shard=(i + 1, 2))
        merge(tmp_path / baseline, outs, False, untracked)
        with (
            h5py.File(tmp_path / baseline / "attributions.h5") as merged,
            h5py.File(config.out / "attributions.h5") as whole,
        ):
            np.testing.assert_allclose(
                merged["attributions"][()], whole["attributions"][()], rtol=1e-5
            )


def test_what_any_shard_noticed_is_told_of_the_whole_run(
    shards: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "merged"
    for shard, doubt in zip(shards, ("one", "two", "one"), strict=True):
        about = json.loads((shard / "run.json").read_text())
        about["notes"] = [{"note": doubt, "doubt": True}]
        (shard / "run.json").write_text(json.dumps(about))
    assert merge(out, shards, False, untracked).doubts == ["one", "two"]
    assert [note["note"] for note in json.loads((out / "run.json").read_text())["notes"]] == [
        "one",
        "two",
    ]


def test_pictures_are_found_by_the_names_that_each_shard_gave_them(
    shards: list[Path], tmp_path: Path
) -> None:
    told = about(shards[1])
    del told["settled"]["overlay_names"]
    (shards[1] / "run.json").write_text(json.dumps(told))
    for path in sorted((shards[1] / "overlays").iterdir()):
        stem, _, rank = path.stem.partition("@")
        path.rename(path.with_name(f"{stem}.png@{rank}.png"))
    assert merge(tmp_path / "merged", shards, False, untracked).undrawn == []
    names = {path.name for path in (tmp_path / "merged" / "overlays").iterdir()}
    assert {f"{x}@top{k}.png" for x in ("b", "c", "d", "e", "ü f") for k in (1, 2)} < names
