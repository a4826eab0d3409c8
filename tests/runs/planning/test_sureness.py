"""A note where another preprocessing makes a model much surer of the first images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.runs.planning.plan import make_plan
from igcli.runs.planning.sureness import find_surer
from tests.fakes import Linear

SHAPE = (4, 4, 3)


class SeesStripes(Linear):
    """Is sure of columns that are -1 and 1 in turn, or, of any pixels, by how large they are."""

    def __init__(self, by_size: bool = False, classes: int = 2) -> None:
        super().__init__(SHAPE, np.ones((classes, 48)))
        self._by_size = by_size

    def value(self, x: Array) -> Array:
        rows = x.reshape(len(x), *SHAPE)
        stripes = np.array([-1.0, 1.0, -1.0, 1.0])[None, None, :, None]
        right = np.abs(rows - stripes).max(axis=(1, 2, 3)) < 0.01
        logit = np.abs(rows).mean(axis=(1, 2, 3)) if self._by_size else np.where(right, 3.0, 0.0)
        return np.stack([logit, np.zeros_like(logit)], axis=1)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "in").mkdir()
    pixels = np.zeros(SHAPE, np.uint8)
    pixels[:, 1::2] = 255
    for name in "abcd":
        Image.fromarray(pixels).save(tmp_path / "in" / f"{name}.png")
    (tmp_path / "m.h5").write_bytes(b"a model")
    return RunConfig(tmp_path / "m.h5", tmp_path / "in", tmp_path / "out")


def noted(config: RunConfig, model: Linear) -> list[str]:
    notes: list[str] = []
    make_plan(config, lambda *_: model, notes.append)
    return [note for note in notes if "surer" in note]


def test_a_range_that_makes_it_much_surer_is_told(config: RunConfig) -> None:
    # softmax of (3, 0) is 0.953, of (0, 0) one half.
    said = (
        "the model is much surer of the first 4 images with --preprocess symmetric than with "
        "unit: its mean top probability is 0.95, not 0.50; see which one it was trained with"
    )
    assert noted(config, SeesStripes()) == [said]
    assert noted(replace(config, preprocess="symmetric"), SeesStripes()) == []


def test_larger_numbers_alone_make_no_note(config: RunConfig) -> None:
    assert noted(config, SeesStripes(by_size=True)) == []


def test_few_images_are_no_sign(config: RunConfig) -> None:
    assert noted(replace(config, limit=2), SeesStripes()) == []


def test_what_is_found(config: RunConfig) -> None:
    model = SeesStripes()
    plan = make_plan(config, lambda *_: model, lambda note: None)
    found = find_surer(model, plan.source, plan.names)
    assert found is not None
    assert (found.chosen, found.other, found.sureness, found.images) == (
        "unit",
        "symmetric",
        0.5,
        4,
    )
    assert found.with_other == pytest.approx(np.e**3 / (1 + np.e**3))
