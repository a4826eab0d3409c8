"""The architecture, read from the source: one direction of imports, a light --help, no strays."""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from igcli.cli.main import COMMANDS

# Lowest first: a package may import what stands above it here, and its own modules. Packages on one
# floor do not know each other.
FLOORS = """
common
attribution store figures
inputs models comparison
findings
runs report
evaluation reproduce
cli
__main__
"""
FLOOR = {name: i for i, line in enumerate(FLOORS.split("\n")) for name in line.split()}
# What works from a run directory alone.
APART = {
    "report": {"runs", "models", "attribution"},
    "comparison": {"runs", "models", "attribution"},
    "findings": {"runs", "models", "attribution", "inputs"},
}
MAY_IMPORT_TENSORFLOW = ("igcli.models.", "igcli.reproduce.networks", "igcli.reproduce.resnet")
MOST_LINES = 300
MOST_ENTRIES = 15
TOP_LEVEL = {
    ".ci", ".gitignore", "LICENSE", "README.md", "configs", "igcli", "pyproject.toml",
    "sample_data", "tests",
}  # fmt: skip
HEAVY = {"tensorflow", "keras", "PIL", "h5py"}


def package_of(module: str) -> str:
    """Return the package of a module: what stands at the top of igcli."""
    return module.split(".")[1] if "." in module else ""


def imports(root: Path) -> Iterator[tuple[str, str]]:
    """Yield every import in igcli as (module, what it imports)."""
    for path in (root / "igcli").rglob("*.py"):
        here = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((here, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{here}: relative import"
                # `from igcli import cli` imports a package, `from igcli import __version__` none.
                names = [f".{a.name}" for a in node.names] if node.module == "igcli" else [""]
                yield from ((here, f"{node.module}{name}") for name in names)


def test_imports_point_one_way(root: Path) -> None:
    for here, there in imports(root):
        mine, theirs = package_of(here), package_of(there)
        if there.split(".")[0] == "igcli" and mine != theirs and theirs in FLOOR:
            assert FLOOR[theirs] < FLOOR[mine], f"{here} imports {there}"
            assert theirs not in APART.get(mine, ()), f"{here} imports {there}"


def test_every_package_has_a_floor(root: Path) -> None:
    entries = {path.name for path in (root / "igcli").iterdir() if path.name != "__pycache__"}
    packages = {name for name in FLOOR if name != "__main__"}
    beside = {"__init__.py", "__main__.py", "py.typed", "configs", "docs"}
    assert packages <= entries <= packages | beside
    assert len(entries - {"__init__.py", "__main__.py", "py.typed"}) <= MOST_ENTRIES


def test_only_models_and_the_examples_networks_import_tensorflow(root: Path) -> None:
    for here, there in imports(root):
        if there.split(".")[0] in {"tensorflow", "keras"}:
            assert f"{here}.".startswith(MAY_IMPORT_TENSORFLOW), f"{here} imports {there}"


def test_no_module_is_long(root: Path) -> None:
    for path in (root / "igcli").rglob("*.py"):
        assert len(path.read_text().splitlines()) <= MOST_LINES, path


def test_no_package_has_two_files_of_one_name(root: Path) -> None:
    for package in (path for path in (root / "igcli").iterdir() if path.is_dir()):
        names = Counter(p.name for p in package.rglob("*.py") if p.name != "__init__.py")
        assert [name for name, count in names.items() if count > 1] == [], package


def test_top_level_holds_nothing_else(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {line.split("/")[0] for line in listed.stdout.splitlines()} <= TOP_LEVEL


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_is_light(command: list[str]) -> None:
    code = (
        "import sys\nfrom igcli.cli.main import cli\n"
        f"cli({[*command, '--help']!r}, standalone_mode=False)\n"
        "print('MODULES', *sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in run.stdout.split("MODULES")[1].split()}
    assert not HEAVY & loaded
    assert "Usage:" in run.stdout


def test_help_answers_in_under_three_tenths_of_a_second() -> None:
    """Counted in processor time, which what runs beside it disturbs less."""
    seconds = []
    for _ in range(5):
        before = os.times()
        subprocess.run(
            [sys.executable, "-m", "igcli", "run", "--help"], capture_output=True, check=True
        )
        after = os.times()
        user = after.children_user - before.children_user
        seconds.append(user + after.children_system - before.children_system)
    assert min(seconds) < 0.3


def test_nothing_depends_on_the_wall_clock(root: Path) -> None:
    """It may jump; only the lock tells it, to people."""
    for path in (root / "igcli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Import) and node.names[0].name == "datetime"), path
            assert not (isinstance(node, ast.ImportFrom) and node.module == "datetime"), path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called = f"{node.value.id}.{node.attr}"
                allowed = {"time.monotonic", "time.perf_counter"}
                if path.name == "lock.py":
                    allowed.add("time.strftime")
                assert node.value.id != "time" or called in allowed, f"{path}: {called}"
