"""What an installed igcli has that a checkout has: the presets of configs/, and the pages."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_wheel_has_presets_and_pages_and_finds_them(root: Path, tmp_path: Path) -> None:
    """Built from a copy, since a build leaves files behind; pip fetches what builds it."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, copy)
    for name in ("igcli", "configs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / name, copy / name, symlinks=True, ignore=ignored)
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--quiet", "-w"]
    subprocess.run([*command, str(tmp_path)], cwd=copy, check=True)
    (wheel,) = tmp_path.glob("igcli-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import sys, igcli\n"
        "from igcli.reproduce.presets import preset_path\n"
        "print(preset_path(sys.argv[1]).read_text(), end='')\n"
        "assert igcli.__file__.startswith(sys.argv[2])\n"
    )
    for config in sorted((root / "configs").glob("*.toml")):
        said = subprocess.run(
            [sys.executable, "-c", code, config.stem, str(tmp_path / "site")],
            cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout == config.read_text()
    for page in sorted((root / "igcli" / "docs").glob("*.md")):
        said = subprocess.run(
            [sys.executable, "-m", "igcli", "help", page.stem],
            cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout == page.read_text("utf-8")
