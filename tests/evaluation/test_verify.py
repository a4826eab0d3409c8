"""A run that is what it says passes `verify`; each way in which it may not be is found."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.common.config import RunConfig
from igcli.common.errors import InputError, NotComparable
from igcli.common.progress import untracked
from igcli.evaluation.reopen import VerifyRequest
from igcli.evaluation.verdict import Verified
from igcli.evaluation.verify import verify
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.runs.shards.merge import merge
from igcli.store.array_file import ArrayFile
from igcli.store.columns import write_csv
from igcli.store.content import stored_sha256
from igcli.store.layout import part_path
from igcli.store.packed import Packing
from igcli.store.sources import read_entries
from tests.fakes import Edges, FakeModel, Kink, Linear, NanMaker, Power

SHAPE = (4, 5, 3)
# What is edited in place: a part's datasets.
Edit = Callable[[Any], None]


def bumps() -> Edges:  # noqa: N802
    return Edges((6,), 12, 0.5)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Nine rows of six floats."""
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(5).uniform(0.1, 1.0, (9, 6)).astype(np.float32))
    (tmp_path / "model.h5").write_bytes(b"a model")
    return RunConfig(tmp_path / "model.h5", path, tmp_path / "out")


def explain(config: RunConfig, model: FakeModel, **changes: Any) -> None:
    plan = make_plan(replace(config, **changes), lambda *a: model, lambda message: None)
    run_plan(plan, untracked)


def verified(config: RunConfig, model: FakeModel, **changes: Any) -> Verified:
    asked = replace(VerifyRequest(config.out, config.model, config.inputs), **changes)
    return verify(asked, lambda *a: model, untracked, lambda message: None)


def edit(out: Path, change: Edit) -> None:
    """Change what is stored, and all that is made from it: the checksums and results.csv."""
    about = json.loads((out / "run.json").read_text())
    entries = read_entries(out, about["run"])
    edited = out.parent / "edited.h5"
    shutil.copy(out / "attributions.h5", edited)
    with h5py.File(edited, "r+") as file:
        change(file)
    sums = [stored_sha256(edited, entry.place, entry.rows) for entry in entries]
    files = [
        ArrayFile(edited, replace(entry, sha256=sha256))
        for entry, sha256 in zip(entries, sums, strict=True)
    ]
    Packing(files, about["run"]).write(out / "attributions.h5", lambda: None)
    write_csv([file.span for file in files], out / "results.csv")


def setting(name: str, row: int, value: float) -> Edit:
    def change(file: Any) -> None:
        file[name][row] = value

    return change


def found(result: Verified) -> list[tuple[str, str]]:
    return [(wrong.id, wrong.check) for wrong in result.wrong]


def words(result: Verified) -> str:
    return "\n".join(result.lines())


def test_an_honest_run_is_what_it_says(config: RunConfig) -> None:
    explain(config, bumps())
    result = verified(config, bumps(), count=4)
    assert result.exit_code == 0 and not result.wrong
    assert len(result.rows) == 4 and result.tolerance == pytest.approx(0.005)
    for row in result.rows:
        assert row.measured_error is not None and row.error_estimate is not None
        assert row.finer_estimate is not None and row.finer_estimate <= 0.005
        assert 0.0 < row.measured_error <= row.error_estimate + row.finer_estimate
    lines = result.lines()
    assert lines[0].startswith("verified   4 of 9 explanations (adaptive, tolerance 0.05)")
    assert lines[1] == "files      1 whole block; 9 rows, the same in every file"
    said = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert said["verified"] is True and said["sample"] == 4 and said["wrong"] == []


