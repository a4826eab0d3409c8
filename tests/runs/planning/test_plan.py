"""What a run refuses before any work: each with the flag or file by name, and nothing written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.config import RunConfig
from igcli.common.errors import IgcliError
from igcli.runs.planning.plan import make_plan
from tests.fakes import Linear


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (5, 4), "red").save(tmp_path / "images" / "a.png")
    np.save(tmp_path / "floats.npy", np.zeros((3, 4, 5, 3), np.float32))
    np.save(tmp_path / "bytes.npy", np.zeros((3, 4, 5, 3), np.uint8))
    np.save(tmp_path / "wrong.npy", np.zeros((3, 9, 9, 3), np.float32))
    np.save(tmp_path / "object.npy", np.array([{}, {}], object), allow_pickle=True)
    np.save(tmp_path / "nan.npy", np.full((4, 5, 3), np.nan, np.float32))
    (tmp_path / "empty").mkdir()
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "a.txt").write_text("a")
    (tmp_path / "m.h5").write_text("a model")
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.tex").write_text("")
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "run.json").write_text('{"igcli": "0"}')
    return RunConfig(
        tmp_path / "m.h5", tmp_path / "images", tmp_path / "out", steps=4, method="riemann_left"
    )


REFUSED = [
    ({"inputs": "nowhere"}, "INPUTS .*nowhere does not exist"),
    ({"inputs": "empty"}, "empty holds no image"),
    ({"inputs": "words"}, "words holds no image: 1 of another kind"),
    ({"inputs": "labels.txt"}, r"labels.txt is of no known kind"),
    ({"inputs": "wrong.npy"}, r"wrong.npy has shape \(3, 9, 9, 3\).*wants \(N, 4, 5, 3\)"),
    ({"inputs": "object.npy"}, "object.npy can't be read"),
    ({"out": "used"}, "used is not empty, and no igcli run"),
    ({"out": "used", "overwrite": True}, "used is not empty, and no igcli run"),
    ({"out": "earlier"}, "(?s)earlier holds a run already.*--overwrite"),
    ({"out": "labels.txt"}, "labels.txt is a file"),
    ({"baseline": ("wrong.npy",)}, r"wrong.npy has shape \(3, 9, 9, 3\)"),
    ({"baseline": ("nan.npy",)}, "nan.npy has a NaN"),
    ({"baseline": ("blue",)}, "--baseline blue is neither a known baseline nor a file"),
    ({"baseline": ("zeros",)}, "(?s)--baseline zeros can't be used.*write black"),
    ({"inputs": "floats.npy", "baseline": ("black",)}, "(?s)--baseline black.*write zeros"),
    ({"inputs": "floats.npy", "preprocess": "torch"}, "--preprocess torch can't be used"),
    ({"target": "9"}, "--target 9: class 9 is out of range: the model has 2 classes"),
    ({"target": "top:3"}, "--target top:3 can't be used: the model has 2 classes"),
    ({"target": "cat"}, "--target cat: 'cat' is no class number"),
    ({"target": "cow", "labels": "labels.txt"}, "no class 'cow'"),
    ({"target": "folder"}, "a.png is in no sub-folder"),
    ({"labels": "absent.txt"}, "--labels .*absent.txt can't be read"),
    ({"labels": "words/a.txt"}, "has 1 names: the model has 2 classes"),
    ({"image_size": (9, 9)}, "--image-size 9x9 does not fit the model"),
    ({"method": "riemann_trapezoid", "steps": 1}, "--steps 1 is too few"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_refused_before_any_work(config: RunConfig, changes: dict[str, Any], message: str) -> None:
    folder = config.inputs.parent
    before = sorted(folder.rglob("*"))
    for key in ("inputs", "out", "labels"):
        if key in changes:
            changes = {**changes, key: folder / changes[key]}
    if changes.get("baseline", ("",))[0].endswith(".npy"):
        changes = {**changes, "baseline": (str(folder / changes["baseline"][0]),)}
    model = Linear((4, 5, 3), np.ones((2, 60)))
    with pytest.raises(IgcliError, match=message) as refused:
        make_plan(replace(config, **changes), lambda *arguments: model, print)
    assert 1 <= len(str(refused.value).splitlines()) <= 3
    assert sorted(folder.rglob("*")) == before


def test_cheap_checks_come_before_the_model_is_loaded(config: RunConfig) -> None:
    def load(*arguments: object) -> Linear:
        raise AssertionError("the model was loaded")

    with pytest.raises(IgcliError, match="holds no image"):
        make_plan(replace(config, inputs=config.inputs.parent / "empty"), load, print)


def test_what_has_no_effect_is_said(config: RunConfig) -> None:
    notes: list[str] = []
    (config.inputs / "notes.txt").write_text("")
    model = Linear((4, 5, 3), np.ones((2, 60)))
    make_plan(config, lambda *arguments: model, notes.append)
    array = replace(config, inputs=config.inputs.parent / "bytes.npy", resize="pad")
    make_plan(array, lambda *arguments: model, notes.append)
    assert notes == [
        "1 file is no image by extension (1 .txt): passed over",
        "--resize pad has no effect: arrays are not resized",
    ]


def test_a_model_of_any_size_needs_an_image_size(config: RunConfig) -> None:
    model = Linear((None, None, 3), np.ones((2, 126)))
    with pytest.raises(IgcliError, match="(?s)takes any image size.*--image-size"):
        make_plan(config, lambda *arguments: model, print)
    model = Linear((None, None, 3), np.ones((2, 126)))
    plan = make_plan(replace(config, image_size=(6, 7)), lambda *arguments: model, print)
    assert plan.source.read(plan.names[0]).x.shape == (6, 7, 3)


def test_a_run_into_its_own_inputs_does_not_explain_its_overlays(config: RunConfig) -> None:
    inside = config.inputs / "run"
    (inside / "overlays").mkdir(parents=True)
    (inside / "run.json").write_text('{"igcli": "0"}')
    Image.new("RGB", (5, 4)).save(inside / "overlays" / "a.png.png")
    model = Linear((4, 5, 3), np.ones((2, 60)))
    plan = make_plan(replace(config, out=inside, overwrite=True), lambda *arguments: model, print)
    assert [name.id for name in plan.names] == ["a.png"]
