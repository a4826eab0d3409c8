"""Findings of objects, from the table that `igcli locate` wrote of the same rows."""

from pathlib import Path

import pytest

from igcli.findings.gathered.of_objects import Spot, Spots, located_found, read_spots
from igcli.findings.locate_files import FIELDS
from tests.comparison.runs import row

ROWS = [row("a", None, target=1), row("b", None, target=2), row("c", None, target=1)]


def written(path: Path, *lines: dict[str, str]) -> Path:
    text = [",".join(FIELDS), *(",".join(one.get(name, "") for name in FIELDS) for one in lines)]
    path.write_text("\n".join(text) + "\n")
    return path


def line(identity: str, target: str, lift: str = "", left: str = "") -> dict[str, str]:
    own = {"id": identity, "target": target, "left_out": left}
    return own if left else own | {"inside": "0.5", "lift": lift, "hit": "1", "lift_error": "0.1"}


def test_a_table_of_these_rows_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", line("b", "2", "0.4"), line("a", "1", "3"),
                   line("c", "1", left="no object"))  # fmt: skip
    found = read_spots(path, ROWS)
    assert found is not None
    assert found.measured[0] == Spot("b", "2", 0.5, 0.4, 1.0, 0.1)
    assert found.left_out == {"no object": 1}


def test_one_of_other_rows_is_not(tmp_path: Path) -> None:
    two = line("a", "1", "3"), line("b", "2", "3")
    assert read_spots(written(tmp_path / "t.csv", *two), ROWS) is None
    other = written(tmp_path / "t.csv", *two, line("c", "7", "3"))
    assert read_spots(other, ROWS) is None
    assert read_spots(tmp_path / "none.csv", ROWS) is None


def test_the_worst_are_below_an_even_map_by_more_than_their_error() -> None:
    spots = [Spot(f"{i}", "cat", 0.1, lift, 0.0, 0.1) for i, lift in enumerate((0.5, 0.95, 2.0))]
    overall, worst = located_found(Spots(tuple(spots), {}))
    assert overall.numbers == pytest.approx({"inside": 0.1, "lift": 0.95, "hit": 0.0})
    assert worst.is_bad and worst.ids == ("0",)


def test_a_class_below_an_even_map_is_named() -> None:
    cats = [Spot(f"cat {i}", "cat", 0.1, 0.5, 0.0, 0.0) for i in range(10)]
    dogs = [Spot(f"dog {i}", "dog", 0.9, 3.0, 1.0, 0.0) for i in range(10)]
    last = list(located_found(Spots((*cats, *dogs), {})))[-1]
    assert last.text.startswith("cat: lift 0.5") and len(last.ids) == 10
