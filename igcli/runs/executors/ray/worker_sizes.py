"""The worker sizes of a run: how many workers a cluster holds, with how many cores and GPUs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError

# More cores than these are kept busy by several processes better than by one.
_MOST_CORES = 4


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of a cluster: its name, and how many cores and GPUs Ray hands out there."""

    host: str
    cpus: float
    gpus: float


@dataclass(frozen=True, slots=True)
class Size:
    """How many workers a run has, and what each of them gets.

    Attributes
    ----------
    workers : int
        How many there are to be.
    fitting : int
        How many of them fit now.
    cpus : int
        Cores of each.
    gpus : float
        GPUs of each.
    """

    workers: int
    fitting: int
    cpus: int
    gpus: float


def size_of(config: RunConfig, nodes: Sequence[Node]) -> Size:
    """Return the number and size of a run's workers.

    Raises
    ------
    ConfigError
        When no worker fits on any node, or the options contradict each other.
    """
    _check_device(config)
    gpus = _gpus(config, nodes)
    able = [node for node in nodes if node.gpus >= gpus] or list(nodes)
    cpus = config.cpus_per_worker or _cpus(able, gpus)
    fitting = sum(_room(node, cpus, gpus) for node in nodes)
    if not fitting:
        most = ", ".join(f"{n.host}: {n.cpus:g} cores, {n.gpus:g} GPUs" for n in nodes[:3])
        raise ConfigError(
            f"no worker of {cpus} cores and {gpus:g} GPUs fits on any node",
            f"there are {most or 'no nodes'}",
            "set --cpus-per-worker and --gpus-per-worker to what a node has",
        )
    return Size(config.workers or fitting, fitting, cpus, gpus)


def _check_device(config: RunConfig) -> None:
    if config.device.startswith("gpu:"):
        raise ConfigError(
            f"--device {config.device} can't be used with --executor ray",
            "Ray gives every worker its GPUs",
            "use --device gpu, and CUDA_VISIBLE_DEVICES where Ray is started",
        )
    if config.device == "cpu" and config.gpus_per_worker:
        raise ConfigError(
            f"--gpus-per-worker {config.gpus_per_worker:g} can't be used with --device cpu",
            fix="leave one of them out",
        )
    if config.device == "gpu" and config.gpus_per_worker == 0:
        raise ConfigError(
            "--gpus-per-worker 0 can't be used with --device gpu", fix="leave one of them out"
        )


def _gpus(config: RunConfig, nodes: Sequence[Node]) -> float:
    if config.gpus_per_worker is not None:
        return config.gpus_per_worker
    if config.device == "cpu":
        return 0.0
    return 1.0 if config.device == "gpu" or any(node.gpus >= 1 for node in nodes) else 0.0


def _cpus(nodes: Sequence[Node], gpus: float) -> int:
    """Return the cores of a worker: its share of a GPU node, else a few."""
    if gpus:
        return max(1, min(int(node.cpus * gpus / max(node.gpus, gpus)) for node in nodes))
    return max(1, min(_MOST_CORES, *(int(node.cpus) for node in nodes)))


def _room(node: Node, cpus: int, gpus: float) -> int:
    by_gpus = math.floor(node.gpus / gpus + 1e-9) if gpus else math.inf
    return int(min(node.cpus // cpus, by_gpus))
