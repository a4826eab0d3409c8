"""``igcli evaluate``: what it prints and writes, and its exit codes."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from igcli.models.open import open_model
from tests.conftest import ROOT

DIGITS = ROOT / "sample_data" / "digits.h5", ROOT / "sample_data" / "digits.npy"
METRIC = "--metric", "deletion", "--steps-of", 98


def test_a_gate_is_crossed_and_files_are_written(
    igcli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The run's model serves again: to load one takes longer than all else here.
    monkeypatch.setattr("igcli.models.open.open_model", cache(open_model))
    out, junit = tmp_path / "out", tmp_path / "gates.xml"
    assert igcli("run", *DIGITS, "-o", out, "--limit", 4, "--no-overlays").exit_code == 0
    gates = "--fail-on", "deletion.value<1", "--junit", junit
    found = igcli("evaluate", out, *DIGITS, *METRIC, "--json", *gates)
    assert found.exit_code == 1
    said = json.loads(found.stdout)
    assert said["n"] == 4 and said["settings"]["step"] == 98
    assert said["gates"][0]["crossed"] and b"<failure" in junit.read_bytes()
    assert (out / "evaluate.csv").read_text().count("deletion") == 4
    assert not (out / "evaluate.jsonl").exists()
    other = igcli("evaluate", out, *DIGITS, *METRIC, "-o", tmp_path / "none")
    assert other.exit_code == 2 and "is no folder" in other.stderr
    unasked = igcli("evaluate", out, *DIGITS, *METRIC, "--fail-on", "gini.gain<0")
    assert unasked.exit_code == 2 and "--metric gini is not asked for" in unasked.stderr
