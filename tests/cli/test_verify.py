"""`igcli verify` on a real run: its summary, its JSON, and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("method", ["adaptive", "riemann_middle"])
def test_a_run_is_verified(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path, method: str
) -> None:
    out = tmp_path / "out"
    result = igcli("verify", out, small_model, photos)
    assert result.exit_code == 2 and "is no igcli run: there is no such folder" in result.stderr
    assert igcli("run", small_model, photos, "-o", out, "--method", method).exit_code == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    result = igcli("verify", out, small_model, photos, "-n", 4)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"verified   4 of 6 explanations ({method}, ")
    said = json.loads(igcli("verify", out, small_model, photos, "--json", "--seed", 2).stdout)
    assert said["verified"] is True and said["sample"] == said["explanations"] == 6
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    results = out / "results.csv"
    results.write_text(results.read_text().replace(",ok,", ",failed,"))
    result = igcli("verify", out, small_model, photos, "-n", 1)
    assert result.exit_code == 1 and result.stdout.startswith("NOT TRUE   1 of 6 explanations")
    assert "wrong      results.csv differs from the arrays, first in line 2" in result.stdout


def test_what_does_not_belong_together_is_refused(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert igcli("run", small_model, photos, "-o", out, "--limit", 2).exit_code == 0
    result = igcli("verify", out, tmp_path / "other.keras", photos)
    assert result.exit_code == 2 and "other.keras does not exist" in result.stderr
    result = igcli("verify", out, small_model, tmp_path / "nowhere")
    assert result.exit_code == 2 and "nowhere does not exist" in result.stderr
    other = tmp_path / "other.keras"
    other.write_bytes(small_model.read_bytes() + b"!")
    result = igcli("verify", out, other, photos)
    assert result.exit_code == 2 and "the model is another" in result.stderr
    result = igcli("verify", out, small_model, photos / "2")
    assert result.exit_code == 2 and "the inputs have other names" in result.stderr
    about = out / "run.json"
    about.write_text(about.read_text().replace('"complete"', '"partial"'))
    result = igcli("verify", out, small_model, photos)
    assert result.exit_code == 3 and "its run.json says partial" in result.stderr
    assert igcli("verify", out, small_model).exit_code == 2
    assert igcli("verify", out, small_model, photos, "-n", 0).exit_code == 2
