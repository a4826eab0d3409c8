"""The architecture, read from the source: one direction of imports, a light --help, no strays."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from igcli.cli.main import COMMANDS

# Lowest first: a module may import its own package and what stands above it in this list.
LAYERS = [
    "igcli",
    "common",
    "attribution figures store",
    "comparison inputs models",
    "report runs",
    "evaluation reproduce",
    "cli",
    "__main__",
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}
TOP_LEVEL = {
    ".ci", ".gitignore", "LICENSE", "README.md", "configs", "igcli", "pyproject.toml",
    "sample_data", "tests",
}  # fmt: skip
# They define networks of the published examples.
MAY_IMPORT_TENSORFLOW = {"igcli.reproduce.networks", "igcli.reproduce.resnet"}
HEAVY = {"tensorflow", "keras", "PIL", "h5py"}


def package_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "igcli"


def imports(root: Path) -> Iterator[tuple[str, str]]:
    for path in (root / "igcli").rglob("*.py"):
        here = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((here, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{here}: relative import"
                yield here, node.module or ""


def test_imports_point_one_way(root: Path) -> None:
    for here, there in imports(root):
        if there.split(".")[0] == "igcli" and package_of(here) != package_of(there):
            assert RANK[package_of(there)] < RANK[package_of(here)], f"{here} imports {there}"


def test_only_models_import_tensorflow_or_keras(root: Path) -> None:
    for here, there in imports(root):
        if there.split(".")[0] in {"tensorflow", "keras"}:
            assert package_of(here) == "models" or here in MAY_IMPORT_TENSORFLOW, here


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
