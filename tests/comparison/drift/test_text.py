"""A verdict in words, and as a comment."""

from pathlib import Path

import numpy as np
import pytest

from igcli.comparison.drift.comment import markdown
from igcli.comparison.drift.text import summary
from tests.comparison.runs import failed, maps_like, moved, row, rows_of, verdict_of, write_run

MAPS = maps_like(8)
WILD = "a|b`c\n<&>\x1b[2J.png"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_run(tmp_path / "old", rows_of(MAPS))


def test_no_drift(old: Path) -> None:
    on_a_grid = summary(verdict_of(old, old))[1]
    assert on_a_grid.startswith("compared   8 images, on a grid of 56: 8 differ by no more than")
    lines = summary(verdict_of(old, old, grid=0))
    assert lines[0] == f"no drift   {old} looks where {old} looked"
    assert lines[1] == (
        "compared   8 images: 8 differ by no more than the maps' own errors (2.0% at the median)"
    )
    assert lines[2:5] == [
        "passed     prediction_changed>0.1: 0",
        "passed     looks_elsewhere>0.05: 0",
        "passed     cosine.median<0.75: 1",
    ]
    assert lines[5] == "cosine     p05 1, median 1, p95 1"
    assert len(lines) == 5 + 11
    text = markdown(verdict_of(old, old))
    assert text.startswith("### igcli: ✅ **no drift**\n") and "❌" not in text
    assert "✅ None at all: missing (share of the reference's images" in text
    assert "maps differ most" not in text and "missing>0" not in text


def test_drift(old: Path, tmp_path: Path) -> None:
    rows = rows_of([*maps_like(7, seed=9), MAPS[7]])
    rows[6] = row("g", rows[6].attribution, prediction=2)
    verdict = verdict_of(old, write_run(tmp_path / "new", rows))
    lines = summary(verdict)
    assert lines[0] == "DRIFT      3 of 9 thresholds crossed"
    assert lines[2] == "not clear  prediction_changed>0.1: 0.125; g"
    assert lines[3].startswith("CROSSED    looks_elsewhere>0.05: 0.8571; ")
    assert lines[3].endswith(" and 1 more")
    worst = [line for line in lines if line.startswith("worst ")]
    assert len(worst) == 5 and all("cosine" in line and "l1" in line for line in worst)
    text = markdown(verdict)
    assert text.startswith("### igcli: ❌ **drift**\n")
    assert "| `looks_elsewhere>0.05` | 0.8571 | 0.05 | ❌ |" in text
    assert "| `g` | 1 → 2 |" in text
    assert "The 7 images whose maps differ most, those of what is beyond a limit first:" in text
    assert "igcli compare " in text and " --html drift.html" in text


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    zeros = [np.zeros((6, 5, 3), np.float32)]
    old = write_run(tmp_path / "old", rows_of(zeros, error_estimate=None), tolerance=None)
    new = write_run(tmp_path / "new", rows_of(MAPS[:1], error_estimate=None), tolerance=None)
    verdict = verdict_of(old, new, grid=0)
    lines = summary(verdict)
    assert lines[1] == "compared   1 image: their errors are not known"
    assert "l1         p05 inf, median inf, p95 inf" in lines
    assert "| l1 | ∞ | ∞ | ∞ |" in markdown(verdict)
    other = write_run(tmp_path / "other", rows_of(MAPS[:1], target=2, prediction=2))
    assert "CROSSED    cosine.median<0.75: no image to judge" in summary(verdict_of(old, other))
    assert "| `cosine.median<0.75` | no image to judge | 0.75 | ❌ |" in markdown(
        verdict_of(old, other)
    )


def test_names_break_no_line_and_no_table(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", [row(WILD, MAPS[0]), row("b", MAPS[1])])
    new = write_run(tmp_path / "new", [row(WILD, moved(-MAPS[0], 0.1)), failed("b")])
    verdict = verdict_of(old, new)
    for line in summary(verdict):
        assert line.isprintable()
    rows = [line for line in markdown(verdict).splitlines() if "[2J" in line and line[0] == "|"]
    assert len(rows) == 1
    assert rows[0].startswith("| `a\\|b'c\\n<&>\\x1b[2J.png` | 1 | ")
    assert rows[0].replace("\\|", "").count("|") == 7


def test_predictions_that_changed_are_told_where_no_threshold_is_on_them(
    old: Path, tmp_path: Path
) -> None:
    rows = rows_of(MAPS)
    rows[0] = row("a", MAPS[0], prediction=2)
    new = write_run(tmp_path / "new", rows)
    said = "prediction_changed: 1 of 8 images, left out of metrics"
    verdict = verdict_of(old, new, "cosine.min<0.9")
    assert f"not gated  {said}" in summary(verdict)
    assert f"Not gated: {said}." in markdown(verdict)
    gated = verdict_of(old, new, "prediction_changed>0.5")
    assert said not in "\n".join(summary(gated)) + markdown(gated)
    assert "Not gated" not in markdown(verdict_of(old, old, "cosine.min<0.9"))
