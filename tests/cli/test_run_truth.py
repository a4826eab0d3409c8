"""Lists, true classes and conditions through the whole command: each changes what is written."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

Igcli = Any
FAST = ("--method", "riemann_left", "--steps", "1", "--no-overlays")


def table(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def plain(igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path) -> list[dict[str, str]]:
    out = tmp_path / "plain"
    assert igcli("run", small_model, photos, "-o", out, *FAST).exit_code == 0
    return table(out)


def test_a_list_with_true_classes(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path, plain: list[dict[str, str]]
) -> None:
    lines = [f"{photos / row['id']},{i},{i % 3}" for i, row in enumerate(plain)]
    (tmp_path / "list.csv").write_text("\n".join(["path,id,species", *lines]))
    result = igcli(
        "run", small_model, tmp_path / "list.csv", "-o", tmp_path / "out", "--truth", "species",
        "--json", *FAST,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = table(tmp_path / "out")
    assert [row["score"] for row in rows] == [row["score"] for row in plain]
    assert [(row["id"], row["truth"], row["species"]) for row in rows] == [
        (str(i), str(i % 3), str(i % 3)) for i in range(6)
    ]
    right = [int(row["prediction"]) == i % 3 for i, row in enumerate(plain)]
    assert [row["correct"] for row in rows] == [str(value) for value in right]
    accuracy = json.loads(result.stdout)["accuracy"]
    assert accuracy == {"share": sum(right) / 6, "correct": sum(right), "known": 6}


@pytest.mark.parametrize("wanted", ["wrong", "right"])
def test_wrong_and_right_ones_alone(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path, plain: list[dict[str, str]],
    wanted: str,
) -> None:  # fmt: skip
    result = igcli(
        "run", small_model, photos, "-o", tmp_path / "out", "--truth", "folder",
        "--where", wanted, *FAST,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    left = [r["id"] for r in plain if (r["prediction"] == r["id"][0]) == (wanted == "right")]
    assert [row["id"] for row in table(tmp_path / "out")] == left
    known = sum(row["prediction"] == row["id"][0] for row in plain)
    assert result.stdout.startswith(f"accuracy   {known / 6:.1%} ({known} of 6 right)\n")
    assert f"where      {wanted}: {len(left)} of 6 inputs" in result.stdout


def test_scores_are_thresholds_as_results_csv_has_them(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path, plain: list[dict[str, str]]
) -> None:
    middle = sorted(float(row["score"]) for row in plain)[2:4]
    limit = sum(middle) / 2
    for sign, below in (("<", True), (">=", False)):
        out = tmp_path / str(below)
        result = igcli(
            "run", small_model, photos, "-o", out, "--where", f"score{sign}{limit}", *FAST
        )
        assert result.exit_code == 0, result.output
        left = [row["id"] for row in plain if (float(row["score"]) < limit) == below]
        assert [row["id"] for row in table(out)] == left and len(left) == 3


def test_the_true_class_beside_the_predicted_one(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    result = igcli(
        "run", small_model, photos, "-o", tmp_path / "out", "--truth", "folder",
        "--target", "predicted,truth", "--limit", "4", *FAST,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = table(tmp_path / "out")
    assert [row["id"].split("@")[1] for row in rows] == ["predicted", "truth"] * 4
    assert [row["target"] for row in rows[1::2]] == ["0", "0", "0", "2"]
    assert [row["target"] for row in rows[::2]] == [row["prediction"] for row in rows[::2]]
    report = igcli("report", tmp_path / "out")
    assert report.exit_code == 0, report.output
