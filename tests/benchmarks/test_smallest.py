"""Every benchmark's smallest case runs, and prints numbers: what is measured stays measurable."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SMALLEST = {
    "agreement": "",
    "accuracy": "--digits 2 --photos 1 --methods 0.1",
    "cold": "--photos 0 --digits 2 --rounds 1 --tools igcli",
    "compare_speed": "--images 40 --side 8",
    "drift": "--only batches\\ of\\ 64 --sets 1",
    "drift_gate": "--sets digits --seeds 3 --marks 0 --only early",
    "flatness": "--images 10 --steps 4 --images-steps 4 --digits 2",
    "fuzz_scan": "--minutes 0.02",
    "findings_speed": "--densities 70 --photos 20",
    "long_run": "--count 2000",
    "peers": "--only mnist --tools igcli --rounds 1 --digits 2",
    "rows": "--only mnist --turns 1",
    "scaling": "--images 2000",
    "shortcuts": "--sets 1 --shares 0.2",
    "xrai": "--photos 1 --no-peer",
    "scaling --measure": "--count 64 --rounds 1 --parts 4",
}
NEED_DATA = {
    "accuracy",
    "agreement",
    "cold",
    "drift",
    "drift_gate",
    "flatness",
    "long_run",
    "peers",
    "rows",
    "xrai",
}


def test_every_benchmark_has_a_smallest_case(root: Path) -> None:
    runnable = {
        path.stem
        for path in (root / "tests" / "benchmarks").glob("*.py")
        if "python -m tests.benchmarks." in path.read_text() and path.stem != Path(__file__).stem
    }
    assert {name.split()[0] for name in SMALLEST} == runnable - {"peer_cases"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLEST)
def test_its_smallest_case_prints_numbers(
    name: str, root: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if name in NEED_DATA:
        request.getfixturevalue("shared_data")
        request.getfixturevalue("oracle")
    if "--measure" in name:
        pytest.importorskip("ray")
    options = SMALLEST[name].replace("\\ ", "\0").split()
    command = [*name.split(), *(option.replace("\0", " ") for option in options)]
    if name == "peers":
        command += ["--cache", str(tmp_path / "cache")]
    if name == "fuzz_scan":
        command += ["--keep", str(tmp_path / "failures")]
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{command[0]}", *command[1:]],
        cwd=root,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d", done.stdout)
    if name == "peers":
        # Its table says why a tool has no numbers.
        assert "can't be" not in done.stdout and "failed" not in done.stdout
