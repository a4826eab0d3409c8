"""`igcli report` on real runs: where it writes, what it says, and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.page.runs import lines_of, mixed_run, table_of


def test_a_real_run(igcli: Any, small_model: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    igcli("run", small_model, photos, "-o", out, "--profile-path", "--no-overlays")
    result = igcli("report", out)
    assert result.exit_code == 0 and result.stderr == ""
    assert result.stdout.startswith(f"{out / 'report.html'}: 6 explanations, 6 in detail, ")
    page = (out / "report.html").read_text()
    assert table_of(page)["columns"]["id"][0] == "0/photo-0.png"
    for line in lines_of(page):
        assert line["image"] and line["profile"]["alphas"][0] >= 0.0
    # A page does not keep a finished run from being replaced or compared.
    assert igcli("run", small_model, photos, "-o", out, "--overwrite").exit_code == 0


def test_options_change_what_is_written(igcli: Any, tmp_path: Path) -> None:
    out = mixed_run(tmp_path / "out")
    result = igcli("report", out, "-o", tmp_path / "page.html", "--pictures", 2)
    assert result.exit_code == 0 and "12 explanations, 2 in detail" in result.stdout
    assert not (out / "report.html").exists()
    assert len(lines_of((tmp_path / "page.html").read_text())) == 2
    assert igcli("report", out, "--pictures", 5).exit_code == 0
    assert len(lines_of((out / "report.html").read_text())) == 5


def test_an_unfinished_run_is_told_and_a_failed_input_is_no_error(
    igcli: Any, tmp_path: Path
) -> None:
    out = mixed_run(tmp_path / "out")
    about = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(
        json.dumps({**about, "status": "partial", "inputs": {"count": 15}})
    )
    result = igcli("report", out)
    assert result.exit_code == 0
    assert "note: the run is not finished: 3 explanations are missing" in result.stderr


@pytest.mark.parametrize("name", ["results.csv", "run.json", "attributions.h5", "parts/x.html"])
def test_the_page_replaces_nothing_of_the_run(igcli: Any, tmp_path: Path, name: str) -> None:
    out = mixed_run(tmp_path / "out")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    result = igcli("report", out, "-o", out / name)
    assert result.exit_code == 2 and "to fix this: " in result.stderr
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_what_can_not_be_used(igcli: Any, tmp_path: Path) -> None:
    for arguments, words in (
        ((tmp_path / "nothing",), "is no igcli run: there is no such folder"),
        ((tmp_path,), "is no igcli run: it has no run.json of one"),
        ((), "Missing argument 'OUT'"),
        ((mixed_run(tmp_path / "out"), "--pictures", "-1"), "--pictures"),
        ((tmp_path / "out", "-o", tmp_path / "no" / "page.html"), str(tmp_path / "no")),
    ):
        result = igcli("report", *arguments)
        assert result.exit_code == 2 and words in result.stderr, result.stderr
        assert "to fix this: " in result.stderr and len(result.stderr.splitlines()) <= 3


def test_somebody_elses_file_is_replaced_on_demand_only(igcli: Any, tmp_path: Path) -> None:
    out, file = mixed_run(tmp_path / "out"), tmp_path / "paper.tex"
    file.write_text("mine")
    result = igcli("report", out, "-o", file)
    assert result.exit_code == 2 and "paper.tex is there already" in result.stderr
    assert file.read_text() == "mine"
    assert igcli("report", out, "-o", file, "--overwrite").exit_code == 0
    # Now it is a page of igcli's.
    result = igcli("report", out, "-o", file, "--pictures", 2, "--json")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert (said["path"], said["rows"], said["pictured"]) == (str(file), 12, 2)
    assert said["size"] == file.stat().st_size


def test_where_all_failed_there_is_nothing_to_estimate(
    igcli: Any, small_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    assert igcli("run", small_model, tmp_path / "broken.png", "-o", out).exit_code == 3
    result = igcli("report", out)
    assert result.exit_code == 0 and ": 1 explanation, 0 in detail, " in result.stdout
    page = (out / "report.html").read_text()
    assert "nothing was explained" in page and "a fixed rule has none" not in page
