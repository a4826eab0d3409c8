"""The whole pass on closed-form models: what a run directory holds, and what failures do."""

import csv
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import ModelError, RunStopped
from igcli.common.progress import untracked
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.runs.result import RunResult
from igcli.store.sources import read_entries
from tests.fakes import FakeModel, Linear, NanMaker, Power

SHAPE = (4, 5, 3)


def explain(config: RunConfig, model: FakeModel, **changes: Any) -> RunResult:
    notes: list[str] = []
    plan = make_plan(replace(config, **changes), lambda *arguments: model, notes.append)
    # Planning asks the model too: only what the run asks counts.
    model.batches.clear()
    return run_plan(plan, untracked)


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def stored(out: Path, name: str = "attributions") -> Array:
    with h5py.File(out / "attributions.h5") as file:
        array: Array = file[name][()]
    return array


@pytest.fixture
def fifty(tmp_path: Path) -> RunConfig:
    """Fifty 4×5 images, the 13th of them truncated."""
    folder = tmp_path / "images"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(50):
        Image.fromarray(random.integers(1, 256, SHAPE, np.uint8)).save(folder / f"i{i:02d}.png")
    bad = folder / "i12.png"
    bad.write_bytes(bad.read_bytes()[:60])
    return RunConfig(Path(__file__), folder, tmp_path / "out", steps=4, method="riemann_middle")


@pytest.fixture
def floats(tmp_path: Path) -> RunConfig:
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(5).uniform(0.1, 1.0, (9, 6)).astype(np.float32))
    return RunConfig(Path(__file__), path, tmp_path / "out", steps=4, method="riemann_middle")


def test_one_corrupt_image_fails_alone_by_name(fifty: RunConfig) -> None:
    result = explain(fifty, Linear(SHAPE, np.ones((2, 60))))
    assert result.exit_code == 3
    counts = result.counts()
    assert (counts["asked"], counts["ok"], counts["failed"]) == (50, 49, 1)
    table = rows(fifty.out)
    assert [row["id"] for row in table] == [f"i{i:02d}.png" for i in range(50)]
    bad = table[12]
    assert bad["status"] == "failed" and "can't be decoded" in bad["message"]
    assert (bad["score"], bad["target"], bad["delta"]) == ("", "", "")
    assert all(row["status"] == "ok" and row["message"] == "" for row in table if row is not bad)
    assert np.isnan(stored(fifty.out)[12]).all()
    assert np.isfinite(np.delete(stored(fifty.out), 12, axis=0)).all()
    pictures = {path.name for path in (fifty.out / "overlays").iterdir()}
    assert pictures == {f"i{i:02d}.png" for i in range(50) if i != 12}


def test_maps_and_numbers_are_the_closed_form(fifty: RunConfig) -> None:
    weights = np.linspace(-1, 1, 60)
    explain(fifty, Linear(SHAPE, np.stack([weights, -weights])), target="1")
    with Image.open(fifty.inputs / "i00.png") as image:
        x = np.asarray(image, float) / 255
    np.testing.assert_allclose(stored(fifty.out)[0], -weights.reshape(SHAPE) * x, rtol=1e-5)
    first = rows(fifty.out)[0]
    assert float(first["score"]) == pytest.approx(-(weights @ x.ravel()), rel=1e-5)
    assert float(first["baseline_score"]) == 0.0
    assert abs(float(first["delta"])) < 1e-5
    assert (first["target"], first["steps"]) == ("1", "4")


def test_delta_is_the_stored_maps_sum_less_the_score_difference(floats: RunConfig) -> None:
    explain(floats, Power((6,), 2, power=7))
    sums = stored(floats.out).sum(axis=1, dtype=np.float64)
    for row, total in zip(rows(floats.out), sums, strict=True):
        assert float(row["attribution_sum"]) == total
        difference = float(row["score"]) - float(row["baseline_score"])
        assert float(row["delta"]) == total - difference
        assert float(row["relative_delta"]) == abs((total - difference) / difference)


def test_relative_delta_is_empty_where_the_score_does_not_change(floats: RunConfig) -> None:
    np.save(floats.inputs, np.zeros((1, 6), np.float32))
    result = explain(floats, Power((6,), 2, power=2))
    assert rows(floats.out)[0]["relative_delta"] == ""
    assert rows(floats.out)[0]["delta"] == "0.0"
    assert "; relative: none" in result.lines()[3]


def test_tabular_inputs_draw_nothing_and_say_so(floats: RunConfig) -> None:
    result = explain(floats, Linear((6,), np.ones((2, 6))))
    assert not (floats.out / "overlays").exists()
    assert "no overlays: what is explained is no picture" in result.lines()[4]


