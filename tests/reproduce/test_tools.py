"""What carries out an example's runs: a model is loaded once, and a signal ends a run in order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from igcli.common.config import RunConfig
from igcli.common.errors import ModelError
from igcli.common.progress import untracked
from igcli.reproduce.tools import explainer
from tests.fakes import Linear


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Three inputs of two numbers, and a file that a loader would know."""
    (tmp_path / "m.h5").touch()
    np.save(tmp_path / "x.npy", np.ones((3, 2), np.float32))
    return RunConfig(tmp_path / "m.h5", tmp_path / "x.npy", tmp_path / "out")


def test_runs_share_a_model_and_begin_once_they_are_possible(config: RunConfig) -> None:
    happened: list[str] = []

    def load(*_: object) -> Linear:
        happened.append("loaded")
        return Linear((2,), np.array([[1.0, 2.0]]))

    @contextmanager
    def stoppable() -> Iterator[threading.Event]:
        happened.append("run")
        yield threading.Event()
        happened.append("over")

    explain = explainer(load, untracked, print, stoppable)
    for out in ("one", "two"):
        there = replace(config, out=config.out / out)
        plan, result = explain(there, lambda: happened.append("begun"))
        assert result.complete and result.done == 3 and plan.config == there
    assert happened == ["loaded", "begun", "run", "over", "begun", "run", "over"]


def test_a_run_is_stopped_by_the_event_of_its_context(config: RunConfig) -> None:
    @contextmanager
    def stopped() -> Iterator[threading.Event]:
        event = threading.Event()
        event.set()
        yield event

    explain = explainer(lambda *_: Linear((2,), np.ones((1, 2))), untracked, print, stopped)
    _, result = explain(config, lambda: None)
    assert not result.complete and result.done == 0


def test_a_model_of_no_known_kind_is_refused_before_anything_begins(config: RunConfig) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    model = Linear((2,), np.ones((1, 2)))
    explain = explainer(lambda *_: model, untracked, print, lambda: nullcontext(threading.Event()))
    with pytest.raises(ModelError, match="is of no known kind"):
        explain(replace(config, model=config.inputs), fail)
    assert not config.out.exists()
