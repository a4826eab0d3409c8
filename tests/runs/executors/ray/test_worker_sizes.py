"""How many workers fit, and what each of them gets."""

from pathlib import Path
from typing import Any

import pytest

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.runs.executors.ray.worker_sizes import Node, Size, size_of

LAPTOP = [Node("laptop", 2, 0)]
SERVER = [Node("server", 64, 8)]
CLUSTER = [Node("head", 4, 0), Node("a", 32, 4), Node("b", 16, 4)]


def config(**changes: Any) -> RunConfig:
    return RunConfig(Path("m"), Path("i"), Path("o"), executor="ray", **changes)


@pytest.mark.parametrize(
    ("changes", "nodes", "size"),
    [
        ({}, LAPTOP, Size(1, 1, 2, 0.0)),
        ({"cpus_per_worker": 1}, LAPTOP, Size(2, 2, 1, 0.0)),
        ({"cpus_per_worker": 1, "workers": 1}, LAPTOP, Size(1, 2, 1, 0.0)),
        ({}, [Node("big", 64, 0)], Size(16, 16, 4, 0.0)),
        ({}, SERVER, Size(8, 8, 8, 1.0)),
        ({"gpus_per_worker": 0.5}, SERVER, Size(16, 16, 4, 0.5)),
        ({"gpus_per_worker": 2}, SERVER, Size(4, 4, 16, 2)),
        ({"device": "cpu"}, SERVER, Size(16, 16, 4, 0.0)),
        ({"gpus_per_worker": 0}, SERVER, Size(16, 16, 4, 0)),
        ({}, CLUSTER, Size(8, 8, 4, 1.0)),
        ({"workers": 20}, CLUSTER, Size(20, 8, 4, 1.0)),
        ({"cpus_per_worker": 16}, CLUSTER, Size(3, 3, 16, 1.0)),
    ],
)
def test_size(changes: dict[str, Any], nodes: list[Node], size: Size) -> None:
    assert size_of(config(**changes), nodes) == size


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cpus_per_worker": 3}, "no worker of 3 cores and 0 GPUs fits.*laptop: 2 cores, 0 GPUs"),
        ({"device": "gpu"}, "no worker of 2 cores and 1 GPUs fits"),
        ({"device": "gpu:1"}, "--device gpu:1 can't be used with --executor ray"),
        ({"device": "cpu", "gpus_per_worker": 1.0}, "--gpus-per-worker 1 can't.*--device cpu"),
        ({"device": "gpu", "gpus_per_worker": 0.0}, "--gpus-per-worker 0 can't.*--device gpu"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        size_of(config(**changes), LAPTOP)
    assert caught.value.fix
