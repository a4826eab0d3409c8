"""The gates of locate: ``inside.median<0.5`` fails where half the images have less inside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.errors import ConfigError
from igcli.comparison.drift.thresholds import (
    LEFT_OUT,
    Threshold,
    check_limit,
    check_statistic,
    left_out_gate,
    statistic,
    take_apart,
    unreadable,
)
from igcli.findings.locate_measures import MEASURES
from igcli.findings.locate_results import Findings, Located

USAGE = "MEASURE.STATISTIC<V or >V (inside.median<0.5), or left_out>V (left_out>0.1)"


@dataclass(frozen=True, slots=True)
class Judged:
    """A gate held against what was found.

    Attributes
    ----------
    threshold : Threshold
        The gate.
    value : float or None
        What was found; None where there was nothing to judge, which crosses every gate.
    crossed : bool
        Whether it fails.
    beyond : list of Located
        The images beyond the limit, the farthest first.
    """

    threshold: Threshold
    value: float | None
    crossed: bool
    beyond: list[Located]


def parse_gates(texts: Sequence[str]) -> list[Threshold]:
    """Read gates; raise ConfigError for what is none."""
    return list(dict.fromkeys(map(_parse, texts)))


def _parse(text: str) -> Threshold:
    text, measure, name, sign, limit = take_apart(text, USAGE)
    if measure == LEFT_OUT:
        return left_out_gate(text, name, sign, limit, USAGE)
    if measure not in MEASURES:
        raise unreadable(text, f"there is {', '.join((*MEASURES, LEFT_OUT))}", USAGE)
    check_statistic(text, name, USAGE)
    check_limit(text, measure, sign == "<", limit, (0.0, MEASURES[measure].most))
    return Threshold(text, measure, name, sign == "<", limit)


def judge(gates: Sequence[Threshold], found: Findings) -> list[Judged]:
    """Judge every gate, in their order.

    Raises
    ------
    ConfigError
        When the maps' errors alone decide whether a gate is crossed.
    """
    return [
        _judge_left_out(gate, found) if gate.measure == LEFT_OUT else _judge(gate, found)
        for gate in gates
    ]


def _judge_left_out(gate: Threshold, found: Findings) -> Judged:
    share = len(found.left_out) / max(1, len(found.images))
    return Judged(gate, share, gate.crossed_by(share), found.left_out)


def _judge(gate: Threshold, found: Findings) -> Judged:
    images = [image for image in found.measured if not np.isnan(image.values[gate.measure])]
    if not images:
        # A gate that has looked at nothing has not passed.
        return Judged(gate, None, True, [])
    values = np.array([image.values[gate.measure] for image in images])
    value = statistic(values, gate.statistic)
    crossed = gate.crossed_by(value)
    errors = np.nan_to_num(np.array([image.errors[gate.measure] for image in images]))
    most = MEASURES[gate.measure].most
    ends = [statistic(np.clip(values + e, 0.0, most), gate.statistic) for e in (-errors, errors)]
    if any(gate.crossed_by(end) != crossed for end in ends):
        raise ConfigError(
            f"--fail-on {gate.text} is finer than the run can tell",
            f"{gate.measure}.{gate.statistic} is {value:.3g}, and with what its maps may be off "
            f"anything from {ends[0]:.3g} to {ends[1]:.3g}",
            _what_to_do(found),
        )
    order = np.argsort(values if gate.below else -values, kind="stable")
    beyond = [images[i] for i in order if gate.crossed_by(values[i])]
    return Judged(gate, value, crossed, beyond)


def _what_to_do(found: Findings) -> str:
    finer = "run again with a smaller --tolerance"
    if found.cells:
        finer += ", with smaller cells (--certify regions:CELL) or with --store pixels"
    return f"{finer}, or set a limit beyond these"