def test_the_sample_is_random_seeded_and_no_larger_than_the_run(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    samples = [
        [row.id for row in verified(config, model, count=3, seed=seed).rows] for seed in (0, 0, 1)
    ]
    assert samples[0] == samples[1] != samples[2]
    assert all(len(set(sample)) == 3 for sample in samples)
    everything = verified(config, model, count=100)
    assert everything.exit_code == 0 and len(everything.rows) == 9


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run is packed: its parts stay."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))


@pytest.mark.usefixtures("no_room")
def test_a_changed_part_is_found_by_its_checksum(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    part = part_path(config.out, 0)
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    result = verified(config, model)
    assert result.exit_code == 1 and not result.rows
    assert "part-000000000.h5, which holds the rows from 0 on, is not as it was written" in words(
        result
    )
    part.unlink()
    assert "part-000000000.h5, which holds the rows from 0 on, is not there" in words(
        verified(config, model)
    )


def test_a_changed_block_of_a_packed_file_is_found_by_its_checksum(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    path = config.out / "attributions.h5"
    with h5py.File(path) as file:
        place = int(file["attributions"].id.get_offset()) + 5
    data = bytearray(path.read_bytes())
    for at, said in ((place, f"{path} (rows 0 to 8) is not as it was written"),
                     (len(data) - 900, f"{path} is not as it was written")):  # fmt: skip
        changed = bytearray(data)
        changed[at] ^= 1
        path.write_bytes(changed)
        result = verified(config, model)
        assert result.exit_code == 1 and not result.rows and said in words(result)
    path.write_bytes(data[:-900])
    assert f"{path} can't be read: " in words(verified(config, model))
    path.unlink()
    assert f"{path} can't be read: it is not there" in words(verified(config, model))


@pytest.mark.usefixtures("no_room")
def test_rows_that_no_part_holds_are_found(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    (config.out / "parts" / "manifest.jsonl").write_text("")
    assert "manifest.jsonl lists 0 of 9 rows" in words(verified(config, model))


@pytest.mark.usefixtures("no_room")
def test_files_that_disagree_are_found(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    csv, arrays = config.out / "results.csv", config.out / "attributions.h5"
    before = csv.read_text()
    csv.write_text(before.replace("x-000003", "x-00000X", 1))
    result = verified(config, model)
    assert found(result) == [("", "files")] and len(result.rows) == 9
    assert "results.csv differs from the arrays, first in line 5" in words(result)
    csv.unlink()
    assert "results.csv can't be read" in words(verified(config, model))
    csv.write_text(before)
    with h5py.File(arrays, "r+") as file:
        file["scores"][2] = 0.5
    assert "attributions.h5 differs from the parts, first in row 2" in words(
        verified(config, model)
    )
    arrays.write_bytes(b"no HDF5")
    result = verified(config, model)
    assert result.exit_code == 1 and "attributions.h5 can't be read" in words(result)
    assert ("x-000002", "map") in found(result)


def test_a_table_that_disagrees_with_a_packed_file_is_found(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    csv = config.out / "results.csv"
    csv.write_text(csv.read_text().replace("x-000003", "x-00000X", 1))
    result = verified(config, model)
    assert found(result) == [("", "files")] and len(result.rows) == 9
    assert "results.csv differs from the arrays, first in line 5" in words(result)


@pytest.mark.usefixtures("no_room")
def test_maps_that_are_not_those_of_the_parts_are_found(config: RunConfig) -> None:
    """Good maps in attributions.h5 say nothing of the parts, whose checksums are checked."""
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    with h5py.File(config.out / "attributions.h5", "r+") as file:
        maps = file["attributions"][()]
        del file["attributions"]
        file["attributions"] = maps
    result = verified(config, model)
    assert found(result) == [("", "files")]
    assert "attributions.h5: /attributions is not made of the parts" in words(result)


def test_only_recomputing_tells_a_changed_map(config: RunConfig) -> None:
    """Two pixels change places: the sum, and all that follows from it, stay."""
    model = Linear((6,), np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]))
    explain(config, model)
    edit(
        config.out, lambda file: file["attributions"].__setitem__(4, file["attributions"][4][::-1])
    )
    result = verified(config, model)
    assert result.exit_code == 1 and found(result) == [("x-000004", "map")]
    assert "x-000004: its map is off by" in words(result)


@pytest.mark.parametrize(
    ("dataset", "value", "checks"),
    [
        ("attributions", 0.25, {"attribution_sum", "map"}),
        ("attributions", np.nan, {"map"}),
        ("scores", 0.5, {"score", "delta"}),
        ("baseline_scores", 0.5, {"baseline_score", "delta"}),
        ("attribution_sums", 0.5, {"attribution_sum", "delta"}),
        ("deltas", 1e-4, {"delta"}),
        ("deltas", np.nan, {"delta"}),
        ("relative_deltas", 0.01, {"relative_delta"}),
        ("targets", 1, {"target"}),
        ("predictions", 1, {"prediction"}),
        ("error_estimates", np.nan, {"error_estimate"}),
        ("error_estimates", 0.2, {"converged"}),
        ("converged", 0, {"converged"}),
    ],
)
def test_a_changed_number_is_found(
    config: RunConfig, dataset: str, value: float, checks: set[str]
) -> None:
    model = Linear((6,), np.array([[2.0] * 6, [1.0] * 6]))
    explain(config, model)
    edit(config.out, setting(dataset, 3, value))
    result = verified(config, model)
    assert {wrong.id for wrong in result.wrong} == {"x-000003"}
    assert {wrong.check for wrong in result.wrong} == checks
    assert result.exit_code == 1


def test_a_score_changed_with_all_that_follows_from_it_is_found(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)

    def raise_both(file: Any) -> None:
        for name in ("scores", "baseline_scores"):
            file[name][1] += 0.01

    edit(config.out, raise_both)
    result = verified(config, model)
    assert found(result) == [("x-000001", "score"), ("x-000001", "baseline_score")]


def test_another_model_is_refused_by_its_hash(config: RunConfig, tmp_path: Path) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    (tmp_path / "other.h5").write_bytes(b"another model")
    with pytest.raises(InputError, match="not made from MODEL") as caught:
        verified(replace(config, model=tmp_path / "other.h5"), model)
    assert "the model is another" in str(caught.value)
    forged = verified(config, Linear((6,), 1.1 * np.ones((2, 6))))
    assert {wrong.check for wrong in forged.wrong} == {"score", "map"}
    assert len({wrong.id for wrong in forged.wrong}) == 9


def test_other_inputs_are_refused(config: RunConfig, tmp_path: Path) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    np.save(tmp_path / "y.npy", np.load(config.inputs))
    with pytest.raises(InputError, match="not made from") as caught:
        verified(config, model, inputs=tmp_path / "y.npy")
    assert "the inputs have other names" in str(caught.value)
    np.save(config.inputs, np.load(config.inputs)[:8])
    with pytest.raises(InputError) as caught:
        verified(config, model)
    assert "the inputs are 9 there and 8 here" in str(caught.value)
    config.inputs.unlink()
    with pytest.raises(InputError, match="does not exist"):
        verified(config, model)


def test_what_may_run_code_is_not_taken_from_the_run(config: RunConfig, tmp_path: Path) -> None:
    model = Linear((6,), np.ones((2, 6)))
    layers = tmp_path / "layers.py"
    layers.write_text("")
    explain(config, model, allow_unsafe=True, custom_objects=layers)
    with pytest.raises(InputError) as caught:
        verified(config, model)
    assert "--allow-unsafe is on there and off here" in str(caught.value)
    assert "--custom-objects is file" in str(caught.value)
    assert verified(config, model, allow_unsafe=True, custom_objects=layers).exit_code == 0


def test_a_changed_baseline_file_is_named(config: RunConfig, tmp_path: Path) -> None:
    model = Linear((6,), np.ones((2, 6)))
    start = tmp_path / "start.npy"
    np.save(start, np.full(6, 0.01, np.float32))
    explain(config, model, baseline=(str(start),))
    assert verified(config, model).exit_code == 0
    np.save(start, np.full(6, 0.02, np.float32))
    with pytest.raises(InputError) as caught:
        verified(config, model)
    assert "--baseline is file" in str(caught.value)


def test_a_changed_input_is_named(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    rows = np.load(config.inputs)
    rows[5] += 0.5
    np.save(config.inputs, rows)
    result = verified(config, model)
    assert found(result) == [("x-000005", "input")]
    assert "x-000005: the input has changed" in words(result)


def test_swapped_rows_are_found(config: RunConfig) -> None:
    """Maps alone; then whole rows, which are found without recomputing them."""
    model = Linear((6,), np.ones((2, 6)))

    def swap(file: Any, names: list[str]) -> None:
        for name in names:
            values = file[name][()]
            values[[2, 6]] = values[[6, 2]]
            file[name][...] = values

    explain(config, model)
    edit(config.out, lambda file: swap(file, ["attributions"]))
    result = verified(config, model)
    assert {wrong.id for wrong in result.wrong} == {"x-000002", "x-000006"}
    explain(config, model, overwrite=True)
    edit(config.out, lambda file: swap(file, [name for name in file if name != "manifest"]))
    result = verified(config, model, count=1, seed=0)
    assert ("x-000006", "id") in found(result) and ("x-000002", "id") in found(result)


def test_a_false_claim_to_have_converged_is_found(config: RunConfig) -> None:
    """Nine steps are too few for 0.05; the run says that they were enough."""
    explain(config, bumps(), max_steps=9)
    assert verified(config, bumps()).exit_code == 0

    def claim(file: Any) -> None:
        rows = file["converged"].shape[0]
        file["converged"][...] = np.ones(rows, np.int8)
        file["error_estimates"][...] = np.full(rows, 0.01)

    edit(config.out, claim)
    result = verified(config, bumps())
    assert result.exit_code == 1 and {wrong.check for wrong in result.wrong} == {"map"}
    assert "more than the 1.00% that it claims" in words(result)


def test_a_fixed_rule_is_recomputed_with_itself_and_its_error_measured(config: RunConfig) -> None:
    explain(config, bumps(), method="riemann_left", steps=10)
    result = verified(config, bumps())
    assert result.exit_code == 0 and result.tolerance == 0.005
    errors = [row.measured_error for row in result.rows]
    assert all(error is not None and error > 0.0 for error in errors)
    assert max(error for error in errors if error is not None) > 0.05
    assert all(row.error_estimate is None for row in result.rows)
    assert "of its estimate" not in words(result)

    def copy(file: Any) -> None:
        file["attributions"][0] = file["attributions"][1]

    edit(config.out, copy)
    result = verified(config, bumps())
    assert "x-000000: its map differs by" in words(result)
    assert "from the one that the same rule gives" in words(result)


def test_a_rule_that_estimates_is_held_to_its_estimates(config: RunConfig) -> None:
    explain(config, Power((6,), 2, 3), method="riemann_trapezoid", steps=11)
    assert verified(config, Power((6,), 2, 3)).exit_code == 0
    edit(config.out, setting("error_estimates", 0, 1e-5))
    result = verified(config, Power((6,), 2, 3))
    assert found(result) == [("x-000000", "map")]


def test_a_fixed_rule_may_miss_what_finer_steps_meet(config: RunConfig) -> None:
    """One step in the middle never sees the end of the path, where the gradient is NaN."""
    model = NanMaker((6,), np.ones((2, 6)), above=0.85)
    explain(config, model, method="riemann_middle", steps=1)
    result = verified(config, model)
    assert result.exit_code == 0
    unmeasured = [row for row in result.rows if row.measured_error is None]
    assert 0 < len(unmeasured) < 9 and all(row.status == "ok" for row in unmeasured)


def test_failed_rows_must_fail_again(config: RunConfig) -> None:
    model = NanMaker((6,), np.ones((2, 6)), above=0.9)
    explain(config, model)
    result = verified(config, model)
    failed = [row.id for row in result.rows if row.status == "failed"]
    assert result.exit_code == 0 and 0 < len(failed) < 9
    mended = verified(config, Linear((6,), np.ones((2, 6))))
    assert found(mended) == [(identity, "status") for identity in failed]
    assert "it failed in the run" in words(mended)
    worse = verified(config, NanMaker((6,), np.ones((2, 6)), above=0.01))
    assert len(worse.wrong) == 9 - len(failed)
    assert "it was explained in the run, and fails now" in words(worse)


def test_an_input_that_could_not_be_read(config: RunConfig, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in "abc":
        pixels = random.integers(1, 256, SHAPE, np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    good = (folder / "b.png").read_bytes()
    (folder / "b.png").write_bytes(b"broken")
    config = replace(config, inputs=folder)
    model = Linear(SHAPE, np.ones((2, 60)))
    explain(config, model)
    assert verified(config, model).exit_code == 0
    (folder / "b.png").write_bytes(good)
    assert {wrong.id for wrong in verified(config, model).wrong} == {"b.png"}


def test_every_target_of_a_sampled_input(config: RunConfig) -> None:
    model = Linear((6,), np.array([[3.0] * 6, [2.0] * 6, [1.0] * 6]))
    explain(config, model, target="top:2")
    result = verified(config, model, count=2)
    assert result.exit_code == 0 and result.total == 18
    ids = [row.id for row in result.rows]
    assert [i.partition("@")[2] for i in ids] == ["top1", "top2"] * 2
    edit(config.out, setting("targets", 7, 2))
    assert found(verified(config, model)) == [("x-000003@top2", "target")]


@pytest.mark.slow
def test_shards_and_what_they_were_merged_into(config: RunConfig, tmp_path: Path) -> None:
    outs = [tmp_path / f"shard-{i}" for i in (1, 2)]
    for i, out in enumerate(outs):
        explain(config, bumps(), out=out, shard=(i + 1, 2))
        result = verified(replace(config, out=out), bumps())
        assert result.exit_code == 0 and len(result.rows) == result.total == 4 + i
    merge(tmp_path / "merged", outs, False, untracked)
    result = verified(replace(config, out=tmp_path / "merged"), bumps())
    assert result.exit_code == 0 and len(result.rows) == 9 and result.blocks == 2
    edit(tmp_path / "merged", setting("scores", 5, 9.0))
    result = verified(replace(config, out=tmp_path / "merged"), bumps())
    assert ("x-000005", "score") in found(result)


def test_a_shard_without_inputs(config: RunConfig) -> None:
    explain(config, bumps(), shard=(1, 20))
    result = verified(config, bumps())
    assert result.exit_code == 0 and not result.rows
    assert "there is nothing to recompute" in words(result)


def test_random_baselines_are_the_same_in_a_sample(config: RunConfig) -> None:
    explain(config, bumps(), baseline=("uniform:0:0.1",), seed=3)
    assert verified(config, bumps(), count=3).exit_code == 0
    explain(config, bumps(), baseline=("mean",), limit=5, overwrite=True)
    result = verified(config, bumps(), count=3)
    assert result.exit_code == 0 and result.total == 5


def test_a_map_of_zeros_and_one_that_cancels(config: RunConfig) -> None:
    explain(config, Kink((6,), kink=100.0))
    assert verified(config, Kink((6,), kink=100.0)).exit_code == 0
    edit(config.out, setting("attributions", 0, 1.0))
    assert ("x-000000", "map") in found(verified(config, Kink((6,), kink=100.0)))


def test_only_a_finished_run_can_be_verified(config: RunConfig, tmp_path: Path) -> None:
    model = Linear((6,), np.ones((2, 6)))
    with pytest.raises(InputError, match="no igcli run"):
        verified(config, model)
    explain(config, model)
    path = config.out / "run.json"
    about = json.loads(path.read_text())
    for status in ("running", "partial", None):
        path.write_text(json.dumps({**about, "status": status}))
        with pytest.raises(NotComparable, match="no finished run"):
            verified(config, model)
    damages: list[dict[str, Any]] = [
        {"config": {}},
        {"config": {**about["config"], "tolerance": "fine"}},
        {"inputs": {}},
        {"per_input": "one"},
        {"counts": 3},
    ]
    for damage in damages:
        path.write_text(json.dumps({**about, **damage}))
        with pytest.raises(InputError, match="can't be used"):
            verified(config, model)
    path.write_text(json.dumps({**about, "config": {**about["config"], "seed": 4}}))
    with pytest.raises(InputError, match="not made from") as caught:
        verified(config, model)
    assert "--seed is 0 there and 4 here" in str(caught.value)
    path.write_text(json.dumps({**about, "counts": {**about["counts"], "ok": 8, "failed": 1}}))
    assert [wrong.check for wrong in verified(config, model).wrong] == ["counts", "counts"]


def test_a_run_of_an_older_igcli_was_not_asked_what_it_did_not_know(config: RunConfig) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model)
    path = config.out / "run.json"
    about = json.loads(path.read_text())
    for where in ("config", "identity"):
        del about[where]["layer_input"]
    path.write_text(json.dumps(about))
    assert verified(config, model).exit_code == 0


@pytest.mark.parametrize(("asked", "finer"), [(0.5, 0.05), (0.002, 5e-4), (1e-4, 1e-4)])
def test_the_tolerance_is_ten_times_finer_as_far_as_that_goes(
    config: RunConfig, asked: float, finer: float
) -> None:
    model = Linear((6,), np.ones((2, 6)))
    explain(config, model, tolerance=asked, min_steps=65)
    assert verified(config, model).tolerance == pytest.approx(finer)