def test_summary_is_five_lines_with_median_and_worst(floats: RunConfig) -> None:
    lines = explain(floats, Power((6,), 2, power=7)).lines()
    deltas = sorted((abs(float(row["delta"])), row["id"]) for row in rows(floats.out))
    assert len(lines) == 5
    assert lines[0].startswith("explained  9 of 9 (riemann_middle, 4 steps)")
    assert lines[1] == "failed     0"
    assert lines[2] == "error      not estimated"
    assert lines[3].startswith(
        f"|delta|    median {deltas[4][0]:.3g}, worst {deltas[8][0]:.3g} ({deltas[8][1]}); "
        "relative: median "
    )
    assert str(floats.out / "results.csv") in lines[4]


def test_top_k_gives_k_rows_per_input_best_first(floats: RunConfig) -> None:
    explain(floats, Linear((6,), np.outer([1.0, 3.0, 2.0], np.ones(6))), target="top:2")
    table = rows(floats.out)
    assert len(table) == 18 == len(stored(floats.out))
    assert [row["id"] for row in table[:3]] == ["x-000000@top1", "x-000000@top2", "x-000001@top1"]
    assert [row["target"] for row in table[:4]] == ["1", "2", "1", "2"]
    assert {row["prediction"] for row in table} == {"1"}
    x = np.load(floats.inputs)
    np.testing.assert_allclose(stored(floats.out)[0::2], 3 * x, rtol=1e-6)
    np.testing.assert_allclose(stored(floats.out)[1::2], 2 * x, rtol=1e-6)


def test_targets_file_chooses_per_input_also_under_limit(floats: RunConfig, tmp_path: Path) -> None:
    targets = [0, 1, 2, 2, 1, 0, 0, 1, 2]
    (tmp_path / "targets.txt").write_text("\n".join(map(str, targets)))
    model = Linear((6,), np.outer([1.0, 3.0, 2.0], np.ones(6)))
    explain(floats, model, target=str(tmp_path / "targets.txt"), limit=4)
    assert [row["target"] for row in rows(floats.out)] == ["0", "1", "2", "2"]
    scale = np.array([1.0, 3.0, 2.0, 2.0])[:, None]
    np.testing.assert_allclose(stored(floats.out), scale * np.load(floats.inputs)[:4], rtol=1e-6)


def test_regression_explains_its_only_output(floats: RunConfig) -> None:
    explain(floats, Linear((6,), np.full((1, 6), -2.0)))
    assert {(row["target"], row["prediction"]) for row in rows(floats.out)} == {("0", "0")}
    np.testing.assert_allclose(stored(floats.out), -2 * np.load(floats.inputs), rtol=1e-6)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("gradient", "the gradient or score is not finite at alpha = 0.875"),
        ("score", "the model's scores of the input are not finite"),
    ],
)
def test_nan_fails_that_input_and_no_other(floats: RunConfig, where: str, message: str) -> None:
    xs = np.full((4, 6), 0.5, np.float32)
    xs[2] = 1.0
    np.save(floats.inputs, xs)
    model = NanMaker((6,), np.ones((1, 6)), above=0.8, where=where)
    result = explain(floats, model, batch_size=3)
    assert result.exit_code == 3
    table = rows(floats.out)
    assert [row["status"] for row in table] == ["ok", "ok", "failed", "ok"]
    assert table[2]["message"] == message
    assert table[2]["delta"] == ""


@pytest.mark.parametrize("batch", [1, 7, 64, 5000])
def test_batch_size_and_company_change_nothing(floats: RunConfig, batch: int) -> None:
    explain(floats, Power((6,), 2, power=5))
    reference = stored(floats.out)
    explain(floats, Power((6,), 2, power=5), batch_size=batch, overwrite=True)
    np.testing.assert_allclose(stored(floats.out), reference, rtol=1e-4)
    explain(floats, Power((6,), 2, power=5), batch_size=batch, limit=1, overwrite=True)
    np.testing.assert_allclose(stored(floats.out)[0], reference[0], rtol=1e-4)


def test_random_baselines_depend_on_seed_and_id_alone(fifty: RunConfig) -> None:
    model = Linear(SHAPE, np.ones((1, 60)))
    explain(fifty, model, baseline=("uniform",), batch_size=3)
    reference = stored(fifty.out)
    for keep in fifty.inputs.glob("i[0-3]*.png"):
        keep.unlink()
    explain(fifty, model, baseline=("uniform",), overwrite=True)
    np.testing.assert_allclose(stored(fifty.out), reference[40:], rtol=1e-6)
    explain(fifty, model, baseline=("uniform",), seed=1, overwrite=True)
    assert not np.allclose(stored(fifty.out), reference[40:], rtol=1e-2)


