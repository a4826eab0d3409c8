"""The methods: what a config settles, what run.json says of it, and what it refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from igcli.attribution.fixed import FixedRule
from igcli.attribution.methods import METHODS, Method, choose_method
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError

CONFIG = RunConfig(Path("m.h5"), Path("photos"), Path("out"))


def chosen(method: str, **settings: Any) -> Method:
    return choose_method(replace(CONFIG, method=method, memory=None, **settings))


def test_every_method_is_named_by_its_key() -> None:
    assert list(METHODS) == [
        "adaptive",
        "gausslegendre",
        "riemann_left",
        "riemann_middle",
        "riemann_right",
        "riemann_trapezoid",
    ]
    for name in METHODS:
        method = chosen(name)
        assert method.name == name and method.title.startswith(f"{name}, ")


def test_run_json_says_of_a_rule_its_title_and_no_accuracy() -> None:
    rule = chosen("gausslegendre", steps=7)
    assert isinstance(rule, FixedRule)
    assert replace(rule, memory=12345).settings() == {
        "method": "gausslegendre, 7 steps",
        "accuracy": None,
        "memory": 12345,
    }


def test_run_json_says_of_adaptive_steps_what_they_are_to_meet() -> None:
    method = choose_method(replace(CONFIG, tolerance=0.02, max_steps=99, memory=12345))
    assert method.settings() == {
        "method": "adaptive, tolerance 0.02",
        "accuracy": {"tolerance": 0.02, "min_steps": 9, "max_steps": 99, "rounding": 1e-6},
        "memory": 12345,
    }


def test_defaults_are_spelled_out_for_its_own_kind_alone() -> None:
    rule = chosen("riemann_left").spelled_out(replace(CONFIG, method="riemann_left"))
    assert (rule.steps, rule.tolerance, rule.min_steps, rule.max_steps) == (50, None, None, None)
    steps = chosen("adaptive").spelled_out(CONFIG)
    assert (steps.steps, steps.tolerance, steps.min_steps, steps.max_steps) == (None, 0.05, 9, 256)


@pytest.mark.parametrize(
    ("name", "steps", "estimates", "at_baseline"),
    [
        ("adaptive", None, True, True),
        ("gausslegendre", 5, False, False),
        ("riemann_left", 5, False, True),
        ("riemann_right", 5, False, False),
        ("riemann_trapezoid", 5, True, True),
        ("riemann_trapezoid", 6, False, True),
    ],
)
def test_what_callers_ask_of_a_method(
    name: str, steps: int | None, estimates: bool, at_baseline: bool
) -> None:
    method = chosen(name, steps=steps)
    assert (method.estimates, method.starts_at_baseline) == (estimates, at_baseline)
    assert method.tolerance == (None if steps else 0.05)
    assert method.usual_steps == (steps or 24)


def test_rounding_takes_the_estimate_from_a_rule_and_widens_the_adaptive_one() -> None:
    trapezoid = chosen("riemann_trapezoid", steps=5)
    assert trapezoid.with_rounding(0.0) == trapezoid
    assert not trapezoid.with_rounding(0.01).estimates
    for error, counted in ((0.0, 1e-6), (0.01, 0.01)):
        said = chosen("adaptive").with_rounding(error).settings()
        assert said["accuracy"]["rounding"] == counted


@pytest.mark.parametrize(
    ("method", "settings", "problem"),
    [
        ("riemann_left", {"tolerance": 0.1}, "--tolerance can't be used with --method riemann_l"),
        ("riemann_left", {"min_steps": 5}, "--min-steps can't be used with --method riemann_left"),
        ("riemann_left", {"max_steps": 5}, "--max-steps can't be used with --method riemann_left"),
        ("adaptive", {"steps": 5}, "--steps 5 can't be used with --method adaptive"),
        ("adaptive", {"tolerance": 1.0}, "--tolerance 1 is out of range"),
        ("adaptive", {"min_steps": 10, "max_steps": 16}, "--max-steps 16 is too few"),
        ("riemann_trapezoid", {"steps": 1}, "--steps 1 is too few for riemann_trapezoid"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    method: str, settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        chosen(method, **settings)
