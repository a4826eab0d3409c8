"""Whatever kills a run, stops it or fails in it: every input ends exactly once in the results."""

import csv
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import OutputError, RunStopped
from igcli.common.progress import untracked
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.runs.result import RunResult
from igcli.runs.shards.merge import merge
from igcli.store.layout import LOCK
from igcli.store.run_json import read_about
from igcli.store.sources import read_entries
from tests.fakes import Power

T = TypeVar("T")
Content: TypeAlias = tuple[list[dict[str, str]], bytes]
FEATURES = 3
# A few seconds' worth; CI asks for more.
EXAMPLES = int(os.environ.get("IGCLI_TEST_EXAMPLES", "5"))
WRITES = {
    "igcli.store.writer": ("write_part", "remove_joined"),
    "igcli.store.folder": ("write_about", "remove_run", "remove_joined", "remove_debris",
                           "remove_parts", "write_manifest", "append_entry", "write_csv",
                           "write_view", "give_name", "link_or_copy"),
    "igcli.store.packed": ("write_seal",),
}  # fmt: skip
# Those within the ones above.
FINE = {
    "igcli.store.view": ("write_whole",),
    "igcli.store.packed.Frame": ("copy_to", "fill"),
    "igcli.store.outdir.Path": ("unlink", "rmdir"),
}  # fmt: skip


class InCompany(Power):
    """Its last digits depend on what shares a batch, as real ones' do."""

    def scores(self, x: Array) -> Array:
        scores: Array = super().scores(x) * (1.0 + 1e-6 * x.mean())
        return scores

    def _row_gradients(self, rows: PathRows) -> RowValues:
        values = super()._row_gradients(rows)
        company = 1.0 + 1e-6 * float(rows.alpha.mean() * rows.x.mean())
        return RowValues(values.gradients * company, values.scores, values.norms)


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


