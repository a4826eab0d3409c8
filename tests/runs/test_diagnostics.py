"""What a run says of its first explanations: each rule alone, and when it is silent."""

import re
from dataclasses import replace

import numpy as np
import pytest

from igcli.common.explanation import Explanation
from igcli.runs.diagnostics import Diagnostics
from tests.fakes import spec

SOFTMAX = replace(spec((2,), 3), tail="softmax")


def explanation(score: float, baseline: float, value: float = 1.0) -> Explanation:
    return Explanation(
        0, "a.png", "", "", score=score, baseline_score=baseline,
        attribution=np.full(2, value, np.float32),
    )  # fmt: skip


def told(*explanations: Explanation, model: object = SOFTMAX) -> list[str]:
    messages: list[str] = []
    checks = Diagnostics(model, messages.append)  # type: ignore[arg-type]
    for each in explanations:
        checks.add(each)
    checks.finish()
    return messages


FINE = explanation(0.9, 0.01)


def test_a_sound_run_is_silent() -> None:
    assert told(*[FINE] * 40) == [] == told()


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (explanation(0.9, 0.01, value=0.0), "2 of the first 2 maps are all zero, a.png for one"),
        (explanation(1.0, 0.01), "2 of the first 2 scores are within 1e-6 of 1.*--scores logit"),
        (explanation(0.3, 0.3001), "within a thousandth of their baseline's"),
        (explanation(0.9, 0.8), "2 of the first 2 baselines are themselves .* a.png's at 0.80"),
    ],
)
def test_each_rule_says_one_line(odd: Explanation, message: str) -> None:
    (found,) = told(odd, odd)
    assert "\n" not in found
    assert re.search(message, found)


def test_half_of_the_explanations_may_be_odd_but_one_zero_map_is_told() -> None:
    assert told(FINE, explanation(1.0, 0.01)) == []
    (found,) = told(FINE, explanation(0.9, 0.01, value=0.0))
    assert found.startswith("1 of the first 2 maps are all zero")


def test_baselines_are_judged_by_all_classes_not_by_the_first_folder() -> None:
    first = [replace(explanation(0.9, 0.8), target=0)] * 40
    others = [replace(FINE, target=1)] * 60
    assert told(*first, *others) == []
    assert "of the first 32 baselines are themselves" in told(*first[:16], *others[:8], *first)[0]
    (found,) = told(*others, *first, *first, *first)
    assert re.match(r"3[0-9] of 4[0-9] sampled baselines are themselves", found)


def test_logits_and_regressions_have_no_saturation() -> None:
    logits = replace(SOFTMAX, scores="logit")
    plain = replace(SOFTMAX, tail="none")
    for model in (logits, plain):
        assert told(explanation(1.0, 0.7), model=model) == []


def test_only_the_first_are_looked_at_and_failed_ones_are_not() -> None:
    failed = Explanation(0, "b.png", "", "", status="failed")
    late = explanation(0.9, 0.01, value=0.0)
    assert told(*[FINE] * 32, late) == []
    assert told(*[failed] * 40, late) == [
        "the maps are all zero, a.png for one: its gradient vanishes all along the path, or input "
        "and baseline are the same"
    ]
