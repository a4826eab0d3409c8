"""JUnit XML that parses, whatever images are called."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from igcli.comparison.drift.junit import junit
from tests.comparison.runs import maps_like, row, rows_of, verdict_of, write_run

MAPS = maps_like(3)
NAMES = [
    "a<b>&c.png", "\"quoted\" 'twice'.png", "]]>.png", "tab\tline\nreturn\r.png",
    "\x01\x08\x1b\x7f.png", "\ufffe\uffff.png", "ü 日本 🙂.png", "&amp;.png", "<!--.png",
]  # fmt: skip


def cases(data: bytes) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(data)
    assert root.tag == "testsuites" and [suite.tag for suite in root] == ["testsuite"]
    found = list(root[0])
    assert all(case.get("classname") == "igcli.compare" for case in found)
    failures = [case for case in found if case.find("failure") is not None]
    assert root[0].get("tests") == str(len(found))
    assert root[0].get("failures") == str(len(failures))
    assert root[0].get("errors") == root[0].get("skipped") == "0"
    return {case.get("name", ""): case for case in found}


def test_a_case_for_each_threshold(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", rows_of(MAPS))
    found = cases(junit(verdict_of(old, old)))
    assert list(found) == [
        "prediction_changed>0.1", "looks_elsewhere>0.05", "cosine.median<0.75", "missing>0",
        "extra>0", "input_changed>0", "failed>0", "unconverged>0", "retargeted>0",
    ]  # fmt: skip
    assert all(len(case) == 0 for case in found.values())


def test_failures_name_the_worst(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", rows_of(MAPS))
    new = write_run(tmp_path / "new", rows_of([-values for values in MAPS[:2]]))
    found = cases(junit(verdict_of(old, new)))
    assert [name for name, case in found.items() if len(case)] == [
        "looks_elsewhere>0.05", "cosine.median<0.75", "missing>0"
    ]  # fmt: skip
    failure = found["cosine.median<0.75"][0]
    assert failure.get("message") == "cosine.median<0.75: found -1"
    lines = (failure.text or "").splitlines()
    assert lines[0] == "2 images, the worst first:" and len(lines) == 3
    assert "cosine -1, spearman -1" in lines[1]
    assert (found["missing>0"][0].text or "").splitlines()[1:] == ["c"]


def test_where_nothing_could_be_judged(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", rows_of(MAPS))
    new = write_run(tmp_path / "new", rows_of(MAPS, target=2, prediction=2))
    failure = cases(junit(verdict_of(old, new)))["cosine.median<0.75"][0]
    assert failure.get("message") == "cosine.median<0.75: no image to judge"


@pytest.mark.parametrize("name", NAMES)
def test_any_name(tmp_path: Path, name: str) -> None:
    old = write_run(tmp_path / "old", [row(name, MAPS[0])])
    new = write_run(tmp_path / "new", [row(name, -MAPS[0])])
    text = cases(junit(verdict_of(old, new, "l1.max>0.5\x1f")))["l1.max>0.5"][0].text or ""
    said = text.splitlines()[1]
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    assert said.startswith(f"{shown}: cosine -1")
