"""``igcli sanity``: maps depend on the model, edges do not."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from PIL import Image

from igcli.evaluation.sanity.sanity_files import FIELDS

FEW = ("-n", "5", "--depths", "1", "--tolerance", "0.2")


@pytest.fixture(scope="module")
def digits(root: Path) -> tuple[Path, Path]:
    return root / "sample_data" / "digits.h5", root / "sample_data" / "digits"


@pytest.fixture
def checked(igcli: Any, digits: tuple[Path, Path]) -> Any:
    def check(*arguments: object) -> Result:
        result: Result = igcli("sanity", *digits, *FEW, *arguments)
        return result

    return check


@pytest.mark.slow
def test_maps_depend_on_the_model(checked: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = ("--junit", tmp_path / "junit.xml", "--markdown", tmp_path / "comment.md")
    done = checked("-o", out, "--json", *files)
    found = json.loads(done.stdout)
    assert done.exit_code == 0, done.output
    top, *every = found["steps"]
    assert (found["verdict"], top["verdict"]) == ("depend", "depend")
    assert [len(step["redrawn"]) for step in found["steps"]] == [1, 4, 4]
    assert top["changed"] == 5 and top["control"]["kept"] == 1.0
    assert abs(found["every_layer"]["kept"]) < 0.2 and found["every_layer"]["interval"][1] < 0.5
    assert found["tensors"] == {"drawn": 4, "constant": 4}
    with (out / "sanity.csv").open() as file:
        rows = list(csv.DictReader(file))
    # One computation twice, three states, two redrawn models, other images; five maps each.
    assert tuple(rows[0]) == FIELDS and len(rows) == 6 * 5
    assert json.loads((out / "sanity.json").read_text()) == found
    assert Image.open(out / "sanity.png").width > 600
    assert 'failures="0"' in (tmp_path / "junit.xml").read_text()
    assert "the maps DEPEND on the model" in (tmp_path / "comment.md").read_text()


def test_edges_passed_off_as_maps_do_not_depend(checked: Any, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    done = checked("--maps", "edges", "--redraw", "permuted", "--junit", junit)
    assert done.exit_code == 1, done.output
    assert "DO NOT DEPEND on the model: without its weights 100% (100% to 100%)" in done.output
    assert "8 tensors permuted" in done.output
    assert 'failures="1"' in junit.read_text()


def test_what_is_there_already_is_not_overwritten(checked: Any, tmp_path: Path) -> None:
    (tmp_path / "sanity.csv").write_text("mine\n")
    done = checked("-o", tmp_path)
    assert done.exit_code == 2 and "is there already, and not igcli's" in done.output
    assert (tmp_path / "sanity.csv").read_text() == "mine\n"
