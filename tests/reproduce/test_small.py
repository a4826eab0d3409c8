"""Tables, stacks, presets, known attributions, and who may write to OUT."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.errors import ConfigError, InputError, OutputError, RunStopped
from igcli.progress import untracked
from igcli.records import InputName
from igcli.reproduce.examples import EXAMPLES, reproduce
from igcli.reproduce.fetch import Cache
from igcli.reproduce.pictures import check_few, stacked
from igcli.reproduce.presets import preset
from igcli.reproduce.table import table
from igcli.reproduce.two_inputs import answers, exact_attributions
from igcli.reproduce.work import Asked, Tools, Work


def test_a_table_has_numbers_at_the_right() -> None:
    rows = [
        {"name": "a", "count": 12, "score": 0.123456},
        {"name": "long", "count": 3, "score": None},
    ]
    assert table(rows) == ["name  count   score", "a        12  0.1235", "long      3       -"]
    assert table([]) == [""]


def test_pictures_are_stacked_with_a_gap() -> None:
    red, blue = Image.new("RGB", (4, 2), "red"), Image.new("RGB", (2, 3), "blue")
    whole = stacked([red, blue])
    assert whole.size == (4, 2 + 24 + 3)
    places = [(3, 1), (3, 2), (1, 26), (3, 26)]
    assert [whole.getpixel(place) for place in places] == [
        (255, 0, 0), (255, 255, 255), (0, 0, 255), (255, 255, 255),
    ]  # fmt: skip


def test_more_photos_than_a_figure_shows_are_refused() -> None:
    names = [InputName(i, f"{i}.png", f"{i}.png") for i in range(25)]
    check_few(names[:24])
    with pytest.raises(InputError, match="holds 25 photos"):
        check_few(names)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_has_a_preset(root: Path, name: str) -> None:
    assert preset(name).read_bytes() == (root / "configs" / f"{name}.toml").read_bytes()


def test_a_preset_that_is_not_installed() -> None:
    with pytest.raises(ConfigError, match="igcli has no preset"):
        preset("nothing")


def test_the_known_attributions_are_those_of_the_function() -> None:
    """Against a fine midpoint sum of its gradient, taken by differences."""
    random = np.random.default_rng(3)
    left, right = random.uniform(-1, 1, (2, 5, 3))
    ends = np.concatenate([left, right], axis=1)

    def value(point: Any) -> Any:
        return answers(point[:, :3], point[:, 3:])

    found = np.zeros_like(ends)
    for alpha in (np.arange(200) + 0.5) / 200:
        for i in range(6):
            step = np.zeros(6)
            step[i] = 1e-4
            slope = (value(alpha * ends + step) - value(alpha * ends - step)) / 2e-4
            found[:, i] += ends[:, i] * slope / 200
    np.testing.assert_allclose(exact_attributions(left, right), found, atol=1e-8)


def tools(tmp_path: Path) -> Tools:
    def explain(arguments: Any) -> Any:
        raise AssertionError(arguments)

    said: list[str] = []
    return Tools(explain, lambda unit: untracked, said.append, Cache(tmp_path, untracked, print))


def test_out_is_taken_only_from_the_same_example(tmp_path: Path) -> None:
    out = tmp_path / "out"
    Work(Asked("mnist", out), tools(tmp_path)).begin()
    about = json.loads((out / "reproduce.json").read_text())
    assert about["status"] == "running" and about["asked"]["example"] == "mnist"
    with pytest.raises(OutputError, match="add --overwrite"):
        Work(Asked("mnist", out), tools(tmp_path))
    Work(Asked("mnist", out, overwrite=True), tools(tmp_path))
    with pytest.raises(OutputError, match="holds the example mnist"):
        Work(Asked("iris", out, overwrite=True), tools(tmp_path))
    (out / "reproduce.json").unlink()
    (out / "mine.txt").touch()
    with pytest.raises(OutputError, match="no example of igcli"):
        Work(Asked("mnist", out, overwrite=True), tools(tmp_path))
    with pytest.raises(OutputError, match="is a file"):
        Work(Asked("mnist", out / "mine.txt"), tools(tmp_path))


@pytest.mark.parametrize(
    ("example", "option", "value"),
    [
        ("mnist", "labels", Path("x")),
        ("imagenet", "epochs", 1),
        ("tf-tutorial", "as_published", True),
        ("tf-tutorial", "epochs", 1),
        ("iris", "labels", Path("x")),
        ("two-inputs", "data", Path("x")),
        ("two-inputs", "as_published", True),
    ],
)
def test_options_without_meaning_are_refused(
    tmp_path: Path, example: str, option: str, value: Any
) -> None:
    out = tmp_path / "out"
    asked = Asked(example, out, **{option: value})
    with pytest.raises(ConfigError, match=f"--{option.replace('_', '-')} has no meaning"):
        reproduce(asked, tools(tmp_path))
    assert not out.exists()


def test_a_run_that_stopped_ends_the_example(tmp_path: Path) -> None:
    def explain(arguments: Any) -> Any:
        assert arguments[:4] == ["m.h5", "x.npy", "-o", str(tmp_path / "out" / "run")]
        assert arguments[4:] == ["--config", str(preset("mnist")), "--steps", "9"]
        return None, SimpleNamespace(complete=False, stopped=RunStopped("stopped early"))

    work = Work(Asked("mnist", tmp_path / "out"), replace(tools(tmp_path), explain=explain))
    work.begin()
    with pytest.raises(RunStopped, match="stopped early") as error:
        work.explain(Path("m.h5"), Path("x.npy"), "run", ["--steps", "9"])
    assert error.value.fix == "start again with --overwrite"