def test_many_parts_join_in_input_order(floats: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("igcli.runs.planning.calibration.block_size", lambda *_: 2)
    explain(floats, Linear((6,), np.ones((1, 6))), save=("npy",))
    about = json.loads((floats.out / "run.json").read_text())
    assert len(read_entries(floats.out, about["run"])) == 5
    assert about["parts_kept"] is None and not (floats.out / "parts").exists()
    np.testing.assert_allclose(stored(floats.out), np.load(floats.inputs), rtol=1e-6)
    np.testing.assert_array_equal(np.load(floats.out / "attributions.npy"), stored(floats.out))


def test_stored_images_are_what_the_model_saw(fifty: RunConfig) -> None:
    explain(fifty, Linear(SHAPE, np.ones((1, 60))))
    with Image.open(fifty.inputs / "i49.png") as image:
        np.testing.assert_array_equal(stored(fifty.out, "images")[49], np.asarray(image))


def test_an_interrupted_run_keeps_what_was_done(floats: RunConfig) -> None:
    class Interrupted(Linear):
        def _row_gradients(self, rows: Any) -> Any:
            if len(self.batches) == 3:
                raise KeyboardInterrupt
            return super()._row_gradients(rows)

    result = explain(floats, Interrupted((6,), np.ones((1, 6))), batch_size=4)
    assert result.exit_code == 3
    counts = result.counts()
    assert (counts["ok"], counts["failed"], counts["not_reached"]) == (3, 0, 6)
    assert len(rows(floats.out)) == 3 == len(stored(floats.out))
    about = json.loads((floats.out / "run.json").read_text())
    assert about["status"] == "partial" and about["counts"]["not_reached"] == 6


def test_a_full_disk_stops_the_run_and_counts_what_is_kept(
    floats: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from igcli.store.parts import write_part as real

    def full(path: Path, *arguments: Any) -> Any:
        if path.name != "part-000000000.h5":
            raise OSError(28, "Can't write data (file descriptor = 7)")
        return real(path, *arguments)

    monkeypatch.setattr("igcli.runs.planning.calibration.block_size", lambda *_: 4)
    monkeypatch.setattr("igcli.store.writer.write_part", full)
    result = explain(floats, Linear((6,), np.ones((1, 6))))
    assert result.exit_code == 3 and result.stopped is not None
    assert "4 of them stored" in result.stopped.problem
    assert result.stopped.cause == "No space left on device"
    assert "free the disk" in result.stopped.fix and "--resume" in result.stopped.fix
    assert "free the disk" in result.to_dict()["stopped"]["fix"]
    assert len(rows(floats.out)) == 4 == len(stored(floats.out))
    about = json.loads((floats.out / "run.json").read_text())
    assert (about["status"], about["counts"]["stored"]) == ("partial", 4)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("a bug")])
def test_whatever_stops_a_run_what_was_finished_is_kept(
    floats: RunConfig, error: Exception
) -> None:
    class Broken(Linear):
        def _row_gradients(self, rows: Any) -> Any:
            if len(self.batches) == 3:
                raise error
            return super()._row_gradients(rows)

    model = Broken((6,), np.ones((1, 6)))
    if isinstance(error, RuntimeError):
        with pytest.raises(RuntimeError, match="a bug"):
            explain(floats, model, batch_size=4)
    else:
        assert isinstance(explain(floats, model, batch_size=4).stopped, RunStopped)
    assert len(rows(floats.out)) == 3
    assert json.loads((floats.out / "run.json").read_text())["status"] == "partial"


def test_a_model_that_fails_on_a_batch_gives_its_reason(floats: RunConfig) -> None:
    class Failing(Linear):
        planned = False

        def _row_gradients(self, rows: Any) -> Any:
            if self.planned:
                raise ModelError("m.h5 failed on a batch", "shapes differ", "try --batch-size 1")
            return super()._row_gradients(rows)

    model = Failing((6,), np.ones((1, 6)))
    plan = make_plan(floats, lambda *arguments: model, print)
    model.planned = True
    stopped = run_plan(plan, untracked).stopped
    assert stopped is not None and "none of them stored" in stopped.problem
    assert stopped.cause == "m.h5 failed on a batch: shapes differ"


def test_the_hash_of_a_broken_file_is_kept(fifty: RunConfig) -> None:
    explain(fifty, Linear(SHAPE, np.ones((1, 60))))
    digest = hashlib.sha256((fifty.inputs / "i12.png").read_bytes()).hexdigest()
    assert rows(fifty.out)[12]["sha256"] == digest


def test_earlier_runs_among_the_inputs_are_no_inputs(fifty: RunConfig) -> None:
    model = Linear(SHAPE, np.ones((1, 60)))
    explain(fifty, model, out=fifty.inputs / "first")
    result = explain(fifty, model, out=fifty.inputs / "second")
    assert result.asked == 50


def test_run_json_says_what_was_asked_and_what_ran(floats: RunConfig) -> None:
    explain(floats, Linear((6,), np.ones((1, 6))), seed=3)
    about = json.loads((floats.out / "run.json").read_text())
    assert about["status"] == "complete"
    assert about["config"]["seed"] == 3 and about["config"]["steps"] == 4
    assert about["settled"]["baseline"] == "zeros" and about["settled"]["inputs_are"] == "floats"
    assert set(about["versions"]) == {"tensorflow", "keras", "numpy", "h5py", "pillow"}
    assert len(about["model"]["sha256"]) == 64 and len(about["input_sha256"]) == 9
    assert (about["counts"]["ok"], about["counts"]["failed"]) == (9, 0)
