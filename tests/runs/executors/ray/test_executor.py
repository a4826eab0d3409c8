"""Runs on a real Ray of two nodes: as a local run, whatever happens to workers and nodes."""

import csv
import os
import signal
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.errors import ConfigError, IgcliError
from igcli.store.run_json import read_about
from igcli.store.sources import read_entries
from tests.runs.executors.conftest import Runs, until
from tests.runs.executors.scripted import DEADLY

pytestmark = [
    pytest.mark.slow,
    # Ray's own, in this process.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def table(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_equal(out: Path, reference: Path) -> None:
    """Hold a run against a local one: the same maps, numbers and words."""
    with h5py.File(out / "attributions.h5") as one, h5py.File(reference / "attributions.h5") as two:
        found, wanted = one["attributions"][()], two["attributions"][()]
    largest = np.abs(wanted).max(axis=1, keepdims=True)
    assert (np.abs(found - wanted) <= 1e-4 * largest).all()
    text = ("id", "path", "sha256", "target", "prediction", "steps", "converged", "status")
    numbers = ("score", "baseline_score", "attribution_sum")
    rows, others = table(out), table(reference)
    assert [[row[k] for k in text] for row in rows] == [[row[k] for k in text] for row in others]
    for key in numbers:
        np.testing.assert_allclose(
            [float(row[key]) for row in rows], [float(row[key]) for row in others], rtol=1e-5
        )


def assert_whole(out: Path) -> None:
    """No block is missing, damaged or there twice, and nothing is left half-written."""
    entries = read_entries(out, read_about(out)["run"])
    assert entries and [e.start for e in entries[1:]] == [e.stop for e in entries[:-1]]
    assert all(entry.is_whole(out) for entry in entries)
    assert {entry.file for entry in entries} == {"attributions.h5"}
    assert not (out / "parts").exists() and not list(out.rglob("*.tmp"))


def test_a_run_is_that_of_one_process(runs: Runs) -> None:
    x = np.load(runs.config.inputs)
    x[17] = np.nan
    np.save(runs.config.inputs, x)
    result = runs.on_ray()
    assert result.exit_code == 3 and result.done == 40 and result.stopped is None
    ((name, message),) = result.tally.failures
    assert name == "x-000017" and "not finite" in message
    reference = runs.here(out=runs.folder / "local")
    assert reference.tally.failures == result.tally.failures
    x[17] = 0.5
    np.save(runs.config.inputs, x)
    # Mended: that range alone is computed again, by either.
    assert runs.on_ray(resume=True).exit_code == 0
    assert runs.here(out=runs.folder / "local", resume=True).exit_code == 0
    assert_equal(runs.config.out, runs.folder / "local")
    assert_whole(runs.config.out)
    about = read_about(runs.config.out)
    assert about["status"] == "complete" and about["counts"]["ok"] == 40
    assert about["block"] == 40 // (2 * 4)


def test_all_workers_work_and_are_told_of(runs: Runs) -> None:
    runs.script(seconds=0.05)
    result = runs.on_ray()
    workers = result.execution["workers"]
    assert len(workers) == 2 and sum(worker["explanations"] for worker in workers) == 40
    assert all(worker["rows"] > 0 for worker in workers)
    assert sum(worker["rows"] for worker in workers) == result.execution["batching"]["rows"]
    assert read_about(runs.config.out)["workers"] == workers
    assert result.lines()[-1].startswith("workers    2 on 1 machine: ")
    assert runs.on_ray(overwrite=True, workers=1).lines()[-1].startswith("workers    1 on 1 mach")


def test_a_worker_that_is_killed_loses_nothing(runs: Runs) -> None:
    runs.script(seconds=0.1)
    runs.meanwhile(lambda: os.kill(runs.workers[0], signal.SIGKILL))
    result = runs.on_ray()
    assert result.complete and result.exit_code == 0
    assert any("died: its 5 inputs are explained elsewhere" in note for note in runs.notes)
    until(lambda: len(runs.workers) == 3)
    runs.here(out=runs.folder / "local")
    assert_equal(runs.config.out, runs.folder / "local")
    assert_whole(runs.config.out)


@pytest.mark.parametrize("memory", [False, True])
def test_inputs_that_kill_three_workers_are_named_as_failed(runs: Runs, memory: bool) -> None:
    x = np.load(runs.config.inputs)
    x[12] = 2 * DEADLY
    np.save(runs.config.inputs, x)
    # A batch that does not fit is halved, until it is one row.
    runs.script(deaths=100 if memory else 3, memory=memory)
    result = runs.on_ray()
    assert result.exit_code == 3 and result.done == 40 and result.stopped is None
    assert [name for name, _ in result.tally.failures] == [f"x-0000{i}" for i in range(10, 15)]
    host = os.uname().nodename
    messages = {message for _, message in result.tally.failures}
    assert messages == {f"3 workers died over its range of 5 inputs, on {host}"}
    how = "ran out of memory" if memory else "died"
    assert sum(f"the worker on {host} {how}: " in note for note in runs.notes) == 3
    # They may not fail elsewhere.
    runs.script(deaths=0)
    assert runs.here(resume=True).exit_code == 0
    runs.here(out=runs.folder / "local")
    assert_equal(runs.config.out, runs.folder / "local")


def test_on_error_stop_stops_and_keeps_what_there_is(runs: Runs) -> None:
    x = np.load(runs.config.inputs)
    x[3] = np.nan
    np.save(runs.config.inputs, x)
    result = runs.on_ray(on_error="stop")
    assert result.exit_code == 3 and not result.complete
    assert "x-000003 failed" in str(result.stopped) and "--on-error stop" in str(result.stopped)
    assert 3 <= result.done < 40
    assert runs.on_ray(resume=True).done == 40
    assert_whole(runs.config.out)


@pytest.mark.parametrize("first", ["ray", "local"])
def test_a_stopped_run_goes_on_with_the_other(runs: Runs, first: str) -> None:
    runs.script(seconds=0.05)
    one, other = (runs.on_ray, runs.here)[:: 1 if first == "ray" else -1]
    runs.meanwhile(runs.stop.set)
    batch = {"batch_size": 4}
    stopped = one(**batch)
    assert stopped.exit_code == 3 and 0 < stopped.done < 40
    assert read_about(runs.config.out)["status"] == "partial"
    runs.stop.clear()
    # The batch size is remembered, though neither sends as many batches at once as the other.
    resumed = other(resume=True, batch_size=None)
    assert read_about(runs.config.out)["config"]["batch_size"] == 4
    assert resumed.execution["batching"]["size"] == 4
    assert resumed.exit_code == 0 and resumed.before > 0 and resumed.done == 40
    runs.here(out=runs.folder / "local", **batch)
    assert_equal(runs.config.out, runs.folder / "local")
    assert_whole(runs.config.out)


def test_a_slow_worker_does_not_hold_the_rest(runs: Runs) -> None:
    runs.script(seconds=0.01, first_seconds=3.0)
    result = runs.on_ray(batch_size=4)
    assert result.exit_code == 0
    # The slow one has the range that it began with, and at most the next: half would be 20.
    assert max(worker["explanations"] for worker in result.execution["workers"]) >= 30
    runs.script()
    runs.here(out=runs.folder / "local")
    assert_equal(runs.config.out, runs.folder / "local")
    assert len(read_entries(runs.config.out, read_about(runs.config.out)["run"])) == 8


def test_shards_are_merged_as_ever(runs: Runs) -> None:
    from igcli.common.progress import untracked
    from igcli.runs.shards.merge import merge

    outs = [runs.folder / str(i) for i in (1, 2)]
    assert runs.on_ray(out=outs[0], shard=(1, 2)).exit_code == 0
    assert runs.here(out=outs[1], shard=(2, 2)).exit_code == 0
    assert merge(runs.config.out, outs, False, untracked).exit_code == 0
    about = read_about(runs.config.out)
    assert "workers" not in about
    assert [sum(w["explanations"] for w in m.get("workers", [])) for m in about["merged"]] == [
        20,
        0,
    ]
    runs.here(out=runs.folder / "local")
    assert_equal(runs.config.out, runs.folder / "local")


def test_the_driver_goes_without_the_model_and_a_bad_one_is_refused(runs: Runs) -> None:
    (runs.folder / "script.json").write_text("no script")
    with pytest.raises(RuntimeError, match="JSONDecodeError"):
        runs.on_ray()
    assert not runs.config.out.exists()
    assert os.getpid() not in runs.workers
    with pytest.raises(IgcliError, match="INPUTS .* does not exist"):
        runs.on_ray(inputs=runs.folder / "elsewhere")


def test_a_model_that_no_worker_survives_ends_the_run(runs: Runs) -> None:
    runs.script(never=True)
    with pytest.raises(ConfigError, match="no worker on .* can begin") as caught:
        runs.on_ray()
    assert "memory" in caught.value.fix
    assert not runs.config.out.exists()


def test_a_cluster_that_is_not_there_is_refused(runs: Runs) -> None:
    with pytest.raises(ConfigError, match="--ray-address 127.0.0.1:1 can't be used") as caught:
        runs.on_ray(ray_address="127.0.0.1:1")
    assert caught.value.cause == "Connection refused"
    assert caught.value.fix.startswith("see that Ray runs there")
    assert not runs.config.out.exists()


@pytest.mark.parametrize(
    "address", ["ray://head", "head", "head:", ":6379", "head:http", "head:99999"]
)
def test_an_address_without_a_port_is_refused(runs: Runs, address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        runs.on_ray(ray_address=address)
    assert caught.value.problem == f"--ray-address {address} can't be used"
    assert caught.value.cause == "it names no port"


def test_more_workers_than_fit_begin_with_those_that_do(runs: Runs) -> None:
    assert runs.on_ray(workers=9).exit_code == 0
    assert "--workers 9: 2 fit now, others join when Ray has room" in runs.notes


def test_a_node_that_is_lost_loses_nothing(runs: Runs, cluster: Any) -> None:
    runs.script(seconds=0.1)
    lost = max(cluster.list_all_nodes(), key=lambda node: not node.head)
    runs.meanwhile(lambda: cluster.remove_node(lost, allow_graceful=False))
    try:
        result = runs.on_ray()
    finally:
        cluster.add_node(**cluster.node)
    assert result.exit_code == 0
    runs.script()
    runs.here(out=runs.folder / "local")
    assert_equal(runs.config.out, runs.folder / "local")
    assert_whole(runs.config.out)
