"""Thresholds: ``cosine.p05<0.9`` fails when the 5th percentile of the cosines is below 0.9.

``by class`` makes it one of every class, or of every group by another column. In the place of a
number, `normal` is what calibrating runs differ by, and `others` what the other groups have.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Any, TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.comparison.similarity import METRICS

SHARES = {
    "prediction_changed": "share of images whose prediction changed",
    "retargeted": "share of images of the same prediction that are explained for another class",
    "looks_elsewhere": "share of images of the same prediction whose map is another",
    "accuracy_lost": "share of images that are right no longer, less those that are right now",
    "calibration_shift": "change of the mean score less the accuracy",
    "gained": "gain of each of 14×14 cells, mean of the images less a standard error, summed",
    "missing": "share of the reference's images that the new run lacks",
    "extra": "share of the new run's images that the reference lacks",
    "input_changed": "share of images whose file is another",
    "failed": "share of images that failed in either run",
    "unconverged": "share of images whose map missed its tolerance in either run",
}
CHANGES = {
    "score": "change of the score",
    "delta": "change of the delta",
}
_NAMED: dict[str, Callable[[Any], Any]] = {
    "min": np.min,
    "max": np.max,
    "mean": np.mean,
    "median": np.median,
}
Span: TypeAlias = tuple[float, float]
_STATISTIC = re.compile(r"p\d{1,2}|min|max|mean|median")
_FORM = re.compile(r"([a-z0-9_]+)(?:\.([a-z0-9]+))?([<>])([-+0-9.eE]+)")
# Of commands that leave images out: the share of them.
LEFT_OUT = "left_out"
# A limit that is no number: what it is comes from the runs.
NORMAL, OTHERS = "normal", "others"
_BY = re.compile(r"(\S.*?)\s+by\s+([^<>]*[^<>\s])\s*([<>].*)", re.DOTALL)
_RELATIVE = re.compile(rf"([a-z0-9_]+)(?:\.([a-z0-9]+))?([<>])({NORMAL}|{OTHERS})")
# Shares of the images that both runs explain: these can be taken by group, and have a normal.
BY_IMAGE = (
    "prediction_changed", "looks_elsewhere", "accuracy_lost", "calibration_shift", "gained"
)  # fmt: skip
USAGE = (
    "METRIC.STATISTIC<V or >V (cosine.p05<0.9), 'METRIC.STATISTIC by class<V', with V a number, "
    "normal or others, or SHARE>V (prediction_changed>0.02)"
)
# An image looks elsewhere when its cosine is less.
ELSEWHERE = 0.5
# What a gate must never skip: there whether or not thresholds are given.
COMPLETE = (
    "missing>0",
    "extra>0",
    "input_changed>0",
    "failed>0",
    "unconverged>0",
    "retargeted>0",
)
# Chosen by tests/benchmarks/drift_gate.py: another seed passes, a planted mark fails.
DEFAULT = (
    "moved.mean>0.45",
    "moved.mean by class>others",
    "gained by class>others",
    "prediction_changed>0.4",
    "prediction_changed by class>others",
)
# Where the reference has runs to calibrate by.
CALIBRATED = (
    "moved.mean>normal",
    "moved.mean by class>normal",
    "moved.mean by class>others",
    "gained by class>others",
    "prediction_changed>normal",
    "prediction_changed by class>others",
    "accuracy_lost>normal",
)


@dataclass(frozen=True, slots=True)
class Threshold:
    """One gate: what is measured, and beyond which value it fails.

    Attributes
    ----------
    text : str
        As it was written.
    measure, statistic : str
        What is measured; the statistic is empty for a share of images.
    below : bool
        Whether it fails below its limit.
    limit : float
        NaN where the runs tell it.
    by : str
        What images are grouped by, each group judged on its own; "" for all at once.
    relative : str
        "normal" or "others" where the limit is no number.
    """

    text: str
    measure: str
    statistic: str
    below: bool
    limit: float
    by: str = ""
    relative: str = ""

    def crossed_by(self, value: float) -> bool:
        """Tell whether a value is beyond the limit."""
        return value < self.limit if self.below else value > self.limit


def parse_thresholds(texts: Iterable[str], is_calibrated: bool = False) -> list[Threshold]:
    """Read thresholds; those of COMPLETE are added where their share has none.

    Without any there are those of CALIBRATED or of DEFAULT.
    """
    usual = CALIBRATED if is_calibrated else DEFAULT
    given = list(dict.fromkeys(map(_parse, texts))) or list(map(_parse, usual))
    named = {threshold.measure for threshold in given}
    return given + [t for t in map(_parse, COMPLETE) if t.measure not in named]


def is_usual(threshold: Threshold, is_calibrated: bool) -> bool:
    """Tell whether a threshold is one of those that are there when none is given."""
    return threshold.text in (CALIBRATED if is_calibrated else DEFAULT)


def _parse(text: str) -> Threshold:
    plain, by = split_by(text)
    relative = _RELATIVE.fullmatch(plain)
    if relative:
        measure, statistic, sign, word = (part or "" for part in relative.groups())
        number = nan
    else:
        plain, measure, statistic, sign, number = take_apart(plain, USAGE)
        word = ""
    whole = plain if not by else re.sub("([<>])", rf" by {_literal(by)}\1", plain, count=1)
    if (word == OTHERS) > bool(by):
        raise unreadable(whole, "the others are other groups: by what is not said", USAGE)
    found = Threshold(whole, measure, statistic, sign == "<", number, by, word)
    if measure in SHARES:
        _check_share(found)
    else:
        _check_metric(found)
    return found


def split_by(text: str) -> tuple[str, str]:
    """Return a threshold without its "by COLUMN" and without white space, and the column, or ""."""
    grouped = _BY.fullmatch(text.strip())
    by = " ".join(grouped[2].split()) if grouped else ""
    plain = f"{grouped[1]}{grouped[3]}" if grouped else text
    return "".join(plain.split()), by


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")


def _check_share(found: Threshold) -> None:
    text, limit = found.text, found.limit
    if found.statistic or found.below:
        raise unreadable(text, "a share of images has no statistic, and fails above a limit", USAGE)
    if (found.by or found.relative) and found.measure not in BY_IMAGE:
        raise unreadable(text, f"groups and normal are for {', '.join(BY_IMAGE)}", USAGE)
    if not found.relative and not 0.0 <= limit <= 1.0:
        raise unreadable(text, "a share of images is from 0 to 1: 0.02 for 2 %", USAGE)


def _check_metric(found: Threshold) -> None:
    text, measure = found.text, found.measure
    if measure not in METRICS and measure not in CHANGES:
        known = ", ".join((*METRICS, *CHANGES, *SHARES))
        raise unreadable(text, f"there is {known}", USAGE)
    check_statistic(text, found.statistic, USAGE)
    alike = measure in METRICS and METRICS[measure].more_is_alike
    if alike != found.below:
        better = "more" if alike else "less"
        raise unreadable(text, f"of {measure}, {better} is more alike: turn the sign round", USAGE)
    metric = METRICS.get(measure)
    # Changes of numbers are magnitudes.
    span = (metric.least, metric.most) if metric else (0.0, inf)
    if not found.relative:
        check_limit(text, measure, alike, found.limit, span)


def take_apart(text: str, usage: str) -> tuple[str, str, str, str, float]:
    """Return a threshold's text, what it is of, its statistic ("" for none), sign and limit.

    Raises
    ------
    ConfigError
        When it is not written as `usage` says.
    """
    # Without white space: some of it, as \x1f, has no place in XML.
    text = "".join(text.split())
    match = _FORM.fullmatch(text)
    try:
        measure, statistic, sign, limit = match.groups() if match else ("", "", "", "")
        number = float(limit)
    except ValueError:
        raise unreadable(text, f"it is not {usage}", usage) from None
    if not isfinite(number):
        raise unreadable(text, f"{limit} is beyond every number", usage)
    return text, measure, statistic or "", sign, number


def check_statistic(text: str, name: str, usage: str) -> None:
    """Raise ConfigError for the name of no statistic."""
    if not _STATISTIC.fullmatch(name):
        raise unreadable(text, "it needs p00 to p99, min, max, mean or median after a dot", usage)


def left_out_gate(
    text: str, name: str, sign: str, limit: float, usage: str, by: str | None = None
) -> Threshold:
    """Return a gate on the share of images that were left out, from what `take_apart` gives.

    `by` is what groups it asks for, of commands whose gates know groups.

    Raises
    ------
    ConfigError
        When it has a statistic or groups, or fails below its limit.
    """
    if name or sign == "<" or by:
        groups = "" if by is None else " and no groups"
        cause = f"a share of images has no statistic{groups}, and fails above a limit"
        raise unreadable(text, cause, usage)
    check_limit(text, LEFT_OUT, False, limit, (0.0, 1.0))
    return Threshold(text, LEFT_OUT, "", False, limit)


def unreadable(text: str, cause: str, usage: str) -> ConfigError:
    """Return the error for a threshold that is written otherwise than `usage` says."""
    return ConfigError(f"--fail-on {text} can't be read", cause, f"write {usage}")


def check_limit(text: str, measure: str, below: bool, limit: float, span: Span) -> None:
    """Raise ConfigError for a limit that nothing, or everything, is beyond."""
    least, most = span
    never = limit <= least if below else limit >= most
    always = limit > most if below else limit < least
    if never or always:
        raise ConfigError(
            f"--fail-on {text} is {'never' if never else 'always'} crossed",
            f"{measure} is from {least:g} to {most:g}"
            if isfinite(most)
            else f"{measure} is {least:g} or more",
            "set a limit within that, or leave this one out",
        )


def statistic(values: Sequence[float] | Array, name: str) -> float:
    """Return a percentile, the mean, the least or the greatest of some numbers."""
    if name in _NAMED:
        return float(_NAMED[name](values))
    percent = float(name[1:])
    least, most = (np.percentile(values, percent, method=m) for m in ("lower", "higher"))
    # Beside infinity numpy would find NaN, which crosses no limit.
    return float(most if most in (least, np.inf) else np.percentile(values, percent))
