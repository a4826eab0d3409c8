"""Repeatability: what is refused as random or as dependent on the batch, and what is rounding."""

from pathlib import Path

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import ModelError
from igcli.runs.planning.plan import make_plan
from tests.fakes import Linear

SHAPE = (4, 5, 3)


class Masked(Linear):
    """Adds the batch's mean, times `factor`, to the scores, the last of which is a constant."""

    def __init__(self, factor: float, last: float) -> None:
        super().__init__(SHAPE, np.random.default_rng(0).normal(size=(3, 60)))
        self._factor, self._last = factor, last

    def scores(self, x: Array) -> Array:
        found: Array = super().scores(x) + self._factor * x.mean()
        found[:, -1] = self._last
        return found


class FirstOfAll(Linear):
    """Multiplies the scores by the brightness of the batch's first row."""

    def __init__(self) -> None:
        super().__init__(SHAPE, np.random.default_rng(0).normal(size=(3, 60)))

    def scores(self, x: Array) -> Array:
        found: Array = super().scores(x) * (1.0 + np.abs(x[0]).mean())
        return found


def plan(folder: Path, model: Linear, count: int = 4) -> None:
    np.save(folder / "x.npy", np.random.default_rng(1).normal(size=(count, *SHAPE)))
    (folder / "m.h5").write_bytes(b"a model")
    config = RunConfig(folder / "m.h5", folder / "x.npy", folder / "out")
    make_plan(config, lambda *_: model, lambda _: None)


@pytest.mark.parametrize("last", [-1e9, -1e4, 0.0])
def test_a_class_that_is_not_offered_hides_no_other(tmp_path: Path, last: float) -> None:
    with pytest.raises(ModelError, match="depends on the others in its batch"):
        plan(tmp_path, Masked(1.0, last))


@pytest.mark.parametrize("last", [-1e9, 0.0])
def test_rounding_is_no_difference(tmp_path: Path, last: float) -> None:
    plan(tmp_path, Masked(1e-5, last))


@pytest.mark.parametrize("count", [1, 4])
def test_the_first_of_a_batch_decides(tmp_path: Path, count: int) -> None:
    with pytest.raises(ModelError, match="depends on the others in its batch"):
        plan(tmp_path, FirstOfAll(), count)
