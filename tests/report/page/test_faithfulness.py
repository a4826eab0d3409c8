"""The page's section of an evaluation: there for the same run alone, with curves in place."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from igcli.report.page.faithfulness import faithfulness_html
from igcli.store.run import StoredRun

CURVES = {
    name: [[0.0, 1.0], [0.5, half], [1.0, 0.0]]
    for name, half in (("map/1", 0.25), ("map/0", 0.5), ("random", 0.6), ("edges", 0.4),
                       ("intensity", 0.7), ("centre", 0.8), ("blurred/1", 0.3))
}  # fmt: skip


def run_of(folder: Path, key: str) -> StoredRun:
    return cast(StoredRun, SimpleNamespace(out=folder, about={"run": key}))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    def metric(run: int, words: str) -> dict[str, Any]:
        return {"metric": "deletion", "run": run, "in_words": words, "best_control": "edges"}

    stored = {
        "n": 12,
        "settings": {"runs": ["other", "this"]},
        "metrics": [metric(0, "of another run"), metric(1, "gain < 1")],
        "curves": {"deletion": CURVES},
    }
    (tmp_path / "evaluate.json").write_text(json.dumps(stored))
    yield tmp_path


def test_the_section_is_of_the_pages_own_run(folder: Path) -> None:
    page = "".join(faithfulness_html(run_of(folder, "this")))
    assert "<b>deletion</b>: gain &lt; 1</li>" in page and "of another run" not in page
    # The map's curve falls to a quarter of the height, which is 134 of 170, halfway.
    assert '<polyline class="line" points="0.0,16.0 160.0,116.5 320.0,150.0">' in page
    assert page.count("<polyline") == 6
    assert page.count('class="line best"') == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"settings": {"runs": ["another"]}}'])
def test_there_is_none_of_another_run_or_of_no_evaluation(folder: Path, text: str) -> None:
    (folder / "evaluate.json").write_text(text)
    assert not list(faithfulness_html(run_of(folder, "this")))
    (folder / "evaluate.json").unlink()
    assert not list(faithfulness_html(run_of(folder, "this")))
