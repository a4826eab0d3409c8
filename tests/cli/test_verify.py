"""`igcli verify` on a real run: its summary, its JSON, and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    "method", ["adaptive", pytest.param("riemann_middle", marks=pytest.mark.slow)]
)
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
    assert f"wrong      {results} differs from the arrays, first in line 2\n" in result.stdout
    assert "to fix this: repeat the command that made the run, with --resume" in result.stdout


@pytest.mark.slow
def test_damage_is_named_and_mended_by_resuming(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    again = ("run", small_model, photos, "-o", out, "--no-overlays", "--resume")
    assert igcli(*again).exit_code == 0
    damages = {
        out / "attributions.h5": f"{out}/attributions.h5 can't be read: ",
        out / "results.csv": f"{out}/results.csv differs from the arrays, first in line 1",
    }
    for path, words in damages.items():
        path.write_bytes(b"broken")
        found = igcli("verify", out, small_model, photos, "-n", 1, "--json")
        assert found.exit_code == 1
        wrong = json.loads(found.stdout)["wrong"][0]
        assert wrong["check"] == "files" and words in wrong["words"]
        assert "with --resume" in wrong["fix"]
        assert igcli(*again).exit_code == 0
        assert igcli("verify", out, small_model, photos, "-n", 1).exit_code == 0


@pytest.mark.slow
def test_a_sample_larger_than_the_run_is_told(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = ("verify", out, small_model, photos)
    assert igcli("run", small_model, photos, "-o", out, "--limit", 2).exit_code == 0
    note = "igcli: note: -n 3: the run is of 2 inputs, all explained again\n"
    assert igcli(*asked, "-n", 3).stderr == note
    assert igcli(*asked, "-n", 2).stderr == igcli(*asked).stderr == ""


@pytest.mark.slow
def test_what_does_not_belong_together_is_refused(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert igcli("run", small_model, photos, "-o", out, "--limit", 2).exit_code == 0
    small = tmp_path / "small.igref"
    assert igcli("baseline", out, "-o", small).exit_code == 0
    result = igcli("verify", small, small_model, photos)
    assert result.exit_code == 2 and result.stderr == (
        f"igcli: OUT {small} is no igcli run: it is a reference file, which igcli baseline made of "
        "one\nto fix this: name the folder that igcli run wrote\n"
    )
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
