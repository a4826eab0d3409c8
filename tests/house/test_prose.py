"""The prose of the house: a module's first line is a noun phrase that has the file's name in it."""

import ast
from pathlib import Path

# As much of a word as its other forms share: precision and precise, quadrature and quadratures.
STEM = 4


def first_line(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text, f"{path} has no docstring"
    return text.splitlines()[0]


def test_the_first_line_has_the_files_name(root: Path) -> None:
    unnamed = []
    for path in (root / "igcli").rglob("*.py"):
        words = path.stem.strip("_").lower().split("_")
        line = first_line(path).lower().replace(".", " ")
        if path.stem not in {"__init__", "__main__"} and not all(w[:STEM] in line for w in words):
            unnamed.append(f"{path.relative_to(root)}: {first_line(path)}")
    assert unnamed == []
