"""The Ray cluster of a run: started or joined, quietly, and left without a trace."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.common.errors import ConfigError, first_line, reason
from igcli.common.machine import cpus
from igcli.models.runtime import quiet_stderr
from igcli.runs.executors.ray.heartbeat import Place, Watch
from igcli.runs.executors.ray.temporary_folder import own_folder
from igcli.runs.executors.ray.worker_sizes import Node

LOCAL = "local"
_OBJECT_STORE_BYTES = 80 * 2**20
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # A call after a connection was lost would start a Ray of this machine.
    "RAY_ENABLE_AUTO_CONNECT": "0",
}
# As `igcli.cli.main` has it; read when numpy is first imported.
_OF_WORKERS = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_CONNECT_SECONDS = 10.0
# A resource that tells others whose this Ray is.
_OWN = "igcli-own"
# Seconds without the head after which Ray ends a process; the head of a cluster may come back.
_PATIENCE = "RAY_gcs_rpc_server_reconnect_timeout_s"
_USUAL_PATIENCE = 60.0
_OWN_PATIENCE = 10.0
_LONGER = 120.0
_FIX = "see that Ray runs there, or leave it out for a Ray of this machine's own"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Ray that was started or joined.

    Attributes
    ----------
    nodes : list of Node
        Those that are alive.
    watch : Watch
        Tells whether it is still there.
    own : bool
        Whether it is of this run alone, and of this machine.
    """

    nodes: list[Node]
    watch: Watch
    own: bool


def import_ray() -> Any:
    """Return the ray module; raise ConfigError where it can't be imported."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise ConfigError(
            "--executor ray can't be used",
            f"Ray can't be imported: {error}",
            "install it: pip install 'igcli[ray]'",
        ) from error
    return ray


@contextmanager
def connected(address: str | None) -> Iterator[Cluster]:
    """Start a Ray of this machine, or join one that runs.

    Raises
    ------
    ConfigError
        When Ray is not installed, can't be started, or is not to be found at `address`.
    """
    own = address in {None, LOCAL}
    patience = _OWN_PATIENCE if own else float(os.environ.get(_PATIENCE, _USUAL_PATIENCE))
    ray = import_ray()
    # Ray prints on it what it hears of workers that die.
    with (
        own_folder() if own else nullcontext() as folder,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
    ):
        try:
            # Read by Ray as it starts: it is not to end this process before the watch speaks.
            longer = _set(_PATIENCE, str(int(patience + _LONGER)))
            with _signals_kept(), quiet_stderr(), longer:
                _open(ray, str(address), folder)
            with Watch(_places(ray, str(address), patience)) as watch:
                yield Cluster(nodes_of(ray), watch, own)
        finally:
            # Where Ray is lost, there is nothing to leave.
            with quiet_stderr(), suppress(Exception):
                ray.shutdown()


def nodes_of(ray: Any) -> list[Node]:
    """Return the nodes that are alive."""
    return [
        Node(node["NodeManagerHostname"], there.get("CPU", 0.0), there.get("GPU", 0.0))
        for node in ray.nodes()
        if node["Alive"]
        for there in [node["Resources"]]
    ]


def _places(ray: Any, address: str, patience: float) -> list[Place]:
    """Return what must be there: the head, and what joins this process to it."""
    context = ray.get_runtime_context()
    at = address if "://" in address else context.gcs_address
    head = Place(f"the head of the Ray cluster at {at}", *_host_and_port(at), patience)
    if "://" in address:
        return [head]
    (node,) = (node for node in ray.nodes() if node["NodeID"] == context.get_node_id())
    here = node["NodeManagerAddress"], node["NodeManagerPort"]
    # It never comes back.
    return [head, Place("this machine's part of the Ray cluster", *here, _OWN_PATIENCE)]


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise ConfigError(
            f"--ray-address {address} can't be used",
            "it names no port",
            "say auto, HOST:PORT or ray://HOST:PORT, or leave it out",
        )
    return host.strip("[]"), int(port)


def _knock(address: str) -> None:
    """Raise ConfigError where nothing listens: Ray itself would try for minutes."""
    try:
        socket.create_connection(_host_and_port(address), _CONNECT_SECONDS).close()
    except OSError as error:
        raise ConfigError(f"--ray-address {address} can't be used", reason(error), _FIX) from error


def _open(ray: Any, address: str, folder: Path | None) -> None:
    """Start a Ray whose files go into a folder; join one where there is none."""
    try:
        _join(ray, address) if folder is None else _start(ray, folder)
    except ConfigError:
        raise
    except Exception as error:
        raise _refusal(address, folder is not None, error) from error


@contextmanager
def _set(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment while the context lasts."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _start(ray: Any, folder: Path) -> None:
    ray.init(
        address=LOCAL,
        num_cpus=cpus(),
        resources={_OWN: 1},
        object_store_memory=_OBJECT_STORE_BYTES,
        include_dashboard=False,
        _temp_dir=str(folder),
        **_quietly(),
    )


def _join(ray: Any, address: str) -> None:
    if address != "auto":
        _knock(address)
    ray.init(address=address, **_quietly())
    if any(_OWN in node["Resources"] for node in ray.nodes()):
        raise ConfigError(
            f"--ray-address {address} can't be used",
            "another igcli has started the Ray that is found there, and will stop it",
            "name another's HOST:PORT, or leave it out for a Ray of this run's own",
        )


def _quietly() -> dict[str, Any]:
    return {
        "log_to_driver": False,
        "logging_level": "ERROR",
        "runtime_env": {"env_vars": _OF_WORKERS},
    }


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Undo what Ray does to signal handlers; what it starts ignores the terminal's end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refusal(address: str, own: bool, error: Exception) -> ConfigError:
    # What follows the first sentence speaks of Ray's own flags.
    cause = first_line(error).split(". ")[0]
    if own:
        return ConfigError("--executor ray: no local Ray can be started", cause, "see the cause")
    fix = _FIX
    if address != "auto" and os.environ.get("RAY_AUTH_MODE") != "token":
        # For an address that is given, Ray uses its token only then; and says nothing of it.
        fix = f"set RAY_AUTH_MODE=token if that Ray asks for a token (ray start does); {fix}"
    return ConfigError(f"--ray-address {address} can't be used", cause, fix)
