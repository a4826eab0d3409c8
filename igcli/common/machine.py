"""The machine: cores and memory, a container's limits included, and package versions."""

import os
import resource
import sys
from pathlib import Path

_PACKAGES = ("tensorflow", "keras", "numpy", "h5py", "pillow")
_CGROUP = Path("/sys/fs/cgroup")
_own: list[int] = []


def use_only(cores: int) -> None:
    """Let this process be one of several on its machine: so many cores, and as much memory."""
    _own[:] = [cores]


def cpus(cgroup: Path = _CGROUP) -> int:
    """Return how many cores this process may keep busy."""
    return min([_all_cpus(cgroup), *_own])


def _all_cpus(cgroup: Path) -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if quota.isdecimal() and period.isdecimal() and int(period):
        return max(1, min(allowed or 1, int(quota) // int(period)))
    return allowed or 1


def total_memory(cgroup: Path = _CGROUP) -> int:
    """Return the bytes of memory that this process may use at most."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read(cgroup / "memory.max")
    every = min(machine, int(limit)) if limit.isdecimal() else machine
    return every * cpus(cgroup) // _all_cpus(cgroup)


def peak_memory() -> int:
    """Return the most bytes of memory that this process has had.

    Linux hands ru_maxrss on from the process that starts another, so its own mark is read there.
    """
    for line in _read(Path("/proc/self/status")).splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def versions() -> dict[str, str]:
    """Return the versions of what results depend on."""
    # Not needed for a --help, and slow to import.
    from importlib.metadata import version

    return {name: version(name) for name in _PACKAGES}


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
