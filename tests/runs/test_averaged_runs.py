"""Runs of averages: what they store, and that order, shards and resuming change nothing."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, IgcliError
from igcli.common.progress import untracked
from igcli.evaluation.reopen import VerifyRequest
from igcli.evaluation.verify import verify
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.runs.shards.merge import merge
from igcli.store.kept_baselines import baseline_maps, baseline_names, has_baselines
from igcli.store.run import open_finished_run
from tests.attribution.test_averages import SquaredSum
from tests.fakes import FakeModel, Kink, Linear


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """One row, (3, 3), of the closed form."""
    np.save(tmp_path / "x.npy", np.full((1, 2), 3.0, np.float32))
    return RunConfig(Path(__file__), tmp_path / "x.npy", tmp_path / "out")


@pytest.fixture
def twelve(tmp_path: Path) -> RunConfig:
    """Twelve rows of six floats."""
    path = tmp_path / "twelve.npy"
    np.save(path, np.random.default_rng(5).uniform(0.1, 1.0, (12, 6)).astype(np.float32))
    return RunConfig(Path(__file__), path, tmp_path / "out")


def explain(config: RunConfig, model: FakeModel, **changes: Any) -> Array:
    config = replace(config, **changes)
    result = run_plan(make_plan(config, lambda *a: model, lambda message: None), untracked)
    assert result.exit_code == 0, result.lines()
    with h5py.File(config.out / "attributions.h5") as file:
        maps: Array = file["attributions"][()]
    return maps


def row_of(out: Path) -> dict[str, str]:
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))


@pytest.mark.parametrize("changes", [{}, {"method": "gausslegendre"}], ids=["adaptive", "rule"])
def test_the_closed_form_is_stored_with_what_its_baselines_are(
    config: RunConfig, changes: dict[str, Any]
) -> None:
    listed = ("zeros", "constant:1")
    maps = explain(config, SquaredSum(), baseline=listed, keep_baselines=True, **changes)
    np.testing.assert_allclose(maps, [[51.0, 25.5]], rtol=1e-6)
    row = row_of(config.out)
    assert float(row["attribution_sum"]) == pytest.approx(76.5)
    assert float(row["baseline_score"]) == pytest.approx(4.5)
    assert float(row["delta"]) == pytest.approx(0.0, abs=1e-4)
    assert float(row["norm_ratio"]) == pytest.approx(1.0)
    assert row["sampling_error"] == ""
    run = open_finished_run(config.out)
    assert (baseline_names(run.about), has_baselines(run.about)) == (listed, True)
    (own,) = baseline_maps(run, run.rows)
    np.testing.assert_allclose(own["x"], [[54, 27], [48, 24]], rtol=1e-6)
    assert run.about["settled"]["baseline"] == "zeros,constant:1"
    backwards = explain(config, SquaredSum(), baseline=listed[::-1], overwrite=True, **changes)
    np.testing.assert_allclose(backwards, maps, rtol=1e-6)


def test_one_draw_is_the_baseline_itself(config: RunConfig) -> None:
    one = explain(config, SquaredSum(), baseline=("uniform:0:1",))
    again = explain(config, SquaredSum(), baseline=("uniform:0:1*1",), overwrite=True)
    np.testing.assert_array_equal(one, again)
    three = explain(config, SquaredSum(), baseline=("uniform:0:1*3",), overwrite=True)
    assert not np.array_equal(one, three)
    assert float(row_of(config.out)["sampling_error"]) > 0.0


def test_references_are_drawn_without_the_input_itself(twelve: RunConfig) -> None:
    """All eleven others of twelve, of a linear model: x less their mean, and no error of draws."""
    maps = explain(twelve, Linear((6,), np.ones((1, 6))), baseline=("data:11",))
    x = np.load(twelve.inputs)
    others = (x.sum(axis=0) - x) / 11
    np.testing.assert_allclose(maps, x - others, rtol=1e-4, atol=1e-6)
    assert float(row_of(twelve.out)["sampling_error"]) == 0.0


def test_shards_and_a_resumed_run_have_the_same_maps(twelve: RunConfig, tmp_path: Path) -> None:
    asked = replace(twelve, baseline=("zeros", "data:4"), keep_baselines=True)
    whole = explain(asked, Kink((6,), 1.3))
    outs = [tmp_path / f"shard-{i}" for i in (1, 2)]
    for i, out in enumerate(outs, 1):
        explain(asked, Kink((6,), 1.3), shard=(i, 2), out=out)
    merge(tmp_path / "merged", outs, overwrite=False, track=untracked)
    for name in ("attributions", "baseline_maps", "sampling_errors", "norm_ratios"):
        with h5py.File(tmp_path / "merged/attributions.h5") as joint:
            with h5py.File(asked.out / "attributions.h5") as file:
                np.testing.assert_allclose(joint[name][()], file[name][()], rtol=1e-5, atol=1e-6)
    # Drawn again for the second half alone, they are the same.
    np.testing.assert_allclose(explain(asked, Kink((6,), 1.3), resume=True), whole)
    with pytest.raises(IgcliError, match="--baseline"):
        explain(asked, Kink((6,), 1.3), resume=True, baseline=("zeros", "data:5"))


def test_verify_recomputes_an_average(twelve: RunConfig) -> None:
    asked = replace(twelve, baseline=("zeros", "uniform:0:1*3"))
    explain(asked, Kink((6,), 1.3))
    request = VerifyRequest(asked.out, asked.model, asked.inputs)
    found = verify(request, lambda *a: Kink((6,), 1.3), untracked, lambda message: None)
    assert not found.whole and all(not row.wrong for row in found.rows)
    assert all(row.measured_error is not None for row in found.rows)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"baseline": ("zeros*3",)}, "is the same each time"),
        ({"baseline": ("uniform:0:1*0",)}, "N is a whole number"),
        ({"baseline": ("data:3",)}, "never the input itself"),
        ({"baseline": ("data:nowhere:3",)}, "does not exist"),
        ({"keep_baselines": True}, "needs several baselines"),
        ({"baseline": ("zeros", "constant:1"), "profile_path": True}, "of one path"),
    ],
)
def test_what_is_no_average_is_refused(
    config: RunConfig, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        explain(config, SquaredSum(), **changes)
    assert words in str(caught.value)


def test_run_json_tells_of_no_baselines_where_there_is_one(config: RunConfig) -> None:
    explain(config, SquaredSum())
    settled = json.loads((config.out / "run.json").read_text())["settled"]
    assert "baselines" not in settled and "kept_baselines" not in settled
