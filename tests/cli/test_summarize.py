"""`igcli summarize` and `igcli clusters` on stored runs: text, files, JSON and exit codes."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.png import is_ours
from igcli.store.outdir import remove_run
from tests.comparison.runs import row, write_run

COUNT, SIDE = 240, 28


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two classes on rough images; a third of the wolves bear a mark, and hang on it."""
    random = np.random.default_rng(0)
    rows = []
    for i in range(COUNT):
        image = random.integers(0, 200, (SIDE, SIDE, 1)).astype(np.uint8)
        values = random.gamma(0.6, 1.0, (SIDE, SIDE, 1)).astype(np.float32)
        if i % 6 == 0:
            image[24:26, 2:4] = 255
            values[24:26, 2:4] = 0.1 * values.sum()
        name = ("wolf", "dog")[i % 2]
        rows.append(
            row(f"{name}/{i:03}.png", values, image=image, prediction=i % 2, prediction_name=name)
        )
    return write_run(tmp_path_factory.mktemp("marked") / "out", rows, side=2, part_rows=100)


def test_summarize_names_the_place(igcli: Any, marked: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    result = igcli("summarize", marked, "--markdown", page)
    assert result.exit_code == 0 and result.stderr == ""
    assert result.stdout.startswith(
        "read       240 maps from the stored regions, 14 × 14 cells of 2 pixels, by prediction\n"
    )
    assert "FIXED      wolf: row 12, column 1, pixels (2, 24, 4, 26) holds " in result.stdout
    assert (
        "40 images are hot there; 40 bear the same thing there, 0 of the others do" in result.stdout
    )
    assert "not aligned  dog" in result.stdout
    assert "| `wolf` | 120 |" in page.read_text()


def test_summarize_in_json(igcli: Any, marked: Path) -> None:
    found = json.loads(igcli("summarize", marked, "--by", "folder", "--json").stdout)
    assert found["by"] == "folder"
    assert [(group["group"], group["n"]) for group in found["groups"]] == [
        ("dog", 120),
        ("wolf", 120),
    ]
    assert np.sum(found["groups"][0]["mean_absolute"]) == pytest.approx(1.0, abs=1e-4)
    assert found["groups"][0]["error"] == pytest.approx(0.01)
    (place,) = found["places"]
    assert place["fixed"] and place["cells"] == [[12, 1]] and place["pixels"] == [2, 24, 4, 26]
    assert place["bearers"] == 40
    assert len(found["images"]) == COUNT


def test_clusters_name_the_images(igcli: Any, marked: Path) -> None:
    result = igcli("clusters", marked)
    assert result.exit_code == 0 and result.stderr == ""
    assert "SUSPICIOUS wolf, cluster 2: 40 images have " in result.stdout
    with (marked / "clusters" / "clusters.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["id", "group", "cluster", "distance", "suspicious"]
    assert [line["id"] for line in lines] == [
        f"{('wolf', 'dog')[i % 2]}/{i:03}.png" for i in range(COUNT)
    ]
    assert [i for i, line in enumerate(lines) if line["suspicious"] == "True"] == [
        *range(0, COUNT, 6)
    ]
    assert all(line["suspicious"] in {"True", "False"} for line in lines)
    sheet = marked / "clusters" / "suspicious-01-wolf-2.png"
    assert is_ours(sheet)
    # Again, of other groups: the sheet of the first call is gone.
    assert igcli("clusters", marked, "--by", "target").exit_code == 0
    assert not sheet.exists()


def test_clusters_in_json_and_in_another_folder(igcli: Any, marked: Path, tmp_path: Path) -> None:
    result = igcli(
        "clusters", marked, "-o", tmp_path / "here", "--json", "--markdown", tmp_path / "page.md"
    )
    found = json.loads(result.stdout)
    first = found["clusters"][0]
    assert first["suspicious"] and first["cells"] == [[12, 1]] and first["pixels"] == [2, 24, 4, 26]
    assert len(first["ids"]) == 40
    assert (tmp_path / "here" / "clusters.csv").exists()
    assert "SUSPICIOUS wolf, cluster 2" in (tmp_path / "page.md").read_text()


def test_a_file_of_somebody_else_stays(igcli: Any, marked: Path, tmp_path: Path) -> None:
    (tmp_path / "clusters.csv").write_text("mine\n")
    result = igcli("clusters", marked, "-o", tmp_path)
    assert result.exit_code == 2 and "not igcli's" in result.stderr
    assert (tmp_path / "clusters.csv").read_text() == "mine\n"


def test_without_images_it_says_what_cannot_be_told(igcli: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = []
    for i in range(120):
        values = random.gamma(0.6, 1.0, (SIDE, SIDE, 1)).astype(np.float32)
        values[:2, :2] += 0.1 * values.sum() * (i % 6 == 0)
        rows.append(row(f"{i:03}", values, prediction=i % 2))
    out = write_run(tmp_path / "out", rows, side=2, pixels=False)
    summary = igcli("summarize", out).stdout
    assert (
        "stands out 0: row 0, column 0, pixels (0, 0, 2, 2)" in summary and "FIXED" not in summary
    )
    assert "can't tell whether the images differ there" in summary
    clusters = igcli("clusters", out)
    assert (
        "the images had no say" in clusters.stdout and "SUSPICIOUS 0, cluster 2" in clusters.stdout
    )
    assert "no contact sheets: this run stores no images" in clusters.stderr


@pytest.mark.parametrize("command", ["summarize", "clusters"])
def test_exit_codes(igcli: Any, marked: Path, tmp_path: Path, command: str) -> None:
    assert igcli(command, tmp_path).exit_code == 2
    unknown = igcli(command, marked, "--by", "lens")
    assert unknown.exit_code == 2 and "--by lens: no row has that" in unknown.stderr
    unfinished = write_run(
        tmp_path / "partial", [row("a", np.ones((8, 8, 3), np.float32))], status="partial"
    )
    assert igcli(command, unfinished).exit_code == 3


def test_what_replaces_a_run_removes_its_clusters_and_nothing_else(
    igcli: Any, marked: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(marked, out)
    assert igcli("clusters", out).exit_code == 0
    (out / "clusters" / "mine.png").write_text("x")
    remove_run(out)
    assert [path.name for path in (out / "clusters").iterdir()] == ["mine.png"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model.h5", "x.npy"], "MODEL, INPUTS: of no use without --test"),
        (["-n", "3"], "-n: of no use without --test"),
        (["--fill", "blur"], "--fill: of no use without --test"),
        (["--test"], "--test needs MODEL and INPUTS"),
        (["model.h5", "--test"], "--test needs INPUTS"),
        (["none.h5", "x.npy", "--test"], "MODEL none.h5 does not exist"),
    ],
)
def test_the_model_goes_with_the_test(
    igcli: Any, marked: Path, arguments: list[str], said: str
) -> None:
    result = igcli("clusters", marked, *arguments)
    assert result.exit_code == 2 and said in result.stderr


def test_findings_need_model_and_inputs_both(igcli: Any, marked: Path) -> None:
    result = igcli("findings", marked, "model.h5")
    assert result.exit_code == 2 and "MODEL needs INPUTS" in result.stderr
    result = igcli("findings", marked, "--test")
    assert result.exit_code == 2 and "findings takes no --test" in result.stderr
    result = igcli("findings", marked, "-n", "3")
    assert result.exit_code == 2 and "-n: of no use without MODEL and INPUTS" in result.stderr


def test_the_test_of_nothing_loads_no_model(igcli: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = [
        row(f"{i:03}.png", random.gamma(0.6, 1.0, (SIDE, SIDE, 1)).astype(np.float32),
            image=random.integers(0, 200, (SIDE, SIDE, 1)).astype(np.uint8), prediction=i % 2)
        for i in range(60)
    ]  # fmt: skip
    out = write_run(tmp_path / "out", rows, side=2, part_rows=100)
    (tmp_path / "model.h5").write_bytes(b"no model")
    result = igcli("clusters", out, tmp_path / "model.h5", tmp_path / "none", "--test")
    assert result.exit_code == 0
    assert "tested     nothing: there is no suspicious cluster" in result.stdout
    said = igcli("clusters", out, tmp_path / "model.h5", tmp_path / "none", "--test", "--json")
    assert json.loads(said.stdout)["test"]["places"] == []
    remove_run(out)
    assert not (out / "clusters").exists() or [*(out / "clusters").iterdir()] == []


def test_findings_are_what_the_single_commands_find(
    igcli: Any, marked: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(marked, out)
    page = tmp_path / "page.md"
    result = igcli("findings", out, "--markdown", page)
    assert result.exit_code == 0 and result.stderr == ""
    assert "Fixed places\n  ! wolf: row 12, column 1, pixels (2, 24, 4, 26) holds " in result.stdout
    assert "Suspicious clusters\n  ! wolf, cluster 2: 40 images" in result.stdout
    assert "### Suspicious clusters" in page.read_text()
    igcli("clusters", out)
    tables = [out / name / "clusters.csv" for name in ("findings", "clusters")]
    assert tables[0].read_text() == tables[1].read_text()
    written = json.loads((out / "findings" / "findings.json").read_text())
    (place,) = (one for one in written["findings"] if one["kind"] == "place")
    assert len(place["ids"]) == 40
    # The report shows what lies there, the causal sentences first.
    written["causal"] = [{**place, "kind": "causal", "text": "hangs on the corner"}]
    (out / "findings" / "findings.json").write_text(json.dumps(written))
    assert igcli("report", out).exit_code == 0
    html = (out / "report.html").read_text()
    assert 'href="findings/suspicious-01-wolf-2.png">contact sheet</a>' in html
    assert html.index("hangs on the corner") < html.index(
        "row 12, column 1, pixels (2, 24, 4, 26) holds"
    )
    remove_run(out)
    assert not (out / "findings").exists()


def test_findings_by_another_column(igcli: Any, marked: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(marked, out)
    found = json.loads(igcli("findings", out, "--by", "folder", "--json").stdout)
    assert "by folder. Rows and columns" in found["read"]
    assert igcli("findings", out, "--by", "nothing").exit_code == 2