class Disk:
    """Counts what is written, and kills before or after the write that it is set to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, is_fine: bool = False) -> None:
        self.left: float = 0
        for where, names in (WRITES | FINE if is_fine else WRITES).items():
            for name in names:
                real = getattr(resolve_name(where), name)
                monkeypatch.setattr(f"{where}.{name}", self._counted(real))

    def kill_at(self, write: float) -> None:
        self.left = write

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            if getattr(arguments[0], "name", "") == LOCK:
                # It ends with the process; here it would stay.
                return real(*arguments, **named)
            self._count()
            result = real(*arguments, **named)
            self._count()
            return result

        return counted

    def _count(self) -> None:
        self.left -= 0.5
        if self.left == 0:
            raise Killed


def stopping(after: int, stop: threading.Event) -> Any:
    """Show progress by setting `stop` once so many explanations are there."""

    def track(items: Iterable[T], total: int, done: int = 0, unit: str = "") -> Iterator[T]:
        for i, item in enumerate(items):
            yield item
            if i + 1 == after:
                stop.set()

    return track


def explain(config: RunConfig, after: int = 0) -> RunResult:
    model = InCompany((FEATURES,), 2, power=3)
    plan = make_plan(config, lambda *arguments: model, lambda message: None)
    stop = threading.Event()
    return run_plan(plan, stopping(after, stop), stop=stop)


def content(out: Path) -> Content:
    with (out / "results.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    with h5py.File(out / "attributions.h5") as file:
        return table, file["attributions"][()].tobytes()


def killed(disk: Disk, write: float, work: Callable[[], object], out: Path) -> bool:
    """Tell whether the write was reached; what is left must not look better than it is."""
    disk.kill_at(write)
    try:
        work()
    except Killed:
        if (out / "attributions.h5").exists():
            with h5py.File(out / "attributions.h5") as file:
                there = ~np.isnan(file["attributions"][()]).any(axis=1)
                assert there.tolist() == [status == "ok" for status in file["status"].asstr()[()]]
        return True
    finally:
        disk.kill_at(0)
    return False


def files(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def stored_rows(out: Path) -> int:
    """Return how many rows a resumed run finds whole, and keeps."""
    entries = read_entries(out, str(read_about(out).get("run")))
    return sum(entry.rows for entry in entries if entry.final and entry.is_whole(out))


def cut_for_good(config: RunConfig, block: int, rows: int) -> bool:
    """Tell whether a block of so many rows was stored in more than one part."""
    about = json.loads((config.out / "run.json").read_text())
    entries = read_entries(config.out, about["run"])
    return any(e.start % block or e.rows != min(block, rows - e.start) for e in entries)


def assert_close(found: Content, wanted: Content) -> None:
    """The same explanations, up to what depends on the company in a batch."""
    for column in ("id", "status", "target"):
        assert [row[column] for row in found[0]] == [row[column] for row in wanted[0]]
    np.testing.assert_allclose(
        np.frombuffer(found[1], np.float32), np.frombuffer(wanted[1], np.float32), rtol=1e-3
    )


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 12))
    return {
        "failing": draw(st.sets(st.integers(0, count - 1))),
        "count": count,
        "batch": draw(st.integers(1, 30)),
        "block": draw(st.integers(1, 6)),
        "method": draw(st.sampled_from(["riemann_middle", "adaptive"])),
        "top": draw(st.sampled_from(["predicted", "top:2"])),
        "shards": draw(st.integers(1, 4)),
        "kills": draw(st.lists(st.integers(1, 60), max_size=4)),
        "stops": draw(st.lists(st.integers(1, 12), max_size=2)),
    }


def configured(case: dict[str, Any], folder: Path) -> RunConfig:
    random = np.random.default_rng(case["count"])
    xs = random.uniform(0.2, 1.0, (case["count"], FEATURES)).astype(np.float32)
    xs[sorted(case["failing"])] = np.nan
    np.save(folder / "x.npy", xs)
    return RunConfig(
        Path(__file__),
        folder / "x.npy",
        folder / "out",
        method=case["method"],
        target=case["top"],
        baseline=("constant:0.1",),
        batch_size=case["batch"],
    )


def carry_through(disk: Disk, config: RunConfig, case: dict[str, Any]) -> RunResult:
    """Run with every kill and stop of a case, resuming after each."""
    for kill in case["kills"]:
        killed(disk, kill, lambda: explain(replace(config, resume=True)), config.out)
    for stop in case["stops"]:
        # Where everything is done but the joining, the check of what is kept is stopped.
        with suppress(RunStopped):
            explain(replace(config, resume=True), after=stop)
    return explain(replace(config, resume=True))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(case=cases())
def test_every_input_ends_exactly_once(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]
) -> None:
    monkeypatch.setattr("igcli.runs.planning.calibration.block_size", lambda *_: case["block"])
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    config = configured(case, folder)
    disk.kill_at(0)
    explain(replace(config, out=folder / "reference"))
    reference = content(folder / "reference")
    per_input = 2 if case["top"] == "top:2" else 1
    table = reference[0]
    assert len({row["id"] for row in table}) == len(table) == case["count"] * per_input
    failed = [i for i, row in enumerate(table[::per_input]) if row["status"] == "failed"]
    assert failed == sorted(case["failing"])

    result = carry_through(disk, config, case)
    assert result.complete and result.exit_code == (3 if case["failing"] else 0)
    if cut_for_good(config, case["block"] * per_input, len(table)):
        # Only a resumed run that is stopped before it has finished a block gives up equal bits.
        assert case["stops"] and (case["kills"] or len(case["stops"]) > 1)
        assert_close(content(config.out), reference)
    else:
        assert content(config.out) == reference
        assert files(config.out) == files(folder / "reference")

    shards = []
    for i in range(1, case["shards"] + 1):
        shards.append(folder / f"shard-{i}")
        shard = replace(config, out=shards[-1], shard=(i, case["shards"]))
        carry_through(disk, shard, case if i == 1 else {"kills": [], "stops": []})
    out = folder / "merged"
    for kill in case["kills"]:
        killed(disk, kill, lambda: merge(out, shards, True, untracked), out)
    merge(out, shards[::-1], True, untracked)
    for shard_out in shards:
        shutil.rmtree(shard_out)
    assert_close(content(out), reference)
    shutil.rmtree(folder)


class Beginning:
    """What is there before the run that is killed, and how that run is asked for."""

    def __init__(self, kind: str, folder: Path) -> None:
        case = {"count": 4, "batch": 1, "method": "riemann_left", "top": "predicted"}
        config = configured({**case, "failing": set()}, folder)
        self._mended = config.inputs.read_bytes()
        config = configured({**case, "failing": {1}}, folder)
        self._failing = config.inputs.read_bytes()
        self._kind, self._config = kind, config
        goes_on = kind in {"its beginning", "it, with an input mended since"}
        self.config = replace(config, overwrite=not goes_on, resume=goes_on)

    def make(self) -> None:
        """Write what is there, and the inputs."""
        self._config.inputs.write_bytes(self._failing)
        if self._kind == "its beginning":
            explain(self._config, after=3)
        elif self._kind == "another run":
            explain(replace(self._config, steps=7))
        elif self._kind == "it, with an input mended since":
            explain(self._config)
            self._config.inputs.write_bytes(self._mended)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "is_fine"),
    [
        ("nothing", False),
        *(
            pytest.param(first, True, marks=pytest.mark.slow)
            for first in ("another run", "it, with an input mended since")
        ),
    ],
)  # fmt: skip
def test_a_kill_at_each_single_write_is_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, is_fine: bool
) -> None:
    disk = Disk(monkeypatch, is_fine)
    monkeypatch.setattr("igcli.runs.planning.calibration.block_size", lambda *_: 2)
    beginning = Beginning(first, tmp_path)
    config = beginning.config
    beginning.make()
    explain(replace(config, out=tmp_path / "reference"))
    if config.out.exists():
        shutil.rmtree(config.out)
    write, kills = 0.5, 0
    while True:
        beginning.make()
        before = stored_rows(config.out)
        if not killed(disk, write, lambda: explain(config), config.out):
            break
        assert first == "another run" or stored_rows(config.out) >= before
        kills += 1
        try:
            result = explain(replace(config, overwrite=False, resume=True))
        except OutputError:
            # So early that the other run is still there.
            assert first == "another run" and write <= 1.0
            result = explain(config)
        assert result.complete
        assert content(config.out) == content(tmp_path / "reference")
        assert files(config.out) == files(tmp_path / "reference")
        shutil.rmtree(config.out)
        # Before and after each; finely, the next one's "before" is as good as "after". Where more
        # lies there, every third time.
        write += 0.5 if not is_fine else 1.0 if first == "nothing" else 2.5
    assert kills >= (12 if not is_fine else 60 if first == "nothing" else 24)
