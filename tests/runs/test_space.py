"""What is said of the disk before a run begins."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from igcli.common.config import RunConfig
from igcli.runs.planning.plan import make_plan
from igcli.runs.space import tell_of_space
from tests.fakes import Linear


@pytest.mark.parametrize(
    ("free", "save", "said"),
    [
        (4_000_000, (), ""),
        (4_000_000, ("npy",), ""),
        (2_500_000, (), "packing them into one file 1.91 MB, and 2.38 MB are free on OUT"),
        (1_900_000, (), "the arrays take 1.91 MB, and 1.81 MB are free on OUT"),
        (3_900_000, ("npy",), "the arrays take 3.81 MB, and 3.72 MB are free on OUT"),
    ],
)
def test_a_disk_that_is_too_small_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, save: tuple[str, ...], said: str
) -> None:
    np.save(tmp_path / "x.npy", np.ones((500, 1000), np.float32))
    config = RunConfig(Path(__file__), tmp_path / "x.npy", tmp_path / "out", save=save)
    model = Linear((1000,), np.ones((1, 1000)))
    plan = make_plan(config, lambda *arguments: model, lambda message: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    notes: list[str] = []
    tell_of_space(plan, 500, notes.append)
    assert (said in notes[0]) if said else notes == []
    if notes:
        ends = notes[0].endswith("attributions.h5 will need the parts beside it")
        assert ends is ("packing" in notes[0])
