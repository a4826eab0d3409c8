"""What an inspection says of a run, in full; and that nothing is written where the run would be."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from igcli.common.config import RunConfig
from igcli.common.errors import ModelError
from igcli.runs.inspection import inspect_run
from tests.fakes import Linear


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
