"""``igcli agreement`` on runs with different baselines."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import Result

from igcli.common.errors import ConfigError
from igcli.common.explanation import Explanation
from igcli.comparison.agreement.agreement_gates import parse_gates
from igcli.comparison.agreement.open_choices import open_choices
from tests.comparison.agreement.runs import NAMES, apart, spot, write
from tests.comparison.runs import failed, row, write_run

Igcli = Callable[..., Result]


@pytest.fixture(scope="module")
def black(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("black") / "b", dict.fromkeys(NAMES, 1.0), "black")


@pytest.fixture(scope="module")
def white(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From 0-0 to 1-2 the maps are 0.1, 0.2, … 0.6 apart."""
    return apart(tmp_path_factory.mktemp("white") / "w")


@pytest.fixture(autouse=True)
def no_agreement(black: Path) -> None:
    """Runs are shared; what was found of them is not."""
    shutil.rmtree(black / "agreement", ignore_errors=True)


def json_of(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_images_that_hinge_on_the_choice_come_first(igcli: Igcli, black: Path, white: Path) -> None:
    result = igcli("agreement", black, white)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "6 of 6 explanations, 2 baselines each (black, white)" in lines[0]
    hinging = [line.split()[1] for line in lines if line.startswith("hinges")]
    assert hinging == ["1-2:", "1-1:", "1-0:", "0-2:", "0-1:"]
    groups = [line for line in lines if line.startswith("group")]
    assert [line.split(":")[0].split()[-1] for line in groups] == ["1", "0"]
    assert "class 1: 3, density 0.5," in groups[0]
    with (black / "agreement" / "agreement.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [one["id"] for one in rows] == NAMES[::-1]
    assert [float(one["density"]) for one in rows] == pytest.approx([0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    assert {float(one["density_by_errors"]) for one in rows} == {0.02}
    assert (rows[0]["baseline"], rows[0]["other_baseline"]) == ("black", "white")
    # Two baselines have one pair.
    assert rows[0]["density_median"] == ""


def test_a_third_run_has_medians(igcli: Igcli, tmp_path: Path, black: Path, white: Path) -> None:
    gray = write(tmp_path / "g", dict.fromkeys(NAMES, 0.8), "gray")
    found = json_of(igcli("agreement", black, white, gray, "--json"))
    assert found["baselines"] == ["black", "white", "gray"]
    first = next(one for one in found["images"] if one["id"] == "1-2")
    # Shares 1, 0.4 and 0.8: 0.6, 0.4 and 0.2 apart.
    assert first["density"]["value"] == pytest.approx(0.6)
    assert first["density_median"]["value"] == pytest.approx(0.4)
    assert first["baselines"] == ["black", "white"]


def test_gates_give_the_exit_code(igcli: Igcli, tmp_path: Path, black: Path, white: Path) -> None:
    junit, markdown = tmp_path / "j.xml", tmp_path / "m.md"
    gates = ("--fail-on", "density.max>0.55", "--fail-on", "density.median by class > 0.55")
    files = ("--junit", junit, "--markdown", markdown)
    result = igcli("agreement", black, white, *gates, *files, "--min-group", 3)
    assert result.exit_code == 1
    assert "CROSSED    density.max>0.55: 0.6; 1-2" in result.stdout
    assert "passed     density.median by class > 0.55: 0.5 in class 1" in result.stdout
    cases = ElementTree.parse(junit).findall(".//testcase")
    assert [len(case) for case in cases] == [1, 0]
    assert "1-2: density 0.6, cosine" in str(cases[0][0].text)
    assert "❌ **hangs on the baseline**" in markdown.read_text()
    # Groups of three are no groups of ten, and a gate that has looked at nothing has not passed.
    unjudged = igcli("agreement", black, white, "--fail-on", "density.median by class>0.55")
    assert unjudged.exit_code == 1
    assert "no group has 10 images" in unjudged.stdout


def test_a_gate_finer_than_the_maps_errors_is_refused(
    igcli: Igcli, tmp_path: Path, black: Path
) -> None:
    coarse = write(
        tmp_path / "w", dict.fromkeys(NAMES, 0.5), "white", fields={"error_estimate": 0.2}
    )
    refused = igcli("agreement", black, coarse, "--fail-on", "density.median>0.2")
    assert refused.exit_code == 2
    assert "is finer than the maps can tell" in refused.stderr
    assert "density.median of 0.21" in refused.stderr
    # 0.05 · 0.2 / 0.21, less the room of a quarter.
    assert "again with --tolerance 0.037" in refused.stderr
    assert (black / "agreement" / "agreement.csv").exists()
    assert igcli("agreement", black, coarse, "--fail-on", "density.median>0.22").exit_code == 1


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ("density>0.3", "it needs p00 to p99"),
        ("overlap.median>0.3", "there is density, cosine, signs"),
        ("density.median<0.3", "turn the sign round"),
        ("left_out.mean>0.5", "has no statistic"),
        ("density.max>1", "never crossed"),
        ("density.max>normal", "it is not MEASURE.STATISTIC"),
    ],
)
def test_what_is_no_gate_is_refused(gate: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_gates([gate])


def test_two_baselines_have_no_median(igcli: Igcli, black: Path, white: Path) -> None:
    result = igcli("agreement", black, white, "--fail-on", "density_median.max>0.3")
    assert result.exit_code == 2 and "use density" in result.stderr


def test_what_cant_be_held_against_each_other_is_counted(igcli: Igcli, tmp_path: Path) -> None:
    maps = {name: spot(0, 0.5) for name in "abcd"}
    ours: list[Explanation] = [row(name, values) for name, values in maps.items()]
    theirs = [
        row("a", maps["a"], target=2),
        row("b", maps["b"], sha256="bb"),
        failed("c"),
        row("x", maps["a"]),
    ]
    one = write(tmp_path / "one", {"0-0": 0.5}, "black", more=[*ours])
    two = write(tmp_path / "two", {"0-0": 0.7}, "white", more=theirs)
    found = json_of(igcli("agreement", one, two, "--json", "--fail-on", "left_out>0.8"))
    assert found["measured"] == 1
    assert found["left_out"] == {
        "failed": ["c"], "missing": ["d", "x"], "input changed": ["b"], "another target": ["a"],
        "one baseline": [],
    }  # fmt: skip
    assert found["gates"][0]["value"] == pytest.approx(5 / 6)
    with (one / "agreement" / "agreement.csv").open() as file:
        rows = {one["id"]: one for one in csv.DictReader(file)}
    assert rows["a"]["why"] == f"1 in {one}, 2 elsewhere"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"model": "another"}, "the model is another"),
        ({"scores": "logit"}, "--scores is as-is there and logit here"),
        ({"fields": {"target": 2}}, "6 another target"),
    ],
)
def test_runs_that_say_nothing_of_each_other_are_refused(
    igcli: Igcli, tmp_path: Path, black: Path, changed: dict[str, Any], why: str
) -> None:
    other = write(tmp_path / "o", dict.fromkeys(NAMES, 0.5), "white", **changed)
    result = igcli("agreement", black, other)
    assert result.exit_code == 3
    assert why in result.stderr
    assert not (black / "agreement").exists()


