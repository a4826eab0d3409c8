"""Thresholds: what can be written, what can't and why, and the statistics behind them."""

from math import inf, isnan

import numpy as np
import pytest

from igcli.common.errors import ConfigError
from igcli.comparison.drift.thresholds import (
    CHANGES,
    COMPLETE,
    DEFAULT,
    SHARES,
    Threshold,
    parse_thresholds,
    statistic,
)
from igcli.comparison.similarity import METRICS


def parsed(text: str) -> Threshold:
    return parse_thresholds([text])[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cosine.p05<0.9", ("cosine", "p05", True, 0.9)),
        ("cosine.p5<0.9", ("cosine", "p5", True, 0.9)),
        (" cosine.p05 < 0.9 ", ("cosine", "p05", True, 0.9)),
        ("spearman.min<-0.5", ("spearman", "min", True, -0.5)),
        ("top1.mean<1e-2", ("top1", "mean", True, 0.01)),
        ("top10.median<.5", ("top10", "median", True, 0.5)),
        ("l1.p99>2", ("l1", "p99", False, 2.0)),
        ("l2.max>+1.5", ("l2", "max", False, 1.5)),
        ("shift.p00>0", ("shift", "p00", False, 0.0)),
        ("signs.median<0.8", ("signs", "median", True, 0.8)),
        ("score.max>0.1", ("score", "max", False, 0.1)),
        ("delta.p95>1E-3", ("delta", "p95", False, 0.001)),
        ("prediction_changed>0.02", ("prediction_changed", "", False, 0.02)),
        ("missing > 0.5", ("missing", "", False, 0.5)),
    ],
)
def test_what_can_be_written(text: str, expected: tuple[str, str, bool, float]) -> None:
    found = parsed(text)
    assert (found.measure, found.statistic, found.below, found.limit) == expected
    assert found.text == text.replace(" ", "")


FORM, NO_SHARE = "it is not METRIC.STATISTIC<V", "a share of images has no statistic"
NEEDS, KNOWN = "it needs p00 to p99", "there is cosine, spearman, coarse, top1"
BAD = [
    ("", FORM),
    ("cosine", FORM),
    ("cosine.p05", FORM),
    ("cosine.p05<", FORM),
    ("cosine.p05<high", FORM),
    ("cosine.p05<0.9.1", FORM),
    ("cosine.p05<--1", FORM),
    ("cosine.p05<nan", FORM),
    ("cosine.p05<inf", FORM),
    ("cosine.p05<=0.9", FORM),
    ("cosine.p05=0.9", FORM),
    ("0.9>cosine.p05", FORM),
    ("Cosine.p05<0.9", FORM),
    ("cosine.p05<0.9,l1.max>1", FORM),
    ("cosine:p05<0.9", FORM),
    ("cosine.p05<0,9", FORM),
    ("cosine.p٠٥<0.9", FORM),
    ("cosine.p05<1e999", "1e999 is beyond every number"),
    ("cosine<0.9", NEEDS),
    ("cosine.<0.9", FORM),
    ("cosine.p100<0.9", NEEDS),
    ("cosine.p<0.9", NEEDS),
    ("cosine.5<0.9", NEEDS),
    ("cosine.average<0.9", NEEDS),
    ("score>0.1", NEEDS),
    ("ssim.p05<0.9", KNOWN),
    ("cos.p05<0.9", KNOWN),
    ("prediction>0.1", KNOWN),
    ("cosine.p05>0.9", "of cosine, more is more alike: turn the sign round"),
    ("l1.p95<0.5", "of l1, less is more alike: turn the sign round"),
    ("shift.max<0.5", "of shift, less is more alike"),
    ("score.max<0.5", "of score, less is more alike"),
    ("missing<0.5", NO_SHARE),
    ("failed.max>0.5", NO_SHARE),
    ("prediction_changed.p05>0.1", NO_SHARE),
]


