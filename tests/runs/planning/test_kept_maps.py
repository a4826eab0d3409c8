"""What a run certifies and keeps of its maps, and where there is nothing of the kind."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.regions import Regions
from igcli.runs.planning.plan import Plan, make_plan
from tests.fakes import Linear

PICTURE = (24, 20, 3)


def plan_of(tmp_path: Path, shape: tuple[int, ...], **asked: Any) -> Plan:
    np.save(tmp_path / "x.npy", np.ones((3, *shape), np.float32))
    config = RunConfig(Path(__file__), tmp_path / "x.npy", tmp_path / "out")
    model = Linear(shape, np.ones((2, int(np.prod(shape)))))
    return make_plan(replace(config, **asked), lambda *arguments: model, lambda note: None)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"certify": "region"}, "--certify region can't be read.*regions:CELL"),
        ({"certify": "pixels:4"}, "--certify pixels:4 can't be read"),
        ({"certify": "regions:"}, "--certify regions: can't be read"),
        ({"certify": "regions:2.5"}, "--certify regions:2.5 can't be read"),
        ({"certify": "regions:-2"}, "--certify regions:-2 can't be read"),
        ({"certify": "regions:1"}, "regions:1 is out of range.*2 to 5 pixels.*regions:2"),
        ({"certify": "regions:6"}, "regions:6 is out of range for pictures of 24 × 20 pixels"),
        (
            {"certify": "regions", "method": "riemann_left"},
            "can't be used with --method riemann_left.*same steps on every path",
        ),
        ({"store": "regions", "save": ("npy",)}, "--save npy can't be used with --store regions"),
        (
            {"store": "regions", "store_dtype": "float16"},
            "--store-dtype float16 can't be used with --store regions",
        ),
        (
            {"store_dtype": "float16", "tolerance": 0.0009},
            "--tolerance 0.0009 can't be met with --store-dtype float16.*0.001 or more",
        ),
        (
            {"fail_on": ("regions-error:0.1",), "method": "riemann_trapezoid", "steps": 5},
            "--fail-on regions-error:0.1 can't be used.*pixels alone",
        ),
    ],
)
def test_settings_that_say_nothing_are_refused(
    tmp_path: Path, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        plan_of(tmp_path, PICTURE, **asked)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shape", [(7,), (3, 4, 5, 6), (7, 9, 3)])
@pytest.mark.parametrize("asked", [{"certify": "regions"}, {"store": "regions"}])
def test_regions_are_those_of_one_picture(
    tmp_path: Path, shape: tuple[int, ...], asked: dict[str, str]
) -> None:
    name, value = next(iter(asked.items()))
    with pytest.raises(ConfigError, match=f"--{name} {value} can't be used with"):
        plan_of(tmp_path, shape, **asked)


def test_a_gate_on_regions_needs_a_picture(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--fail-on regions-error:0\.1 can't be used"):
        plan_of(tmp_path, (7,), fail_on=("regions-error:0.1",))


@pytest.mark.parametrize(
    ("shape", "asked", "side"),
    [
        ((224, 240, 3), {}, 16),
        ((28, 28), {}, 2),
        ((7, 9, 3), {}, 2),
        ((28, 28), {"method": "riemann_left"}, 2),
        ((28, 28), {"certify": "regions:7"}, 7),
        ((28, 28), {"store": "regions"}, 2),
    ],
)
def test_every_picture_has_regions(
    tmp_path: Path, shape: tuple[int, ...], asked: dict[str, Any], side: int
) -> None:
    plan = plan_of(tmp_path, shape, **asked)
    assert plan.maps.regions == Regions(shape, side)
    assert plan.maps.keeps_pixels is ("store" not in asked)
    assert plan.calibration.certifies_regions is ("certify" in asked)


def test_a_table_has_none(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, (7,))
    assert plan.maps.regions is None and not plan.calibration.certifies_regions
