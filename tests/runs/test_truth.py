"""Runs that know true classes: what is stored and summed up of them, and lists of inputs."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, InputError, OutputError
from igcli.common.progress import untracked
from igcli.runs.planning.plan import make_plan
from igcli.runs.shards.merge import merge
from tests.fakes import Linear
from tests.runs.photos import WEIGHTS, explain, listed_photos, photos, rows


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return photos(tmp_path)


@pytest.fixture
def listed(tmp_path: Path) -> RunConfig:
    return listed_photos(tmp_path)


def table(out: Path) -> Iterator[dict[str, str]]:
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def test_folders_tell_the_truth(config: RunConfig) -> None:
    result = explain(config, truth="folder")
    found = [(r.id, r.truth, r.truth_name, r.correct) for r in rows(config.out)]
    assert found == [
        ("blue/b1.png", 2, "blue", True),
        ("green/g1.png", 1, "green", True),
        ("green/r2.png", 1, "green", False),
        ("red/r1.png", 0, "red", True),
        ("red/r3.png", 0, "red", True),
    ]
    assert [r["correct"] for r in table(config.out)] == ["True", "True", "False", "True", "True"]
    assert result.lines()[0] == "accuracy   80.0% (4 of 5 right)"
    facts = {"share": 0.8, "correct": 4, "known": 5}
    assert result.to_dict()["accuracy"] == facts
    assert json.loads((config.out / "run.json").read_text())["accuracy"] == facts


def test_folders_that_are_numbers_are_classes_without_labels(config: RunConfig) -> None:
    for name, number in (("blue", "2"), ("green", "1"), ("red", "0")):
        (config.inputs / name).rename(config.inputs / number)
    explain(config, truth="folder", labels=None)
    assert [r.truth for r in rows(config.out)] == [0, 0, 1, 1, 2]
    assert {r.truth_name for r in rows(config.out)} == {""}


def test_a_run_without_truth_is_stored_as_before(config: RunConfig) -> None:
    result = explain(config)
    assert not any(line.startswith("accuracy") for line in result.lines())
    assert "accuracy" not in result.to_dict()
    assert "accuracy" not in json.loads((config.out / "run.json").read_text())
    assert list(next(table(config.out)))[-2:] == ["status", "message"]


def test_a_file_tells_the_truth(config: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(
        "file,label\nb1.png,blue\ng1.png,green\nr1.png,red\nr2.png,red\nr3.png,green\n"
    )
    explain(config, truth=str(tmp_path / "truth.csv"))
    assert [r.truth for r in rows(config.out)] == [2, 1, 0, 0, 1]
    assert [r.correct for r in rows(config.out)] == [True, True, True, True, False]


def test_an_array_beside_the_inputs_tells_the_truth(config: RunConfig, tmp_path: Path) -> None:
    x = np.zeros((3, 2, 2, 3), np.uint8)
    x[0, ..., 0] = x[1, ..., 0] = x[2, ..., 1] = 9
    np.savez(tmp_path / "data.npz", x=x, y=np.array([0, 2, 1]))
    told: list[str] = []
    explain(config, told, inputs=tmp_path / "data.npz", truth="array:y")
    assert [(r.truth, r.correct) for r in rows(config.out)] == [(0, True), (2, False), (1, True)]
    assert not any("more arrays" in note for note in told)


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        ("nowhere.csv", "--truth nowhere.csv is no file: INPUTS is no list"),
        ("array:y", "--truth array:y: INPUTS has no array 'y'"),
    ],
)
def test_what_tells_no_truth_is_refused(config: RunConfig, truth: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        explain(config, truth=truth)


def test_a_folder_that_is_no_class_is_refused(config: RunConfig) -> None:
    (config.inputs / "red").rename(config.inputs / "rot")
    with pytest.raises(ConfigError, match="--truth folder, .*rot/r1.png: no class 'rot'"):
        explain(config, truth="folder")


def test_one_output_has_no_accuracy(config: RunConfig) -> None:
    plan = replace(config, truth="folder", labels=None)
    with pytest.raises(ConfigError, match="--truth folder can't be used: the model has one output"):
        make_plan(plan, lambda *a: Linear((2, 2, 3), WEIGHTS[:1]), print)


def test_a_list_names_inputs_and_their_labels(listed: RunConfig) -> None:
    told: list[str] = []
    result = explain(listed, told)
    found = [(r.id, r.status, r.truth_name, r.correct) for r in rows(listed.out)]
    assert found == [
        ("third", "ok", "red", True),
        ("gone", "failed", "blue", None),
        ("second", "ok", "green", False),
        ("first", "ok", "", None),
    ]
    third, gone = rows(listed.out)[:2]
    assert third.further == (("label", "red"), ("age", "3"), ("kind", "0"))
    assert gone.further == (("label", "blue"), ("age", ""), ("kind", "1"))
    assert "No such file" in gone.message
    assert [r["age"] for r in table(listed.out)] == ["3", "", "7", "1"]
    assert result.lines()[0] == "accuracy   50.0% (1 of 2 right)" and result.exit_code == 3
    assert "--truth label: 1 of 4 inputs have none" in told


def test_another_column_tells_the_truth(listed: RunConfig) -> None:
    explain(listed, truth="kind")
    assert [r.truth for r in rows(listed.out)] == [0, 1, 0, 2]
    assert [r.correct for r in rows(listed.out)] == [True, None, True, False]


def test_labels_that_are_no_classes_are_told_of(listed: RunConfig) -> None:
    told: list[str] = []
    explain(listed, told, labels=None)
    assert {(r.truth, r.correct) for r in rows(listed.out)} == {(None, None)}
    assert "truth" not in next(table(listed.out)) and "age" in next(table(listed.out))
    assert any("column label is not taken for true classes" in note for note in told)
    with pytest.raises(ConfigError, match="--truth label, third: 'red' is no class number"):
        explain(listed, truth="label", labels=None, overwrite=True)


def test_a_list_gives_single_baselines(listed: RunConfig, tmp_path: Path) -> None:
    Image.new("RGB", (2, 2), (50, 0, 0)).save(tmp_path / "dark.png")
    listed.inputs.write_text(
        "path,baseline\nphotos/red/r1.png,\nphotos/red/r3.png,dark.png\n"
        "photos/green/r2.png,constant:100\nphotos/blue/b1.png,none.png\n"
    )
    explain(listed)
    first, second, third, lost = rows(listed.out)
    # The red channel of four pixels: 200, and what the baseline has.
    assert [r.baseline_score for r in (first, second, third)] == [0.0, 200.0, 400.0]
    assert [r.attribution_sum for r in (first, second, third)] == [800.0, 600.0, 400.0]
    assert lost.status == "failed" and "none.png does not exist" in lost.message
    settled = json.loads((listed.out / "run.json").read_text())["settled"]
    assert settled["baseline"] == "the list's, else black"


def test_a_run_goes_on_with_the_same_list_alone(listed: RunConfig) -> None:
    explain(listed)
    explain(listed, resume=True)
    text = listed.inputs.read_text()
    listed.inputs.write_text(text.replace(",7,", ",8,"))
    with pytest.raises(OutputError, match="their list says otherwise"):
        explain(listed, resume=True)
    listed.inputs.write_text(text)
    with pytest.raises(OutputError, match="--truth is not given there and kind here"):
        explain(listed, resume=True, truth="kind")


def test_shards_of_a_list_are_merged_with_all_it_says(listed: RunConfig, tmp_path: Path) -> None:
    explain(listed)
    outs = [tmp_path / "one", tmp_path / "two"]
    for i, out in enumerate(outs):
        explain(listed, out=out, shard=(i + 1, 2))
    merged = merge(tmp_path / "merged", outs, False, untracked)
    assert rows(tmp_path / "merged") == rows(listed.out)
    texts = [(out / "results.csv").read_text() for out in (listed.out, tmp_path / "merged")]
    assert texts[0] == texts[1]
    assert merged.lines()[0] == "accuracy   50.0% (1 of 2 right)"
    about = json.loads((tmp_path / "merged" / "run.json").read_text())
    assert about["accuracy"] == {"share": 0.5, "correct": 1, "known": 2}


def test_listed_files_in_the_run_directory_are_guarded(listed: RunConfig) -> None:
    explain(listed, inputs=listed.inputs.parent / "photos", overlays=True)
    listed.inputs.write_text("path\nout/overlays/red/r1.png\n")
    with pytest.raises(OutputError, match="lies in the run directory"):
        explain(listed, overwrite=True)


def test_the_true_class_is_explained(listed: RunConfig) -> None:
    explain(listed, target="truth")
    found = [(r.id, r.target, r.status, r.attribution_sum) for r in rows(listed.out)]
    assert found == [
        ("third", 0, "ok", 800.0),
        ("gone", None, "failed", None),
        ("second", 1, "ok", 0.0),
        ("first", None, "failed", None),
    ]
    assert rows(listed.out)[3].message == "its true class is not known"


def test_predicted_and_true_class_are_two_rows_of_an_input(listed: RunConfig) -> None:
    result = explain(listed, target="predicted,truth")
    found = [(r.id, r.target, r.correct) for r in rows(listed.out)]
    assert found == [
        ("third@predicted", 0, True),
        ("third@truth", 0, True),
        ("gone@predicted", None, None),
        ("gone@truth", None, None),
        ("second@predicted", 0, False),
        ("second@truth", 1, False),
        ("first@predicted", 0, None),
        ("first@truth", None, None),
    ]
    assert result.lines()[0] == "accuracy   50.0% (1 of 2 right)"


@pytest.mark.parametrize("target", ["truth", "predicted,truth"])
def test_targets_that_need_a_truth(config: RunConfig, target: str) -> None:
    with pytest.raises(ConfigError, match=f"--target {target}: no true classes are known"):
        explain(config, target=target)


def test_a_list_without_any_file_fails_all_by_name(listed: RunConfig) -> None:
    listed.inputs.write_text("path\nnone.png\nnone-either.png\n")
    result = explain(listed)
    assert [i for i, _ in result.tally.failures] == ["none.png", "none-either.png"]
    listed.inputs.write_text("path\n")
    with pytest.raises(InputError, match="names no input"):
        explain(listed, overwrite=True)
