"""What the summary says of several workers."""

from pathlib import Path
from typing import Any

import pytest

from igcli.common.totals import Tally
from igcli.runs.result import RunResult


def last_line(workers: list[dict[str, Any]] | None) -> str:
    result = RunResult(
        out=Path("out"), asked=0, before=0, here=0, tally=Tally(), seconds=1.0, method="m",
        pictures=False, overlays=True, per_input=1, undrawn=[], saved_npy=False,
        has_tolerance=False, execution={} if workers is None else {"workers": workers},
    )  # fmt: skip
    return result.lines()[-1]


@pytest.mark.parametrize(
    ("rates", "hosts", "line"),
    [
        ([1200.0], ["a"], "workers    1 on 1 machine: 1,200 rows/s each"),
        ([7.0, 3.0], ["a", "b"], "workers    2 on 2 machines: 3, 7 rows/s each"),
        (
            [5.0, 1.0, None, 4.0, 2.0],
            ["a", "a", "b", "b", "b"],
            "workers    5 on 2 machines: 0 to 5, median 2, rows/s each",
        ),
    ],
)
def test_workers_are_told_of(rates: list[float | None], hosts: list[str], line: str) -> None:
    workers = [{"host": h, "rows_per_second": r} for h, r in zip(hosts, rates, strict=True)]
    assert last_line(workers) == line


@pytest.mark.parametrize("workers", [None, []])
def test_one_process_has_none(workers: list[dict[str, Any]] | None) -> None:
    assert last_line(workers).startswith("files      none")


@pytest.mark.parametrize(
    ("pictures", "per_input", "unit"),
    [
        (True, 1, "images"),
        (False, 1, "inputs"),
        (True, 3, "explanations"),
        (False, 3, "explanations"),
    ],
)
def test_rates_are_of_what_the_inputs_are(pictures: bool, per_input: int, unit: str) -> None:
    result = RunResult(
        out=Path("out"), asked=8, before=0, here=8, tally=Tally(), seconds=2.0, method="m",
        pictures=pictures, overlays=True, per_input=per_input, undrawn=[], saved_npy=False,
        has_tolerance=False, execution={},
    )  # fmt: skip
    assert result.lines()[0].endswith(f"in 2.0 s, 4 {unit}/s")
