"""Evaluations of runs of closed-form models: gains, a kill, several runs, gates, files."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, InputError
from igcli.common.progress import untracked
from igcli.evaluation.faithfulness.asked import EvaluateRequest
from igcli.evaluation.faithfulness.evaluate import evaluate
from igcli.evaluation.faithfulness.evaluate_files import junit, to_dict, write_evaluated
from igcli.evaluation.faithfulness.evaluate_gates import judge, parse_gates
from igcli.evaluation.faithfulness.evaluate_text import summary
from igcli.evaluation.faithfulness.evaluated import Evaluated
from igcli.evaluation.faithfulness.ranking import rankings
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from tests.fakes import FakeModel, Linear

SIDE, COUNT = 8, 12


class Counting(Linear):
    """One class on the lower right quarter, the other nowhere; counts what it is asked."""

    asked = 0

    def __init__(self) -> None:
        weights = np.zeros((2, SIDE, SIDE))
        weights[0, 4:, 4:] = 1.0 / (16 * 255)
        super().__init__((SIDE, SIDE, 1), weights.reshape(2, -1))

    def scores(self, x: Array) -> Array:
        self.asked += len(x)
        return super().scores(x)


def explain(out: Path, inputs: Path, model: FakeModel, **settings: Any) -> RunConfig:
    path = inputs.parent / "model.h5"
    path.write_bytes(b"a model")
    config = RunConfig(path, inputs, out, preprocess="raw", **settings)
    run_plan(make_plan(config, lambda *a: model, lambda message: None), untracked)
    return config


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder = tmp_path_factory.mktemp("evaluate")
    images = np.random.default_rng(0).integers(1, 256, (COUNT, SIDE, SIDE, 1)).astype(np.uint8)
    np.save(folder / "x.npy", images)
    return explain(folder / "out", folder / "x.npy", Counting(), target="0")


def result_of(config: RunConfig, folder: Path, model: FakeModel | None = None,
              outs: tuple[Path, ...] = (), **changes: Any) -> Evaluated:  # fmt: skip
    request = EvaluateRequest(outs or (config.out,), config.model, config.inputs, step=4)
    loaded = model or Counting()
    return evaluate(
        replace(request, **changes), folder, lambda *a: loaded, untracked, lambda message: None
    )


def test_a_map_that_tells_all_is_better_than_every_control(
    config: RunConfig, tmp_path: Path
) -> None:
    found = result_of(config, tmp_path, start="own")
    deletion, insertion = found.gains()
    images = np.load(config.inputs)[:, 4:, 4:].reshape(COUNT, 16).astype(float) / (16 * 255)
    # The largest four pixels first, four at a time; then the score is 0.
    after = np.sort(images, axis=1)[:, ::-1].reshape(COUNT, 4, 4).sum(axis=2)
    left = images.sum(axis=1)[:, None] - np.cumsum(after, axis=1)
    wanted = (0.5 * images.sum(axis=1) + left.sum(axis=1)) / 16
    assert deletion.value.value == pytest.approx(wanted.mean(), rel=1e-5)
    for gain in (deletion, insertion):
        assert gain.gain.interval is not None and gain.gain.interval[0] > 0.0
        assert gain.of == COUNT
    assert "better than every control" in next(
        line for line in summary(found, []) if "gain" in line
    )
    assert deletion.moved is not None and deletion.moved < 0.01 * deletion.value.value


def test_a_killed_evaluation_goes_on_where_it_was(config: RunConfig, tmp_path: Path) -> None:
    def killed(items: Iterable[Any], total: int, done: int = 0, unit: str = "") -> Iterable[Any]:
        for place, item in enumerate(items):
            yield item
            if place == 6:
                raise KeyboardInterrupt

    whole, model = result_of(config, tmp_path), Counting()
    (tmp_path / "b").mkdir()
    request = EvaluateRequest((config.out,), config.model, config.inputs, step=4)
    with pytest.raises(KeyboardInterrupt):
        evaluate(request, tmp_path / "b", lambda *a: model, killed, lambda message: None)
    before = model.asked
    # A line that was being written when the power went.
    with (tmp_path / "b" / "evaluate.jsonl").open("a") as file:
        file.write('{"id": "x-0000')
    again = result_of(config, tmp_path / "b", model)
    assert again.images == whole.images
    assert (model.asked - before) / before == pytest.approx((COUNT - 7) / 7)


def test_changes_of_settings_change_what_is_measured(config: RunConfig, tmp_path: Path) -> None:
    def value(metric: str = "deletion", **changes: Any) -> float:
        found = result_of(config, tmp_path, metrics=(metric,), **{"count": 4, **changes})
        return float(next(found.gains()).value.value)

    some: tuple[dict[str, Any], ...]
    some = {}, {"step": 8}, {"cell": 4}, {"fill": "white"}, {"count": 5}, {"seed": 3}
    assert len({round(value(**changes), 7) for changes in some}) == len(some)
    assert value("insertion", start="blur:1") != value("insertion", start="own")
    assert value("infidelity", normalize=False) != value("infidelity")
    with pytest.raises(ConfigError, match="--fill blur:0 can't be used"):
        value(fill="blur:0")


def test_runs_are_ranked(config: RunConfig, tmp_path: Path) -> None:
    other = explain(tmp_path / "white", config.inputs, Counting(), target="0", baseline=("white",))
    found = result_of(
        config, tmp_path, outs=(other.out, config.out), metrics=("deletion",), fill="black"
    )
    ((metric, ranked),) = rankings(found)
    assert metric == "deletion"
    assert [one.out for one in ranked] == [str(config.out), str(other.out)]
    assert ranked[1].is_behind and not ranked[0].is_behind
    # What is darker than white speaks against the class there: the controls are the same.
    first, second = found.gains()
    assert first.controls["edges"] == second.controls["edges"]
    assert first.gain.value < 0.0 < second.gain.value


def test_magnitude_takes_what_speaks_against_first(config: RunConfig, tmp_path: Path) -> None:
    other = explain(tmp_path / "white", config.inputs, Counting(), target="0", baseline=("white",))
    signed, magnitude = (
        next(result_of(other, tmp_path, order=order, metrics=("deletion",), fill="black").gains())
        for order in ("signed", "magnitude")
    )
    assert magnitude.value.value < signed.value.value


def test_files_and_gates(config: RunConfig, tmp_path: Path) -> None:
    found = result_of(config, tmp_path)
    gates = parse_gates(
        ["insertion.gain<0.9", "deletion.low<0", "left_out>0.1"], ("deletion", "insertion")
    )
    judged = judge(gates, found)
    assert [one.crossed for one in judged] == [True, False, False]
    write_evaluated(found, judged, tmp_path)
    lines = (tmp_path / "evaluate.csv").read_text().splitlines()
    assert lines[0] == ("id,run,metric,value,random,edges,intensity,centre,blurred,moved,message")
    assert len(lines) == 1 + 2 * COUNT
    stored = json.loads((tmp_path / "evaluate.json").read_text())
    assert stored["metrics"][0]["gain"]["mean"] == pytest.approx(
        min(one.value for one in next(found.gains()).differences.values())
    )
    assert len(stored["curves"]["insertion"]["map/0"]) == 17
    assert to_dict(found, judged)["gates"][0]["gate"] == "insertion.gain<0.9"
    assert junit(judged).count(b"<failure") == 1
    for text in ("mufidelity.gain<0", "deletion.p05<0", "left_out<0.1", "deletion.gain"):
        with pytest.raises(ConfigError, match="can't be read"):
            parse_gates([text], ("deletion", "insertion"))


def test_other_images_are_left_out_or_refused(config: RunConfig, tmp_path: Path) -> None:
    few = explain(tmp_path / "few", config.inputs, Counting(), target="1")
    with pytest.raises(InputError, match="has nothing to evaluate"):
        result_of(config, tmp_path, outs=(config.out, few.out))
    mixed = explain(tmp_path / "mixed", config.inputs, Counting(), limit=8, target="0")
    with pytest.raises(InputError, match="was not made from"):
        result_of(replace(config, model=config.inputs), tmp_path, outs=(mixed.out,))
