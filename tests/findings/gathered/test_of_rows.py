"""Findings of rows: classes that are wrong beyond chance, and what failed."""

from pathlib import Path

import numpy as np
import pytest

from igcli.findings.gathered.finding import FAILED, Finding, Gathered
from igcli.findings.gathered.of_rows import (
    accuracy_found,
    chance_of,
    failures_found,
    unconverged_found,
)
from igcli.store.run import open_finished_run
from tests.comparison.runs import failed, row, write_run


def test_chance_of_hits_is_the_binomial_tail() -> None:
    assert chance_of(2, 3, 0.5) == pytest.approx(0.5)
    assert chance_of(1, 4, 0.1) == pytest.approx(1.0 - 0.9**4)
    assert chance_of(3, 3, 1.0) == 1.0


def test_failed_rows_are_counted_by_reason() -> None:
    rows = [failed("a", message="gone"), failed("b", message="gone"), row("c", None)]
    (found,) = failures_found(rows)
    assert found.kind == FAILED and found.ids == ("a", "b")
    assert found.text == "2 of 3 failed: gone (2)"


def test_unconverged_rows_come_worst_first() -> None:
    rows = [row(i, None, converged=False, error_estimate=e) for i, e in (("a", 0.1), ("b", 0.3))]
    (found,) = unconverged_found(rows)
    assert found.ids == ("b", "a") and "30.0% (b)" in found.text


def test_findings_survive_json() -> None:
    one = Finding("causal", "hangs on a corner", ("a",), {"n": 1.0}, True)
    found = Gathered("r", 3, "maps", (one,), (("place", "none"),), (one,))
    assert Gathered.from_dict(found.to_dict()) == found
    with pytest.raises(ValueError, match="no finding"):
        Finding.from_dict({**one.to_dict(), "kind": "else"})


def test_a_class_that_is_wrong_beyond_chance_is_named(tmp_path: Path) -> None:
    # Two of a hundred others are wrong; nine of ten owls are.
    rows = [
        row(f"{i:03}", np.ones((4, 4, 1), np.float32), truth=0, truth_name="cat", prediction=0,
            correct=i >= 2, score=0.5)
        for i in range(100)
    ] + [
        row(f"owl {i}", np.ones((4, 4, 1), np.float32), truth=1, truth_name="owl", prediction=0,
            prediction_name="cat", correct=i == 0, score=0.1 * i)
        for i in range(10)
    ]  # fmt: skip
    out = write_run(tmp_path / "out", rows, part_rows=200)
    with open_finished_run(out) as run:
        overall, owls = accuracy_found(run)
    assert overall.numbers == pytest.approx({"share": 99 / 110, "known": 110})
    assert owls.text.startswith("owl: 9 of 10 predicted wrong (90%), 9 of them as cat; of all")
    # The surest first.
    assert owls.ids[:2] == ("owl 9", "owl 8")
