"""Runs of the inputs that `--where` leaves: wrong ones, right ones, those of a class or a score."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, InputError, OutputError
from igcli.common.progress import untracked
from igcli.comparison.drift.compare import compare, open_side
from igcli.evaluation.reopen import VerifyRequest
from igcli.evaluation.verify import verify
from igcli.report.page.page import write_report
from igcli.runs.cost import estimate
from igcli.runs.planning.plan import make_handover, make_plan, plan_run
from igcli.runs.shards.merge import merge
from tests.fakes import Linear
from tests.runs.photos import WEIGHTS, explain, listed_photos, photos, rows


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return photos(tmp_path)


@pytest.fixture
def listed(tmp_path: Path) -> RunConfig:
    return listed_photos(tmp_path)


def ids(config: RunConfig, *where: str, **changes: Any) -> list[str]:
    explain(config, where=where, overwrite=True, **changes)
    return [row.id for row in rows(config.out)]


@pytest.mark.parametrize(
    ("where", "left"),
    [
        (["wrong"], ["green/r2.png"]),
        (["right"], ["blue/b1.png", "green/g1.png", "red/r1.png", "red/r3.png"]),
        (["class=red"], ["green/r2.png", "red/r1.png", "red/r3.png"]),
        (["class=2"], ["blue/b1.png"]),
        (["class=red", "right"], ["red/r1.png", "red/r3.png"]),
        (["score<800"], ["blue/b1.png"]),
        (["score <= 800", "wrong"], ["green/r2.png"]),
        (["score>=400", "score>400"], ["green/g1.png", "green/r2.png", "red/r1.png", "red/r3.png"]),
    ],
)
def test_conditions(config: RunConfig, where: list[str], left: list[str]) -> None:
    assert ids(config, *where, truth="folder") == left


def test_class_and_score_are_those_of_what_is_explained(config: RunConfig) -> None:
    assert ids(config, "score<1", target="2") == [
        "green/g1.png",
        "green/r2.png",
        "red/r1.png",
        "red/r3.png",
    ]
    found = ids(config, "class=green", target="truth", truth="folder")
    assert found == ["green/g1.png", "green/r2.png"]


def test_accuracy_is_that_of_all_inputs(config: RunConfig) -> None:
    result = explain(config, where=("wrong",), truth="folder")
    assert result.lines()[:2] == [
        "accuracy   80.0% (4 of 5 right)",
        "where      wrong: 1 of 5 inputs",
    ]
    about = json.loads((config.out / "run.json").read_text())
    assert about["accuracy"] == {"share": 0.8, "correct": 4, "known": 5}
    assert about["where"] == {"selected": 1, "of": 5, "unscored": 0, "correct": 4, "known": 5}
    assert about["inputs"] == {"first": 0, "count": 1, "of": 1}
    assert rows(config.out)[0].row == 0 and result.exit_code == 0


def test_what_can_not_be_scored_fails_by_name(listed: RunConfig) -> None:
    result = explain(listed, where=("wrong",))
    assert [(r.id, r.status) for r in rows(listed.out)] == [("gone", "failed"), ("second", "ok")]
    assert result.lines()[1] == "where      wrong: 2 of 4 inputs, 1 of them can't be scored"
    assert result.exit_code == 3


def test_the_limit_is_one_of_what_is_left(config: RunConfig) -> None:
    assert ids(config, "class=red", limit=2) == ["green/r2.png", "red/r1.png"]


def test_nothing_left_is_a_run_of_nothing(config: RunConfig) -> None:
    result = explain(config, where=("score>9999",), truth="folder")
    assert result.exit_code == 0 and result.complete and rows(config.out) == []
    with pytest.raises(InputError, match="holds no explanation: the run had no input to explain"):
        write_report(config.out, None, 10, False, untracked)
    assert result.lines()[:2] == [
        "accuracy   80.0% (4 of 5 right)",
        "where      score>9999: 0 of 5 inputs",
    ]


def test_nothing_left_is_no_estimate(config: RunConfig) -> None:
    model = Linear((2, 2, 3), WEIGHTS)
    asked = replace(config, where=("score>9999",))
    with pytest.raises(InputError, match="nothing to estimate: no input is left"):
        estimate(make_plan(asked, lambda *a: model, lambda note: None))


def test_runs_of_other_choices_are_compared_by_what_both_have(config: RunConfig) -> None:
    explain(config, where=("class=red",), truth="folder")
    explain(config, where=("right",), truth="folder", out=config.out.parent / "right")
    sides = [open_side(out) for out in (config.out, config.out.parent / "right")]
    found = compare(sides[0], sides[1], [], False, untracked)
    assert [image.id for image in found.images] == ["red/r1.png", "red/r3.png"]


@pytest.mark.parametrize("text", ["wrongly", "class=", "score=0.5", "score<", "score<nan", "x<1"])
def test_no_condition_is_refused_before_the_model_is_loaded(
    config: RunConfig,
    text: str,
) -> None:
    def load(*_: object) -> Linear:
        raise AssertionError

    with pytest.raises(ConfigError, match="can't be used") as caught:
        make_plan(replace(config, where=(text,)), load, print)
    assert "wrong, right, class=NAME or score<V" in caught.value.fix


def test_conditions_that_need_more_are_refused(config: RunConfig) -> None:
    with pytest.raises(ConfigError, match="--where wrong: no true classes are known"):
        explain(config, where=("wrong",))
    with pytest.raises(ConfigError, match="--where class=cow: no class 'cow'"):
        explain(config, where=("class=cow",))


def test_shards_of_what_is_left_make_up_the_run(
    config: RunConfig,
    tmp_path: Path,
) -> None:
    asked = replace(config, where=("class=red",), truth="folder")
    explain(asked)
    outs = [tmp_path / f"part-{i}" for i in range(4)]
    for i, out in enumerate(outs):
        explain(asked, out=out, shard=(i + 1, 4))
    merged = merge(tmp_path / "merged", outs, False, untracked)
    assert rows(tmp_path / "merged") == rows(config.out)
    assert merged.lines()[:2] == [
        "accuracy   80.0% (4 of 5 right)",
        "where      class=red: 3 of 5 inputs",
    ]
    other = tmp_path / "other"
    explain(replace(asked, where=("class=blue",)), out=other, shard=(1, 4))
    with pytest.raises(InputError, match="--where is class=blue there and class=red here"):
        merge(tmp_path / "bad", [other, *outs[1:]], False, untracked)


def test_a_run_goes_on_with_what_was_left(config: RunConfig) -> None:
    asked = replace(config, where=("class=red",))
    explain(asked)
    explain(asked, resume=True)
    with pytest.raises(OutputError, match="--where is class=red there and not given here"):
        explain(config, resume=True)
    random = Linear((2, 2, 3), WEIGHTS[::-1])
    with pytest.raises(OutputError, match="--where leaves other inputs"):
        make_plan(replace(asked, resume=True), lambda *a: random, print)


def test_another_process_takes_over_what_is_left(config: RunConfig) -> None:
    model = Linear((2, 2, 3), WEIGHTS)
    plan = make_plan(replace(config, where=("class=red",)), lambda *a: model, lambda note: None)
    # It would be left with others by its own model.
    other = Linear((2, 2, 3), WEIGHTS[::-1])
    taken = make_handover(plan)
    again = plan_run(replace(plan.preflight), lambda *a: other, lambda note: None, taken)
    assert [n.id for n in again.names] == ["green/r2.png", "red/r1.png", "red/r3.png"]
    assert again.names == plan.names


def test_what_was_left_is_verified(config: RunConfig, tmp_path: Path) -> None:
    explain(config, where=("class=red",), truth="folder", limit=2)
    request = VerifyRequest(config.out, config.model, config.inputs)
    found = verify(request, lambda *a: Linear((2, 2, 3), WEIGHTS), untracked, print)
    assert (found.whole, [row.id for row in found.rows]) == ([], ["green/r2.png", "red/r1.png"])


def test_many_inputs_are_scored_in_batches(config: RunConfig) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (70, 2, 2, 3), np.uint8)
    for i, values in enumerate(pixels):
        Image.fromarray(values).save(config.inputs / f"x{i:02}.png")
    best = pixels.reshape(70, 4, 3).sum(axis=1, dtype=int).argmax(axis=1)
    expected = [f"x{i:02}.png" for i in np.flatnonzero(best == 1)]
    assert [i for i in ids(config, "class=green") if i.startswith("x")] == expected
