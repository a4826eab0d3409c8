"""Cores and memory, with and without a container's limits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from igcli.common.machine import cpus, peak_memory, total_memory, use_only


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("limit", "want"),
    [
        ("200000 100000\n", 2),
        ("250000 100000\n", 2),
        ("50000 100000\n", 1),
        ("6400000 100000\n", 8),
        ("max 100000\n", 8),
        ("200000 0\n", 8),
        ("\n", 8),
        (None, 8),
    ],
)
def test_cores_are_what_the_quota_allows(tmp_path: Path, limit: str | None, want: int) -> None:
    if limit is not None:
        (tmp_path / "cpu.max").write_text(limit)
    assert cpus(tmp_path) == want


def test_cores_are_counted_where_nothing_tells_which_are_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cpus(tmp_path) == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cpus(tmp_path) == 1


@pytest.mark.parametrize(
    ("limit", "want"),
    [
        ("1048576\n", 2**20),
        ("1099511627776\n", 4096 * 1000),
        ("max\n", 4096 * 1000),
        (None, 4096 * 1000),
    ],
)
def test_memory_is_the_machines_or_the_limit_below_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str | None, want: int
) -> None:
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}
    monkeypatch.setattr(os, "sysconf", lambda name: sizes[name])
    if limit is not None:
        (tmp_path / "memory.max").write_text(limit)
    assert total_memory(tmp_path) == want


@pytest.mark.slow
def test_the_peak_is_this_processes_own() -> None:
    code = "from igcli.common.machine import peak_memory\nprint(peak_memory())"
    before = peak_memory()
    held = b"1" * max(2**28, before)
    assert peak_memory() >= len(held)
    small = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert 2**20 < int(small.stdout) < 2**27


def test_one_of_several_processes_has_its_cores_and_its_share_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("igcli.common.machine._own", [])
    monkeypatch.setattr("igcli.common.machine._all_cpus", lambda cgroup: 8)
    whole = total_memory()
    use_only(2)
    assert cpus() == 2 and total_memory() == whole // 4
    use_only(16)
    assert cpus() == 8 and total_memory() == whole
