"""The words of a verdict: which group moved, by how much against what is normal, where to look."""

from collections.abc import Iterator

from igcli.comparison.drift.normal import COVERAGE
from igcli.comparison.drift.thresholds import CHANGES, NORMAL, OTHERS, SHARES, Threshold
from igcli.comparison.drift.verdict import Judged, JudgedGroup, Verdict
from igcli.comparison.similarity import METRICS

_NAMED = 3
# What a number is of, where it is a share.
_SAID = {
    "moved.mean": "{} of what speaks for the class lies elsewhere than in the reference",
    "moved.median": "{} of what speaks for the class lies elsewhere than in the reference",
    "prediction_changed": "{} of the predictions are others",
    "accuracy_lost": "the accuracy is {} less",
    "calibration_shift": "the scores are {} further from the accuracy",
}


def headline(verdict: Verdict) -> str:
    """Return what is said first: "drift in class wolf", "not clear", "no drift"."""
    names = named(verdict)
    where = f" in {verdict.by} {', '.join(names[:_NAMED])}" if names else ""
    if len(names) > _NAMED:
        where += f" and {len(names) - _NAMED} more"
    if verdict.is_unclear:
        return f"not clear{where}"
    return f"drift{where}" if verdict.failed else "no drift"


def named(verdict: Verdict) -> list[str]:
    """Return the groups that are beyond a limit, each once, the clear ones first."""
    found = [group for judged in verdict.crossed for group in judged.groups if group.crossed]
    found.sort(key=lambda group: group.unclear)
    return list(dict.fromkeys(group.name for group in found if group.name))


def findings(verdict: Verdict) -> Iterator[tuple[Judged, JudgedGroup]]:
    """Yield what is beyond a limit: one threshold for each group, what is clear and named first."""
    seen = set()
    found = [(j, group) for j in verdict.crossed for group in j.groups if group.crossed]
    for judged, group in sorted(found, key=lambda pair: (pair[1].unclear, not pair[1].name)):
        key = group.name, judged.threshold.measure, judged.threshold.statistic
        if key not in seen:
            seen.add(key)
            yield judged, group


def sentence(judged: Judged, group: JudgedGroup) -> str:
    """Say what was found of a group, and what it is held against."""
    threshold = judged.threshold
    name = _name(threshold)
    low, high = (_number(judged, end) for end in group.interval)
    found = _SAID.get(name, f"{name} is {{}}").format(_number(judged, group.value))
    return f"{found} ({low} to {high} with other images); {_against(judged, group)}{_chance(group)}"


def _name(threshold: Threshold) -> str:
    statistic = f".{threshold.statistic}" if threshold.statistic else ""
    return f"{threshold.measure}{statistic}"


def _number(judged: Judged, value: float) -> str:
    """Return a number as people read it: a share in percent."""
    threshold = judged.threshold
    name = _name(threshold)
    return f"{value:.0%}" if name in _SAID else f"{value:.3g}"


def _against(judged: Judged, group: JudgedGroup) -> str:
    end = "at least" if judged.threshold.below else "at most"
    limit = _number(judged, group.limit)
    if group.normal is None:
        return f"{end} {limit} is allowed"
    what = {NORMAL: "normal is", OTHERS: "by the other groups it would be"}
    return f"{what[judged.threshold.relative]} {_number(judged, group.normal)}, {end} {limit}"


def _chance(group: JudgedGroup) -> str:
    return "; not clear: other images might not show it" if group.unclear else ""


def meaning(measure: str) -> str:
    """Return what a measure is, in words."""
    return METRICS[measure].meaning if measure in METRICS else (SHARES | CHANGES)[measure]


def images_of(judged: Judged, group: JudgedGroup, verdict: Verdict) -> list[str]:
    """Return the images of a group to look at, the worst first."""
    members = verdict.members.get(group.name) if group.name else None
    return [name for name in judged.worst if members is None or name in members]


def basis(verdict: Verdict) -> str:
    """Say where the limits come from."""
    if verdict.calibrated:
        count = len(verdict.calibrated)
        runs = f"{count} further run{'s' * (count > 1)}"
        few = ": few, so the limits are wide" if count < _ENOUGH else ""
        return (
            f"normal is what {runs} of equally good models differ from the reference by{few}; one "
            f"more such run is within a limit in {COVERAGE:.1%} of cases"
        )
    return (
        "one reference run does not say what is normal for your models: limits are defaults, "
        "measured on MNIST's digits, drawn shapes and pieces of photos; "
        "`igcli baseline RUN RUN2 RUN3 -o FILE.igref` finds your own"
    )


# From so many on a spread is known well.
_ENOUGH = 5