@pytest.mark.parametrize(("text", "cause"), BAD)
def test_what_cannot_be_written(text: str, cause: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_thresholds(["l1.max>1", text])
    said = str(caught.value)
    assert said.startswith(f"--fail-on {text} can't be read: ") and cause in said
    assert said.endswith("or SHARE>V (prediction_changed>0.02)") and len(said.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "how", "range_"),
    [
        ("cosine.min<1.5", "always", "cosine is from -1 to 1"),
        ("cosine.min<-1", "never", "cosine is from -1 to 1"),
        ("spearman.min<-2", "never", "spearman is from -1 to 1"),
        ("coarse.p05<1.01", "always", "coarse is from -1 to 1"),
        ("top5.mean<0", "never", "top5 is from 0 to 1"),
        ("signs.mean<2", "always", "signs is from 0 to 1"),
        ("l1.max>-1", "always", "l1 is 0 or more"),
        ("l2.max>-0.1", "always", "l2 is 0 or more"),
        ("shift.max>1", "never", "shift is from 0 to 1"),
        ("shift.max>-1", "always", "shift is from 0 to 1"),
        ("score.max>-0.1", "always", "score is 0 or more"),
        ("delta.max>-0.1", "always", "delta is 0 or more"),
    ],
)
def test_limits_that_say_nothing_are_refused(text: str, how: str, range_: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_thresholds([text])
    assert str(caught.value) == (
        f"--fail-on {text} is {how} crossed: {range_}\n"
        "to fix this: set a limit within that, or leave this one out"
    )


@pytest.mark.parametrize("text", ["cosine.min<1", "l1.max>0", "shift.max>0.99", "top1.min<0.001"])
def test_limits_at_the_end_of_a_range_are_limits(text: str) -> None:
    assert parsed(text).text == text


def test_white_space_never_gets_into_a_report() -> None:
    assert parsed("cosine.p05\n<\x1f0.9").text == "cosine.p05<0.9"
    assert len(parse_thresholds(["l1.max>1", " l1.max > 1", "l1.max>1"])) == 1 + len(COMPLETE)


def test_a_gate_is_always_of_all_images() -> None:
    assert [t.text for t in parse_thresholds([])] == [*DEFAULT, *COMPLETE]
    assert [t.text for t in parse_thresholds(["l1.max>1"])] == ["l1.max>1", *COMPLETE]
    given = [t.text for t in parse_thresholds(["extra>1", "failed>0.1"])]
    assert given == [
        "extra>1", "failed>0.1", "missing>0", "input_changed>0", "unconverged>0", "retargeted>0"
    ]  # fmt: skip
    assert {text.split(">")[0] for text in COMPLETE} <= set(SHARES)
    assert not set(SHARES) & set(METRICS) and not set(CHANGES) & set(METRICS)


def test_the_limit_itself_is_within() -> None:
    below, above = parsed("cosine.min<0.5"), parsed("missing>0")
    assert [below.crossed_by(value) for value in (0.49, 0.5, 0.51)] == [True, False, False]
    assert [above.crossed_by(value) for value in (0.0, 1e-9)] == [False, True]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("min", 1.0), ("max", 10.0), ("mean", 4.0), ("median", 3.0),
        ("p00", 1.0), ("p05", 1.2), ("p5", 1.2), ("p50", 3.0), ("p75", 4.0), ("p90", 7.6),
        ("p99", 9.76),
    ],
)  # fmt: skip
def test_statistics(name: str, expected: float) -> None:
    values = [3.0, 1.0, 10.0, 2.0, 4.0]
    assert statistic(values, name) == pytest.approx(expected, rel=1e-12)
    assert statistic(np.array(values), name) == pytest.approx(expected, rel=1e-12)


def test_statistics_of_infinite_differences_are_numbers() -> None:
    values = [0.1, 0.2, inf, inf]
    assert statistic(values, "p25") == pytest.approx(0.175)
    assert [statistic(values, name) for name in ("p50", "p90", "max", "mean")] == [inf] * 4
    assert parsed("l1.p95>0.5").crossed_by(statistic(values, "p95"))
    assert not any(isnan(statistic([inf] * 3, f"p{i:02d}")) for i in range(100))
