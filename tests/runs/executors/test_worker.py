"""One worker, in this process: what it writes, and what it says of it."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.attribution.adaptive import Adaptive
from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.common import machine
from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, InputError
from igcli.common.progress import untracked
from igcli.runs.executors.local import run_plan
from igcli.runs.executors.ray.shared_files import token_in
from igcli.runs.executors.worker import Setup, Worker, portable
from igcli.runs.planning.plan import make_plan
from igcli.runs.planning.preflight import make_preflight
from tests.runs.executors.scripted import FEATURES, Scripted, load

COUNT = 24


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    monkeypatch.setattr("igcli.common.machine._own", [])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.h5").touch()
    (tmp_path / "script.json").write_text("{}")
    x = np.random.default_rng(1).uniform(0.1, 1.0, (COUNT, FEATURES)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "out" / "parts").mkdir(parents=True)
    return RunConfig(tmp_path / "model.h5", tmp_path / "x.npy", tmp_path / "out", batch_size=16)


def worker_of(config: RunConfig, load_model: Any = load, **changes: Any) -> Worker:
    found = make_preflight(config, lambda message: None)
    with token_in(config.out) as token:
        setup = Setup(config, config.out.parent, 1, 2, found.identity, None, token, load_model)
        worker = Worker(replace(setup, **changes))
        assert worker.look()
    worker.load(0)
    worker.plan(None)
    return worker


def maps(path: Path) -> Array:
    with h5py.File(path) as file:
        array: Array = file["attributions"][()]
    return array


def test_a_range_is_a_part_that_has_no_name_yet(config: RunConfig) -> None:
    report = worker_of(config).explain(range(4, 8), checked=False)
    assert report.staged is not None and report.whole and report.failure is None
    assert (report.staged.start, report.staged.rows) == (4, 4)
    (only,) = (config.out / "parts").iterdir()
    assert only == report.staged.path(config.out) and only.name.startswith(".")
    x = np.load(config.inputs)[4:8].astype(np.float64)
    target = 2.0
    np.testing.assert_allclose(maps(only), target * x**3, rtol=0.06)
    assert report.rows >= 4 * 9 and report.busy > 0 and report.size == 16


def test_two_that_explain_one_range_write_two_files_of_the_same_bytes(config: RunConfig) -> None:
    worker = worker_of(config)
    other = worker_of(config)
    one, two = (w.explain(range(0, 4), checked=False).staged for w in (worker, other))
    assert one is not None and two is not None and one.name != two.name
    assert one.sums == two.sums


def test_what_the_first_has_found_holds_for_the_others(config: RunConfig) -> None:
    mean = replace(config, baseline=("mean",), batch_size=None)
    first = worker_of(mean)
    given, _ = first.plan(None)
    np.save(config.inputs, np.zeros((COUNT, FEATURES), np.float32))
    other = worker_of(mean)
    method = given.calibration.method
    assert isinstance(method, Adaptive)
    calibration = replace(given.calibration, block=3, method=replace(method, memory=12345))
    taken, notes = other.plan(replace(given, calibration=calibration))
    assert taken.calibration.block == 3 and notes == []
    plan = other._plan
    assert plan is not None and plan.method.memory == 12345
    assert plan.chosen == given.calibration.chosen and plan.calibration.block == 3
    sample = plan.source.read(plan.names[0])
    # Of the inputs that the first one read, not of those that are there now.
    assert (plan.start.baseline(sample) > 0.1).all()


def test_several_workers_get_several_ranges_each(config: RunConfig) -> None:
    given, _ = worker_of(config, workers=2).plan(None)
    assert given.calibration.block == COUNT // (2 * 4)
    alone, _ = worker_of(config, workers=1).plan(None)
    assert alone.calibration.block > COUNT


def test_a_worker_keeps_to_its_cores_and_its_share_of_memory(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_all_cpus", lambda cgroup: 8)
    whole = machine.total_memory()
    worker_of(config, cores=2)
    assert machine.cpus() == 2 and machine.total_memory() == whole // 4


@pytest.mark.parametrize(("gpus", "seen"), [(0, "-1"), (1, "0")])
def test_a_worker_without_a_gpu_sees_none(
    config: RunConfig, gpus: int, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    worker = worker_of(config)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    worker.load(gpus)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == seen


def test_other_files_under_the_same_path_are_refused(config: RunConfig) -> None:
    found = make_preflight(config, lambda message: None)
    with pytest.raises(ConfigError, match="other files than.*the model is another"):
        worker_of(config, identity={**found.identity, "model": "0"})


class Stopped(Scripted):
    """Stops its worker in its third batch."""

    worker: Worker

    def _row_gradients(self, rows: PathRows) -> RowValues:
        # Two more come before, when planning asks whether the model agrees with itself.
        if len(self.batches) == 4:
            self.worker.stop.set()
        return super()._row_gradients(rows)


def test_a_range_that_is_stopped_in_is_written_as_far_as_it_came(config: RunConfig) -> None:
    model = Stopped(config.model.parent, {})
    worker = worker_of(
        replace(config, method="riemann_left", steps=16), load_model=lambda *_: model
    )
    Stopped.worker = worker
    report = worker.explain(range(0, COUNT), checked=False)
    assert report.staged is not None and not report.whole and report.failure is None
    assert 1 <= report.staged.rows < COUNT


def test_half_an_input_is_not_written(config: RunConfig) -> None:
    model = Stopped(config.model.parent, {})
    worker = worker_of(
        replace(config, method="riemann_left", steps=16, target="top:2"),
        load_model=lambda *_: model,
    )
    Stopped.worker = worker
    report = worker.explain(range(0, COUNT), checked=False)
    assert report.staged is not None and report.staged.rows % 2 == 0


@pytest.mark.parametrize(("on_error", "rows"), [("continue", 8), ("stop", 3)])
def test_an_input_that_fails(config: RunConfig, on_error: str, rows: int) -> None:
    x = np.load(config.inputs)
    x[3] = np.nan
    np.save(config.inputs, x)
    report = worker_of(replace(config, on_error=on_error)).explain(range(0, 8), checked=False)
    assert report.staged is not None and report.staged.rows == rows
    assert isinstance(report.failure, InputError if on_error == "stop" else type(None))
    assert report.whole == (on_error == "continue")


def test_the_first_explanations_are_looked_at_where_that_is_asked_for(config: RunConfig) -> None:
    np.save(config.inputs, np.zeros((COUNT, FEATURES), np.float32))
    worker = worker_of(config)
    assert worker.explain(range(0, 4), checked=False).notes == []
    notes = worker.explain(range(0, 4), checked=True).notes
    assert "4 of the first 4 maps are all zero" in notes[0]


def test_a_part_that_can_not_be_written_is_told(config: RunConfig) -> None:
    worker = worker_of(config)
    (config.out / "parts").rmdir()
    report = worker.explain(range(0, 4), checked=False)
    assert report.staged is None and isinstance(report.failure, OSError)


def test_errors_travel(config: RunConfig) -> None:
    import pickle

    error = pickle.loads(pickle.dumps(portable(InputError("problem", "cause", "fix"))))
    assert str(error) == "problem: cause\nto fix this: fix" and isinstance(error, InputError)
    try:
        raise LookupError(threading.Lock())
    except LookupError as found:
        told = pickle.loads(pickle.dumps(portable(found)))
    assert isinstance(told, RuntimeError) and "LookupError" in str(told)


def test_parts_of_a_worker_are_those_of_a_local_run(config: RunConfig, tmp_path: Path) -> None:
    local = replace(config, out=tmp_path / "local")
    plan = make_plan(local, load, lambda message: None)
    assert run_plan(plan, untracked).complete
    staged = worker_of(config).explain(range(0, COUNT), checked=False).staged
    assert staged is not None
    np.testing.assert_array_equal(
        maps(staged.path(config.out)), maps(local.out / "attributions.h5")
    )


def test_what_the_first_has_chosen_is_explained_by_all(config: RunConfig) -> None:
    chosen = replace(config, where=("score>1",))
    given, _ = worker_of(chosen).plan(None)
    assert given.selection is not None and 0 < given.selection.count < COUNT
    other = worker_of(chosen)
    few = replace(given.selection, count=2, places=given.selection.places[:2])
    other.plan(replace(given, selection=few))
    assert other._plan is not None
    assert [name.index for name in other._plan.names] == list(few.places)
    report = other.explain(range(2), checked=False)
    assert report.staged is not None and report.whole and report.staged.rows == 2
