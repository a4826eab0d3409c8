"""Ray started or joined, quietly, and left without a trace."""

import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from igcli.errors import ConfigError
from igcli.executors.sizes import Node
from igcli.machine import cpus
from igcli.models.runtime import quiet_stderr

LOCAL = "local"
_OBJECT_STORE_BYTES = 80 * 2**20
_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
# As `igcli.cli.main` has it; read when numpy is first imported.
_OF_WORKERS = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_LONGEST_SOCKET_FOLDER = 40
_CONNECT_SECONDS = 10.0


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
def connected(address: str | None) -> Iterator[list[Node]]:
    """Start a Ray of this machine, or join one that runs; yield its nodes.

    Raises
    ------
    ConfigError
        When Ray is not installed, can't be started, or is not to be found at `address`.
    """
    ray = import_ray()
    # Ray prints on it what it hears of workers that die.
    with (
        _temporary_folder() as folder,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
    ):
        try:
            with _signals_kept(), quiet_stderr():
                _open(ray, address, folder)
            yield nodes_of(ray)
        finally:
            with quiet_stderr():
                ray.shutdown()


def nodes_of(ray: Any) -> list[Node]:
    """Return the nodes that are alive."""
    return [
        Node(node["NodeManagerHostname"], found.get("CPU", 0.0), found.get("GPU", 0.0))
        for node in ray.nodes()
        if node["Alive"]
        for found in [node["Resources"]]
    ]


def _open(ray: Any, address: str | None, folder: Path) -> None:
    own = address in {None, LOCAL}
    try:
        _start(ray, folder) if own else _join(ray, str(address))
    except Exception as error:
        raise _refusal(address, own, error) from error


def _start(ray: Any, folder: Path) -> None:
    ray.init(
        address=LOCAL,
        num_cpus=cpus(),
        object_store_memory=_OBJECT_STORE_BYTES,
        include_dashboard=False,
        _temp_dir=str(folder),
        **_quietly(),
    )


def _join(ray: Any, address: str) -> None:
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        # Ray itself would try for minutes.
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    ray.init(address=address, **_quietly())


def _quietly() -> dict[str, Any]:
    return {
        "log_to_driver": False,
        "logging_level": "ERROR",
        "runtime_env": {"env_vars": _OF_WORKERS},
    }


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Make a folder whose name leaves room for Ray's sockets in it: 107 bytes in all."""
    parent = tempfile.gettempdir()
    if len(parent) > _LONGEST_SOCKET_FOLDER:
        parent = "/tmp"
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


def _refusal(address: str | None, own: bool, error: Exception) -> ConfigError:
    cause = str(error).strip().split("\n")[0] or type(error).__name__
    if own:
        return ConfigError("--executor ray: no local Ray can be started", cause, "see the cause")
    return ConfigError(
        f"--ray-address {address} can't be used",
        cause,
        "see that Ray runs there, and set RAY_AUTH_MODE=token where it asks for a token; or leave "
        "it out for a Ray of this machine's own",
    )
