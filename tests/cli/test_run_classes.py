"""Class names and targets through the whole command: what is explained is what was meant."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Igcli = Any
FAST = ("--method", "riemann_left", "--steps", "1", "--no-overlays", "--overwrite")


def table(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def classes(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes as Keras reads them, the second without a picture."""
    folder = tmp_path_factory.mktemp("classes")
    for name, number in (("cat", "0"), ("dog", ""), ("owl", "2")):
        (folder / name).mkdir()
        for path in sorted((photos / number).glob("*.png")) if number else ():
            (folder / name / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.slow
def test_sub_folders_are_the_classes_in_alphabetical_order(
    igcli: Igcli, small_model: Path, classes: Path, tmp_path: Path
) -> None:
    flags = ("--labels", "folders", "--target", "folder", *FAST)
    result = igcli("run", small_model, classes, "-o", tmp_path / "out", *flags)
    assert result.exit_code == 0, result.output
    rows = table(tmp_path / "out")
    assert [(row["target"], row["target_name"]) for row in rows] == [("0", "cat")] * 3 + [
        ("2", "owl")
    ] * 3
    (classes / "emu").mkdir()
    refused = igcli("run", small_model, classes, "-o", tmp_path / "out", *flags)
    (classes / "emu").rmdir()
    assert refused.exit_code == 2
    assert "4 sub-folders, cat, dog, emu, owl: the model has 3 classes" in refused.stderr


@pytest.mark.slow
def test_a_csv_of_files_and_names_with_class_indices(
    igcli: Igcli, small_model: Path, classes: Path, tmp_path: Path
) -> None:
    (tmp_path / "class_indices.json").write_text('{"owl": 0, "dog": 1, "cat": 2}')
    files = sorted(path.relative_to(classes) for path in classes.rglob("*.png"))
    lines = [f"{path.name},{'cat' if i % 2 else 'dog'}" for i, path in enumerate(files)]
    (tmp_path / "y.csv").write_text("\n".join(["file,label", *reversed(lines)]))
    result = igcli(
        "run", small_model, classes, "-o", tmp_path / "out", *FAST,
        "--labels", tmp_path / "class_indices.json", "--target", tmp_path / "y.csv",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert [row["target"] for row in table(tmp_path / "out")] == ["1", "2"] * 3


@pytest.mark.slow
def test_x_and_y_of_an_npz(igcli: Igcli, small_model: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.array([[2], [0], [1]]))
    arguments = ("run", small_model, tmp_path / "d.npz", "-o", tmp_path / "out", *FAST)
    told = igcli(*arguments)
    assert told.exit_code == 0 and "--target array:y_test explains the classes" in told.stderr
    result = igcli(*arguments, "--target", "array:y_test")
    assert result.exit_code == 0 and not result.stderr
    assert [row["target"] for row in table(tmp_path / "out")] == ["2", "0", "1"]
    identity = json.loads((tmp_path / "out" / "run.json").read_text())["identity"]
    assert identity["target"].startswith("array:y_test ")
    verified = igcli("verify", tmp_path / "out", small_model, tmp_path / "d.npz")
    assert verified.exit_code == 0, verified.output
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.array([[2], [0], [2]]))
    changed = igcli("verify", tmp_path / "out", small_model, tmp_path / "d.npz")
    assert changed.exit_code == 2 and "--target is array:y_test" in changed.stderr
