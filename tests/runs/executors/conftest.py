"""A cluster of two nodes on this machine, and runs on it that can be compared."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.config import RunConfig
from igcli.common.progress import untracked
from igcli.runs.executors import local
from igcli.runs.result import RunResult
from tests.runs.executors.scripted import FEATURES, load

_OBJECT_STORE_BYTES = 80 * 2**20
_LIMIT = 120.0


def rays_below(pid: int) -> set[int]:
    """Return Ray's processes among those that one has started, and those that these have."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {one for one in found - {pid} if _is_rays(one)}


def _is_rays(pid: int) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return False
    return "/ray/" in line or "ray::" in line


def until(happened: Callable[[], Any], limit: float = _LIMIT) -> Any:
    """Wait until something has happened, and return what it gives."""
    end = time.monotonic() + limit
    while not (value := happened()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return value


@dataclass
class Runs:
    """Runs of one scripted model over one array, here and on a cluster."""

    config: RunConfig
    address: str
    notes: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def folder(self) -> Path:
        return self.config.model.parent

    @property
    def workers(self) -> list[int]:
        """The processes that have loaded the model."""
        return [int(path.name) for path in self.folder.glob("workers/*")]

    def script(self, **script: Any) -> None:
        (self.folder / "script.json").write_text(json.dumps(script))

    def here(self, **changes: Any) -> RunResult:
        with local.ready(replace(self.config, **changes), load, self.notes.append) as execute:
            return execute(untracked, self.notes.append, self.stop)

    def on_ray(self, **changes: Any) -> RunResult:
        from igcli.runs.executors.ray import executor as ray

        settings = {"executor": "ray", "ray_address": self.address, "cpus_per_worker": 1}
        config = replace(self.config, **{**settings, **changes})
        with ray.ready(config, load, self.notes.append) as execute:
            return execute(untracked, self.notes.append, self.stop)

    def meanwhile(self, act: Callable[[], None]) -> threading.Thread:
        """Do something once a part of the next run is stored."""

        def wait() -> None:
            until(lambda: list(self.config.out.glob("parts/part-*.h5")))
            act()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        return thread


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name leaves room for Ray's sockets."""
    folder = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """Two nodes of one core each."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")
    from igcli.runs.executors.ray.cluster import import_ray

    import_ray()
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    node = {"num_cpus": 1, "object_store_memory": _OBJECT_STORE_BYTES, "include_dashboard": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        started = Cluster(initialize_head=True, head_node_args=node)
        started.add_node(**node)
        started.node = node
        yield started
        started.shutdown()
    shutil.rmtree(folder, ignore_errors=True)
    until(lambda: not rays_below(os.getpid()), 30)


@pytest.fixture
def runs(cluster: Any, tmp_path: Path) -> Runs:
    """Forty inputs of six numbers, in ranges of five where two workers share them."""
    (tmp_path / "model.h5").touch()
    (tmp_path / "script.json").write_text("{}")
    x = np.random.default_rng(1).uniform(0.1, 1.0, (40, FEATURES)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    config = RunConfig(tmp_path / "model.h5", tmp_path / "x.npy", tmp_path / "out", batch_size=16)
    return Runs(config, cluster.address)
