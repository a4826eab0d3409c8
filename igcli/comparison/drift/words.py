"""The words of a verdict: which group moved, by how much against what is normal, where to look."""

from collections.abc import Iterator

from igcli.common.text import counted
from igcli.comparison.drift.grouped import Group
from igcli.comparison.drift.normal import COVERAGE
from igcli.comparison.drift.thresholds import CHANGES, OTHERS, SHARES, Threshold
from igcli.comparison.drift.verdict import Judged, JudgedGroup, Verdict
from igcli.comparison.similarity import METRICS

_NAMED = 3
# What the table by group takes as these thresholds do.
_IN_TABLE = ("moved.mean", "gained", "prediction_changed", "accuracy_lost")
# What a number is of, where it is a share.
_SAID = {
    "moved.mean": "{} of what speaks for the class lies elsewhere than in the reference",
    "moved.median": "{} of what speaks for the class lies elsewhere than in the reference",
    "gained": "{} of what speaks for the class has come to places that these images share",
    "prediction_changed": "{} of the predictions changed",
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


def in_order(verdict: Verdict) -> list[Group]:
    """Return the groups: those beyond a limit first, then by name."""
    first = named(verdict)
    return sorted(verdict.groups, key=lambda group: (group.name not in first, group.name))


def findings(verdict: Verdict) -> Iterator[tuple[Judged, JudgedGroup]]:
    """Yield what is beyond a limit: one threshold for each group, what is clear and named first."""
    seen = set()
    found = [(j, group) for j in verdict.crossed for group in j.groups if group.crossed]
    for judged, group in sorted(found, key=lambda pair: (pair[1].unclear, not pair[1].name)):
        key = group.name, judged.threshold.measure, judged.threshold.statistic
        if key not in seen:
            seen.add(key)
            yield judged, group


def sentence(judged: Judged, group: JudgedGroup, verdict: Verdict) -> str:
    """Say what was found of a group, and what it is held against."""
    threshold = judged.threshold
    name = _name(threshold)
    found = _SAID.get(name, f"{name} is {{}}").format(_number(judged, group.value))
    between = _between(judged, group.interval)
    against = _against(judged, group, verdict)
    return f"{found} (95% interval {between}); {against}{_chance(group)}"


def of_how_many(group: JudgedGroup, verdict: Verdict) -> str:
    """Say how many images a number is of; a map of another class is not compared."""
    members = verdict.members.get(group.name) if group.name else None
    total = len(verdict.images) if members is None else len(members)
    images = counted(total, "image")
    if group.count == total:
        return images
    return f"{group.count} of {images}, those with the same prediction in both"


def within(verdict: Verdict) -> str:
    """Say how many images differ by no more than their maps' own errors."""
    noise = verdict.noise()
    if noise is None:
        return "their errors are not known"
    count = verdict.counts()["within_noise"]
    if not count:
        return f"all maps differ by more than their own errors (of {noise:.1%} at the median)"
    return f"{count} differ by no more than the maps' own errors ({noise:.1%} at the median)"


def _name(threshold: Threshold) -> str:
    statistic = f".{threshold.statistic}" if threshold.statistic else ""
    return f"{threshold.measure}{statistic}"


def _number(judged: Judged, value: float) -> str:
    """Return a number as people read it: a share in percent."""
    threshold = judged.threshold
    name = _name(threshold)
    return f"{value:.0%}" if name in _SAID else f"{value:.3g}"


def _between(judged: Judged, ends: tuple[float, float]) -> str:
    low, high = (_number(judged, end) for end in ends)
    return f"{low} to {high}"


def _against(judged: Judged, group: JudgedGroup, verdict: Verdict) -> str:
    limit = f"the limit is {_number(judged, group.limit)}"
    if group.normal is None:
        return limit
    normal = _number(judged, group.normal)
    if judged.threshold.relative == OTHERS:
        return f"going by the rest of this run it would be {normal}, and {limit}"
    seen = _in_runs(judged, group, verdict)
    runs = f" ({_between(judged, seen)} in the calibrating runs)" if seen else ""
    return f"normal is {normal}{runs}, and {limit}"


def _in_runs(judged: Judged, group: JudgedGroup, verdict: Verdict) -> tuple[float, float] | None:
    """Return between what calibrating runs have it, where the group's table holds the same."""
    if _name(judged.threshold) not in _IN_TABLE:
        return None
    measure = judged.threshold.measure
    found = [
        g.measures[measure] for g in verdict.groups if g.name == group.name if measure in g.measures
    ]
    return (min(found[0].normal), max(found[0].normal)) if found and found[0].normal else None


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
        runs = counted(count, "further run")
        few = f" They are few: {_ENOUGH} or more make narrower limits." if count < _ENOUGH else ""
        return (
            f"normal is what {runs} of models held to be equally good differ from the reference "
            f"by.{few} One more such run would cross a limit in {1.0 - COVERAGE:.1%} of cases, all "
            "classes together, if it varies as these do, and as models of other seeds did where "
            "igcli was measured. Limits of `others` come from the other classes of the new run"
        )
    return (
        "one reference run does not say what is normal for your models: the limits are defaults, "
        "measured on small networks for MNIST's digits, drawn shapes and pieces of photos; "
        "`igcli baseline RUN RUN2 RUN3 -o FILE.igref` finds your own"
    )


# From so many on a spread is known well.
_ENOUGH = 5
