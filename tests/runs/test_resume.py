"""Going on with an unfinished run: what is kept, what is computed again, what is refused."""

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.common.config import RunConfig
from igcli.common.errors import IgcliError
from igcli.common.progress import untracked
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.runs.result import RunResult
from igcli.store.layout import part_path
from tests.fakes import Linear

SHAPE = (4, 5, 3)


class Stopping(Linear):
    """Asks the run to stop in its n-th batch."""

    stop = threading.Event()
    stop_in = 0

    def _row_gradients(self, rows: PathRows) -> RowValues:
        if len(self.batches) + 1 == self.stop_in:
            self.stop.set()
        return super()._row_gradients(rows)


class Runs:
    """Explains with one model, and keeps what was said and asked."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.notes: list[str] = []
        self.model = Stopping(SHAPE, np.ones((2, 60)))
        self.loaded = 0

    def load(self, *arguments: object) -> Linear:
        self.loaded += 1
        return self.model

    def explain(self, stop_in: int = 0, **changes: Any) -> RunResult:
        self.notes.clear()
        self.model.stop, self.model.stop_in = threading.Event(), 0
        plan = make_plan(replace(self.config, **changes), self.load, self.notes.append)
        # Planning asks the model too: only what the run asks counts.
        self.model.batches.clear()
        self.model.stop_in = stop_in
        return run_plan(plan, untracked, self.notes.append, self.model.stop)

    def resume(self, **changes: Any) -> RunResult:
        return self.explain(resume=True, **changes)

    def refused(self, **changes: Any) -> str:
        with pytest.raises(IgcliError) as caught:
            self.resume(**changes)
        return str(caught.value)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Six images in blocks of two, explained but for the last block."""
    monkeypatch.setattr("igcli.runs.planning.calibration.block_size", lambda *_: 2)
    random = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for name in "abcdef":
        pixels = random.integers(1, 256, SHAPE, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{name}.png")
    (tmp_path / "m.h5").write_bytes(b"model")
    config = RunConfig(tmp_path / "m.h5", tmp_path / "images", tmp_path / "out", batch_size=100)
    runs = Runs(config)
    assert runs.explain(stop_in=2).done == 4
    return runs


def files(out: Path) -> dict[str, bytes]:
    paths = sorted(p for p in out.rglob("*") if p.is_file())
    told = {"run.json", "manifest.jsonl", "attributions.h5"}
    return {p.relative_to(out).as_posix(): b"" if p.name in told else p.read_bytes() for p in paths}


def assert_as_never_interrupted(runs: Runs) -> None:
    other = runs.config.out.parent / "never interrupted"
    runs.explain(out=other)
    assert files(runs.config.out) == files(other)
    arrays = []
    for out in (runs.config.out, other):
        with h5py.File(out / "attributions.h5") as file:
            arrays.append(file["attributions"][()])
    np.testing.assert_array_equal(*arrays)


def test_what_is_whole_is_kept(runs: Runs) -> None:
    result = runs.resume()
    assert result.complete and result.before == 4 and result.exit_code == 0
    assert "explained  6 of 6, 4 of them before" in result.lines()[0]
    assert result.to_dict()["counts"]["before"] == 4
    assert_as_never_interrupted(runs)


def test_a_finished_run_asks_nothing_of_the_model(runs: Runs) -> None:
    runs.resume()
    result = runs.resume()
    assert result.complete and result.before == 6 and runs.model.batches == []
    assert_as_never_interrupted(runs)


def test_where_there_is_no_run_one_begins(runs: Runs, tmp_path: Path) -> None:
    for out in (tmp_path / "new", tmp_path):
        if out == tmp_path:
            out = tmp_path / "empty"
            out.mkdir()
        assert runs.resume(out=out).before == 0
        assert files(out).keys() >= {"results.csv", "run.json"}


def test_another_run_is_refused_before_the_model_is_loaded(runs: Runs) -> None:
    before, loaded = files(runs.config.out), runs.loaded
    said = runs.refused(seed=4, baseline=("white",))
    assert "--resume: OUT" in said and "holds another run" in said
    assert (
        "--baseline is black there and white here" in said
        and "--seed is 0 there and 4 here" in said
    )
    assert runs.loaded == loaded and files(runs.config.out) == before
    runs.config.model.write_bytes(b"retrained")
    assert "the model is another" in runs.refused()


def test_an_input_that_changed_is_named(runs: Runs) -> None:
    Image.new("RGB", (5, 4), "red").save(runs.config.inputs / "b.png")
    assert "--resume: b.png changed since the run began" in runs.refused()
    (runs.config.inputs / "a.png").unlink()
    (runs.config.inputs / "a.png").symlink_to("nowhere")
    assert "--resume: a.png, b.png changed" in runs.refused()


def test_an_input_that_is_gone_is_named(runs: Runs) -> None:
    (runs.config.inputs / "b.png").rename(runs.config.inputs / "g.png")
    said = runs.refused()
    assert "the inputs have other names; b.png explained there, not among the inputs here" in said


def test_an_input_that_is_still_to_come_may_change(runs: Runs) -> None:
    Image.new("RGB", (5, 4), "red").save(runs.config.inputs / "f.png")
    assert runs.resume().complete
    assert_as_never_interrupted(runs)


@pytest.mark.slow
def test_an_input_that_could_not_be_read_is_tried_again(runs: Runs) -> None:
    data = (runs.config.inputs / "a.png").read_bytes()
    (runs.config.inputs / "a.png").unlink()
    (runs.config.inputs / "a.png").symlink_to(runs.config.out.parent / "not mounted")
    result = runs.explain(overwrite=True)
    assert result.exit_code == 3 and result.complete
    again = runs.resume()
    assert again.tally.failures == result.tally.failures and again.before == 6
    (runs.config.out.parent / "not mounted").write_bytes(data)
    result = runs.resume()
    assert result.exit_code == 0 and result.before == 4
    assert_as_never_interrupted(runs)


@pytest.mark.slow
def test_an_input_that_failed_and_was_mended_is_taken_in(runs: Runs) -> None:
    data = (runs.config.inputs / "a.png").read_bytes()
    (runs.config.inputs / "a.png").write_bytes(data[:40])
    assert runs.explain(overwrite=True).exit_code == 3
    assert runs.resume().before == 6
    (runs.config.inputs / "a.png").write_bytes(data)
    result = runs.resume()
    assert result.exit_code == 0 and result.before == 4
    assert runs.notes == ["1 input that failed changed since: computed again"]
    assert_as_never_interrupted(runs)


@pytest.mark.slow
def test_a_job_that_always_ends_before_its_first_block_does_finishes_all_the_same(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("igcli.runs.planning.calibration.block_size", lambda *_: 6)
    image_by_image = {"method": "riemann_left", "steps": 4, "batch_size": 4}
    result = runs.explain(stop_in=2, overwrite=True, **image_by_image)
    assert result.stopped is not None and 0 < result.done < 6
    problem = result.stopped.problem
    assert f"{result.done} of them stored" in problem
    assert f"({result.done} in unfinished blocks, which --resume computes again)" in problem
    sessions = 1
    while not result.complete:
        result = runs.resume(stop_in=2, **image_by_image)
        sessions += 1
        assert sessions <= 6 and "again" not in str(result.stopped)
    assert sessions >= 3 and result.exit_code == 0
    with h5py.File(runs.config.out / "attributions.h5") as file:
        assert file["ids"].asstr()[()].tolist() == [f"{name}.png" for name in "abcdef"]
        assert np.isfinite(file["attributions"][()]).all()


def test_defaults_spelled_out_are_the_same_run(runs: Runs) -> None:
    spelled = {"tolerance": 0.05, "min_steps": 9, "max_steps": 256, "baseline": ("black",)}
    pixels = {"preprocess": "unit", "resize": "stretch", "limit": 6}
    assert runs.resume(**spelled, **pixels, overlays=False).before == 4


def test_overlays_that_were_left_out_are_drawn_when_asked_for(runs: Runs) -> None:
    runs.explain(overwrite=True, overlays=False)
    assert not (runs.config.out / "overlays").exists()
    assert runs.resume().before == 6
    assert_as_never_interrupted(runs)


def test_a_lost_manifest_is_told(runs: Runs) -> None:
    (runs.config.out / "parts" / "manifest.jsonl").unlink()
    result = runs.resume()
    assert result.complete and result.before == 0
    assert runs.notes[0] == "2 stored parts are not in parts/manifest.jsonl: computed again"
    assert_as_never_interrupted(runs)


def test_a_finished_run_keeps_what_is_known_of_its_batches(runs: Runs) -> None:
    runs.explain(overwrite=True)
    before = json.loads((runs.config.out / "run.json").read_text())["batching"]
    runs.resume()
    assert json.loads((runs.config.out / "run.json").read_text())["batching"] == before


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_part_is_computed_again(runs: Runs, damage: str) -> None:
    path = part_path(runs.config.out, 2)
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data if damage == "changed" else data[:-1])
    result = runs.resume()
    assert result.before == 2 and "1 stored part is damaged: computed again" in runs.notes
    assert_as_never_interrupted(runs)


@pytest.mark.slow
def test_a_damaged_block_of_a_packed_run_is_computed_again(runs: Runs) -> None:
    runs.resume()
    path = runs.config.out / "attributions.h5"
    with h5py.File(path) as file:
        place = int(file["attributions"].id.get_offset()) + 2 * 4 * 60
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    result = runs.resume()
    assert result.before == 4 and runs.notes == [
        "1 block of attributions.h5 is damaged: computed again"
    ]
    assert_as_never_interrupted(runs)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_packed_run_that_is_lost_is_computed_again_and_that_is_told(
    runs: Runs, damage: str
) -> None:
    runs.resume()
    path = runs.config.out / "attributions.h5"
    data = bytearray(path.read_bytes())
    data[-900] ^= 1
    path.write_bytes(data if damage == "changed" else data[:-900])
    if damage == "gone":
        path.unlink()
    result = runs.resume()
    assert result.complete and result.before == 0
    assert runs.notes[0].startswith(f"{path} ") and runs.notes[0].endswith(
        ": all is computed again"
    )
    assert_as_never_interrupted(runs)


@pytest.mark.slow
def test_the_parts_of_a_finished_run_are_packed(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There was no room, or an earlier igcli wrote it."""
    out = runs.config.out
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    result = runs.resume()
    assert result.complete and result.exit_code == 0
    why = "packing needs 40 KB, 0 B are free"
    assert result.to_dict()["parts_kept"] == why and str(out / "parts") in result.files()
    assert result.parts_note == (
        f"{out}/attributions.h5 can't be read without {out}/parts beside it: {why}"
    )
    about = json.loads((out / "run.json").read_text())
    assert about["status"] == "complete" and about["parts_kept"] == why
    monkeypatch.undo()
    monkeypatch.setattr("igcli.runs.planning.calibration.block_size", lambda *_: 2)
    result = runs.resume()
    assert result.before == 6 and result.parts_note == "" and not (out / "parts").exists()
    assert json.loads((out / "run.json").read_text())["parts_kept"] is None
    assert_as_never_interrupted(runs)


def test_an_unfinished_run_keeps_its_parts_and_says_so(runs: Runs) -> None:
    about = json.loads((runs.config.out / "run.json").read_text())
    assert about["parts_kept"] == "the run is not complete"
    with h5py.File(runs.config.out / "attributions.h5") as file:
        assert len(file["attributions"]) == 4
    shutil.rmtree(runs.config.out / "parts")
    with (
        h5py.File(runs.config.out / "attributions.h5") as file,
        pytest.raises(KeyError, match="can't open file"),
    ):
        file["attributions"]


@pytest.mark.slow
def test_a_run_that_is_stopped_amid_a_mended_block_loses_nothing(runs: Runs) -> None:
    """The packed file becomes a part: its other blocks stay, and the mended one is replaced."""
    data = {name: (runs.config.inputs / f"{name}.png").read_bytes() for name in "ae"}
    for name in data:
        (runs.config.inputs / f"{name}.png").write_bytes(data[name][:40])
    assert runs.explain(overwrite=True).exit_code == 3
    for name in data:
        (runs.config.inputs / f"{name}.png").write_bytes(data[name])
    result = runs.resume(stop_in=1)
    assert result.stopped is not None and result.done == 6
    assert [message for _, message in result.tally.failures] != []
    with h5py.File(runs.config.out / "attributions.h5") as file:
        good = np.isfinite(file["attributions"][()]).all(axis=(1, 2, 3)).tolist()
        assert good == [status == "ok" for status in file["status"].asstr()[()]]
        assert good == [True, True, True, True, False, True]
    result = runs.resume()
    assert result.exit_code == 0 and result.before == 4
    assert_as_never_interrupted(runs)


@pytest.mark.slow
def test_a_stop_ends_a_packing_that_takes_long(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    result = runs.resume(stop_in=1)
    assert result.complete
    monkeypatch.setattr("igcli.runs.lifecycle._PATIENCE_SECONDS", -1.0)
    result = runs.explain(overwrite=True, stop_in=3)
    assert result.stopped is not None and result.exit_code == 3
    assert "stopped after all 6 were explained, before" in result.stopped.problem
    assert result.stopped.cause == "stopped while attributions.h5 was being packed"
    assert not list(runs.config.out.rglob("*.tmp"))
    assert runs.resume().before == 6
    assert_as_never_interrupted(runs)


@pytest.mark.parametrize("left", [None, 0, 100])
def test_overlays_that_are_missing_or_cut_are_drawn_again(runs: Runs, left: int | None) -> None:
    path = runs.config.out / "overlays" / "b.png"
    data = path.read_bytes()
    path.unlink()
    if left is not None:
        path.write_bytes(data[:left])
    runs.resume()
    assert path.read_bytes() == data
    assert_as_never_interrupted(runs)


def test_another_batch_size_goes_on_and_says_so(runs: Runs) -> None:
    assert runs.resume(batch_size=3).complete
    assert runs.notes == [
        "the run goes on with batches of 3 rows in 1 streams, not 100 in 1: last digits may differ"
    ]


def test_the_batch_size_is_remembered(runs: Runs) -> None:
    runs.resume(batch_size=None)
    about = json.loads((runs.config.out / "run.json").read_text())
    assert about["batching"]["size"] == 100 and about["batching"]["chosen"] == "as before"
    assert runs.notes == []


def test_other_versions_are_told(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("igcli.runs.planning.resume_check.versions", lambda: {"tensorflow": "9.9"})
    runs.resume()
    assert runs.notes[0].startswith("the run goes on with tensorflow 9.9, not ")


@pytest.mark.parametrize("text", ["{}", '{"igcli": "0.0.1"}', '{"igcli": "0", "identity": 3}'])
def test_a_run_that_can_not_be_understood_is_refused(runs: Runs, text: str) -> None:
    (runs.config.out / "run.json").write_text(text)
    said = runs.refused()
    assert "could not resume" in said or "run.json is gone or damaged" in said


def test_on_error_stop_ends_at_the_first_failed_input(runs: Runs) -> None:
    good = (runs.config.inputs / "d.png").read_bytes()
    (runs.config.inputs / "d.png").write_bytes(good[:50])
    result = runs.explain(on_error="stop", overwrite=True)
    assert result.exit_code == 3 and result.done == 3 and result.stopped is not None
    assert "d.png failed: can't be decoded" in result.stopped.cause
    assert "mend it, or leave --on-error stop out" in result.stopped.fix
    (runs.config.inputs / "d.png").write_bytes(good)
    assert runs.resume(on_error="stop").exit_code == 0
    assert_as_never_interrupted(runs)


def test_a_picture_that_can_not_be_written_is_told_and_the_rest_goes_on(runs: Runs) -> None:
    in_the_way = runs.config.out / "overlays" / "e.png"
    in_the_way.unlink(missing_ok=True)
    in_the_way.mkdir()
    result = runs.resume()
    assert result.complete and result.exit_code == 3
    assert result.undrawn == [("e.png", "Is a directory")]
    assert result.counts()["undrawn"] == 1
    in_the_way.rmdir()
    assert runs.resume().exit_code == 0
    assert_as_never_interrupted(runs)


def test_a_folder_that_another_run_took_meanwhile_is_left_alone(runs: Runs) -> None:
    plan = make_plan(replace(runs.config, resume=True), runs.load, runs.notes.append)
    runs.explain(overwrite=True)
    before = files(runs.config.out)
    with pytest.raises(IgcliError, match="was written meanwhile by another run"):
        run_plan(plan, untracked)
    assert files(runs.config.out) == before


def test_seconds_add_up(runs: Runs) -> None:
    first = json.loads((runs.config.out / "run.json").read_text())["seconds"]
    runs.resume()
    assert json.loads((runs.config.out / "run.json").read_text())["seconds"] > 0.5 * first > 0


def noted(out: Path) -> list[tuple[str, bool]]:
    found = json.loads((out / "run.json").read_text())["notes"]
    return [(entry["note"], entry["doubt"]) for entry in found]


def test_notes_of_the_part_before_stay_and_doubts_are_the_runs(runs: Runs) -> None:
    about = runs.config.out / "run.json"
    earlier = [{"note": "seen before", "doubt": True}]
    about.write_text(json.dumps({**json.loads(about.read_text()), "notes": earlier}))
    result = runs.resume(batch_size=3)
    assert result.doubts == ["seen before"] and "seen before" not in runs.notes
    assert noted(runs.config.out)[0] == ("seen before", True)
    changed = [note for note, _ in noted(runs.config.out) if "last digits may differ" in note]
    assert len(changed) == 1 and changed[0] in runs.notes


def test_a_note_is_in_run_json_before_the_run_ends(runs: Runs) -> None:
    stopped = runs.explain(overwrite=True, stop_in=1, baseline=("white",))
    assert noted(runs.config.out) == [] and not stopped.notes
    runs.model = Stopping(SHAPE, np.zeros((2, 60)))
    runs.explain(overwrite=True)
    ((note, is_doubt),) = [found for found in noted(runs.config.out) if "all zero" in found[0]]
    assert is_doubt and note.startswith("6 of the first 6 maps are all zero, a.png for one")


def test_a_run_of_before_keeps_the_names_of_its_pictures(runs: Runs) -> None:
    out = runs.config.out
    told = json.loads((out / "run.json").read_text())
    assert told["settled"].pop("overlay_names") == "stem"
    (out / "run.json").write_text(json.dumps(told))
    for path in sorted((out / "overlays").iterdir()):
        path.rename(path.with_name(f"{path.name}.png"))
    assert runs.resume().complete
    names = {f"{letter}.png.png" for letter in "abcdef"}
    assert {path.name for path in (out / "overlays").iterdir()} == names
    assert json.loads((out / "run.json").read_text())["settled"]["overlay_names"] == "id"


def test_the_ending_is_kept_where_two_inputs_share_a_stem(runs: Runs) -> None:
    Image.open(runs.config.inputs / "b.png").save(runs.config.inputs / "b.bmp")
    out = runs.config.out.with_name("another")
    runs.explain(out=out)
    names = {path.name for path in (out / "overlays").iterdir()}
    assert names == {"a.png", "b.png.png", "b.bmp.png", *(f"{x}.png" for x in "cdef")}
