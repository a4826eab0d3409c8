"""The judge: thresholds held against the measured metrics."""

from collections.abc import Sequence

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.drift.pairs import Matched, Measured
from igcli.comparison.drift.thresholds import CHANGES, ELSEWHERE, Threshold, statistic
from igcli.comparison.drift.verdict import Judged
from igcli.comparison.similarity import METRICS

_NAMES = list(METRICS)
Shares = dict[str, tuple[float, list[str]]]


def judge(thresholds: Sequence[Threshold], matched: Matched, found: Measured) -> list[Judged]:
    """Judge every threshold, in their order."""
    shares = shares_by_name(matched, found)
    return [
        _judge_maps(threshold, matched, found)
        if threshold.statistic
        else _judge_share(threshold, shares)
        for threshold in thresholds
    ]


def shares_by_name(matched: Matched, found: Measured) -> Shares:
    """Return each share of images, and their ids."""
    known, explained = matched.common, len(matched.explained)
    total = known + len(matched.missing)
    changed = [a.id for a, b in matched.explained if a.prediction != b.prediction]
    same = _same_prediction(matched)
    elsewhere = [
        a.id
        for (a, _), values, is_same in zip(matched.pairs, found.judged, same, strict=True)
        if is_same and values[_NAMES.index("cosine")] < ELSEWHERE
    ]
    return {
        "prediction_changed": _share(changed, explained),
        "retargeted": _share([a.id for a, _ in matched.retargeted_alone], explained),
        "looks_elsewhere": _share(elsewhere, sum(same)),
        "missing": _share(matched.missing, total),
        "extra": _share(matched.extra, known + len(matched.extra)),
        "input_changed": _share(matched.input_changed, total),
        "failed": _share(matched.failed, total),
        "unconverged": _share(matched.unconverged, explained),
    }


def _share(ids: list[str], total: int) -> tuple[float, list[str]]:
    return len(ids) / max(1, total), ids


def _same_prediction(matched: Matched) -> list[bool]:
    return [a.prediction == b.prediction for a, b in matched.pairs]


def _judge_share(threshold: Threshold, shares: Shares) -> Judged:
    share, ids = shares[threshold.measure]
    return Judged(threshold, share, threshold.crossed_by(share), share, ids)


def _judge_maps(threshold: Threshold, matched: Matched, found: Measured) -> Judged:
    ids, values = _values(threshold.measure, matched, found)
    if not len(values):
        # A gate that has looked at nothing has not passed.
        return Judged(threshold, None, True, 0.0, [])
    value = statistic(values, threshold.statistic)
    beyond = values < threshold.limit if threshold.below else values > threshold.limit
    order = np.argsort(values if threshold.below else -values, kind="stable")
    worst = [ids[i] for i in order if beyond[i]]
    return Judged(threshold, value, threshold.crossed_by(value), float(beyond.mean()), worst)


def _values(measure: str, matched: Matched, found: Measured) -> tuple[list[str], Array]:
    """Return the ids and numbers that a statistic is taken of.

    Metrics are of maps of the same prediction; changes of every image of one target.
    """
    if measure in CHANGES:
        ids = [a.id for a, _ in matched.pairs]
        pairs = [(getattr(a, measure), getattr(b, measure)) for a, b in matched.pairs]
        return ids, np.array([abs(y - x) for x, y in pairs])
    same = np.array(_same_prediction(matched), bool)
    ids = [a.id for (a, _), is_same in zip(matched.pairs, same, strict=True) if is_same]
    return ids, found.judged[same, _NAMES.index(measure)]
