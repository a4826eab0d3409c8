"""Findings of rows: classes that are wrong beyond chance, and what failed."""

import pytest

from igcli.findings.gathered.finding import FAILED, Finding, Gathered
from igcli.findings.gathered.of_rows import chance_of, failures_found, unconverged_found
from tests.comparison.runs import failed, row


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
