"""evaluate_gates: ``insertion.gain<0.05`` fails where maps are hardly better than controls."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from igcli.common.choices import FAITHFULNESS
from igcli.comparison.drift.thresholds import (
    LEFT_OUT,
    Threshold,
    check_limit,
    left_out_gate,
    take_apart,
    unreadable,
)
from igcli.evaluation.faithfulness.evaluated import Evaluated, Gain

USAGE = (
    "METRIC.STATISTIC<V or >V with gain, low, high or value (insertion.gain<0.05), or left_out>V "
    "(left_out>0.1)"
)
# The gain, the ends of its interval, and the metric itself.
_STATISTICS = ("gain", "low", "high", "value")


@dataclass(frozen=True, slots=True)
class Judged:
    """A gate held against what was measured.

    Attributes
    ----------
    threshold : Threshold
        The gate.
    run : str
        The run that it is of; "" of all.
    value : float or None
        What was found; None where there was nothing to judge, which crosses every gate.
    crossed : bool
        Whether it fails.
    """

    threshold: Threshold
    run: str
    value: float | None
    crossed: bool


def parse_gates(texts: Sequence[str], metrics: Sequence[str]) -> list[Threshold]:
    """Read gates on these metrics; raise ConfigError for what is none."""
    return list(dict.fromkeys(_parse(text, metrics) for text in texts))


def _parse(text: str, metrics: Sequence[str]) -> Threshold:
    text, measure, name, sign, limit = take_apart(text, USAGE)
    if measure == LEFT_OUT:
        return left_out_gate(text, name, sign, limit, USAGE)
    if measure not in metrics:
        known = measure in FAITHFULNESS
        cause = f"--metric {measure} is not asked for" if known else f"there is {_all(metrics)}"
        raise unreadable(text, cause, USAGE)
    if name not in _STATISTICS:
        raise unreadable(text, f"it needs {', '.join(_STATISTICS)} after a dot", USAGE)
    check_limit(text, measure, sign == "<", limit, (-inf, inf))
    return Threshold(text, measure, name, sign == "<", limit)


def _all(metrics: Sequence[str]) -> str:
    return ", ".join((*metrics, LEFT_OUT))


def judge(gates: Sequence[Threshold], found: Evaluated) -> list[Judged]:
    """Judge every gate, in their order, on every run."""
    gains = list(found.gains())
    return [one for gate in gates for one in _judge(gate, found, gains)]


def _judge(gate: Threshold, found: Evaluated, gains: Sequence[Gain]) -> list[Judged]:
    if gate.measure == LEFT_OUT:
        lost = len(found.left_out) + len(found.failed)
        share = lost / max(1, len(found.left_out) + len(found.images))
        return [Judged(gate, "", share, gate.crossed_by(share))]
    own = [gain for gain in gains if gain.metric == gate.measure]
    # A gate that has looked at nothing has not passed.
    return [_of_run(gate, found, gain) for gain in own] or [Judged(gate, "", None, True)]


def _of_run(gate: Threshold, found: Evaluated, gain: Gain) -> Judged:
    value = _value(gate.statistic, gain)
    run = found.outs[gain.run] if len(found.outs) > 1 else ""
    return Judged(gate, run, value, value is None or gate.crossed_by(value))


def _value(statistic: str, gain: Gain) -> float | None:
    if statistic == "value":
        return gain.value.value
    if statistic == "gain":
        return gain.gain.value
    ends = gain.gain.interval
    return None if ends is None else ends[statistic == "high"]