def test_runs_of_one_baseline_hinge_on_nothing(igcli: Igcli, tmp_path: Path, black: Path) -> None:
    again = write(tmp_path / "again", dict.fromkeys(NAMES, 0.99), "black")
    result = igcli("agreement", black, again)
    assert "0 of 6 by more than their maps' own errors" in result.stdout
    assert "hinges" not in result.stdout
    assert "have the same baseline, black" in result.stderr
    assert not (black / "agreement" / "agreement.png").exists()


def test_regions_alone_have_no_signs(igcli: Igcli, tmp_path: Path, black: Path) -> None:
    cells = write(tmp_path / "r", dict.fromkeys(NAMES, 0.5), "white", side=2, pixels=False)
    found = json_of(igcli("agreement", black, cells, "--json"))
    assert found["of"] == "regions" and found["cells"] == 2
    assert found["images"][0]["density"]["value"] == pytest.approx(0.5)
    assert "signs" not in found["images"][0]
    gated = igcli("agreement", black, cells, "--fail-on", "signs.min<0.5")
    assert gated.exit_code == 2 and "both signs lie in one region" in gated.stderr


def test_tables_have_no_density(igcli: Igcli, tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / name, [row("a", np.array(values, np.float32))], baseline=[name])
        for name, values in (("zeros", [1, 0, 0]), ("mean", [1, 1, 0]))
    ]
    found = json_of(igcli("agreement", *runs, "--json"))
    assert found["images"][0]["cosine"]["value"] == pytest.approx(0.5**0.5)
    assert "density" not in found["images"][0]
    assert igcli("agreement", *runs, "--fail-on", "density.max>0.3").exit_code == 2


def test_pictures_are_as_many_as_asked(igcli: Igcli, black: Path, white: Path) -> None:
    folder = black / "agreement"
    igcli("agreement", black, white, "--pictures", 2)
    shown = json.loads((folder / "agreement.json").read_text())["shown"]
    assert [one["id"] for one in shown] == ["1-2", "1-1"]
    assert [one["name"] for one in shown[0]["maps"]] == ["black", "white"]
    assert (folder / "agreement.png").exists()
    igcli("agreement", black, white, "--pictures", 0)
    assert not (folder / "agreement.png").exists()


def test_groups_are_by_a_column(igcli: Igcli, black: Path, white: Path) -> None:
    found = json_of(igcli("agreement", black, white, "--json", "--by", "prediction"))
    assert [(group["name"], group["count"]) for group in found["groups"]] == [("1", 6)]
    assert igcli("agreement", black, white, "--by", "colour").exit_code == 2


def test_names_leave_out_what_all_have(tmp_path: Path) -> None:
    runs = [
        write(tmp_path / name, {"0-0": 0.5}, f"image={name}, table=zeros", tolerance=tolerance)
        for name, tolerance in (("black", 0.05), ("white", None))
    ]
    with open_choices(runs) as choices:
        assert choices.names == ("image=black", "image=white")
        assert choices.tolerance is None


def test_somebody_elses_files_stay(igcli: Igcli, tmp_path: Path, black: Path, white: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "agreement.csv").write_text("mine\n")
    result = igcli("agreement", black, white, "-o", folder)
    assert result.exit_code == 2 and "not igcli's" in result.stderr
    assert (folder / "agreement.csv").read_text() == "mine\n"


def test_one_run_of_one_baseline_tells_nothing(igcli: Igcli, black: Path) -> None:
    result = igcli("agreement", black)
    assert result.exit_code == 2
    assert "has one map of each input" in result.stderr
    twice = igcli("agreement", black, black)
    assert twice.exit_code == 2 and "named twice" in twice.stderr
