"""What an inspection says of a run, in full; and that nothing is written where the run would be."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.config import RunConfig
from igcli.common.errors import ModelError
from igcli.common.progress import untracked
from igcli.runs.executors.local import run_plan
from igcli.runs.inspection import inspect_run
from igcli.runs.planning.plan import make_plan
from tests.fakes import Edges, Linear


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "m.h5").touch()
    np.save(tmp_path / "x.npy", np.ones((5, 2), np.float32))
    return RunConfig(
        tmp_path / "m.h5",
        tmp_path / "x.npy",
        tmp_path / "out",
        method="riemann_left",
        steps=7,
        target="top:2",
        batch_size=16,
    )


def linear(*_: object) -> Linear:
    return Linear((2,), np.eye(3, 2))


def test_a_run_is_told_in_full(config: RunConfig) -> None:
    inspection = inspect_run(config, linear, print, with_estimate=False)
    facts = json.loads(json.dumps(inspection.to_dict()))
    assert facts.pop("model")["loader"] == "fake"
    assert facts == {
        "inputs": [{"name": "x", "shape": [2], "dtype": "float32"}],
        "outputs": [{"name": "y", "shape": [3], "last_operation": "none"}],
        "explained": [{"name": "x", "shape": [2]}],
        "explanations": 10,
        "method": "riemann_left, 7 steps",
        "batching": {"size": 16, "streams": 1, "chosen": "asked"},
        "device": {"name": "none", "precision": "float32"},
    }
    assert not config.out.exists()


def test_an_estimate_counts_what_all_inputs_would_take(config: RunConfig) -> None:
    inspection = inspect_run(config, linear, print, with_estimate=True)
    assert inspection.outlook is not None and inspection.outlook.estimate is not None
    estimate = inspection.outlook.estimate
    assert (estimate.explanations, estimate.gradients, estimate.failed) == (10, 70, 0)
    assert inspection.to_dict()["estimate"]["gradients"] == 70
    assert not config.out.exists()


def test_what_no_loader_knows_is_refused_before_it_is_loaded(config: RunConfig) -> None:
    def load(*_: object) -> Linear:
        raise AssertionError

    with pytest.raises(ModelError, match="is of no known kind"):
        inspect_run(replace(config, model=config.inputs), load, print, with_estimate=False)


@pytest.mark.parametrize("asked", [{}, {"certify": "regions", "store": "regions"}], ids=str)
def test_an_estimate_tells_what_pixels_and_regions_take(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    shape = (16, 16, 3)
    np.save(tmp_path / "x.npy", np.random.default_rng(3).uniform(0.1, 1.0, (8, *shape)))
    model = Edges(shape)

    def load(*_: object) -> Edges:
        return model

    (tmp_path / "m.h5").touch()
    config = RunConfig(tmp_path / "m.h5", tmp_path / "x.npy", tmp_path / "out", overlays=False)
    config = replace(config, **asked)
    outlook = inspect_run(config, load, print, with_estimate=True).outlook
    assert outlook is not None and outlook.estimate is not None
    estimate = outlook.estimate
    for name in ("pixels", "regions"):
        out = tmp_path / name
        plan = make_plan(replace(config, certify=name, store=name, out=out), load, print)
        steps = sum(run_plan(plan, untracked).tally.steps)
        assert estimate.certify[name].gradients == steps
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        assert estimate.store[name] == pytest.approx(size, rel=0.1)
    which = asked.get("certify", "pixels")
    assert estimate.gradients == estimate.certify[which].gradients
    assert estimate.disk == estimate.store[asked.get("store", "pixels")]
    assert estimate.store["regions"] < estimate.store["pixels"] / 2


def test_a_table_has_no_choice(config: RunConfig) -> None:
    outlook = inspect_run(config, linear, print, with_estimate=True).outlook
    assert outlook is not None and outlook.estimate is not None
    assert outlook.estimate.certify == {} and outlook.estimate.store == {}
