"""The gates of agreement: ``density.p95>0.3``, of all images or ``by class``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.comparison.agreement.agree import Agreement, ImageAgreement
from igcli.comparison.agreement.agreement_groups import places_by
from igcli.comparison.agreement.agreement_resolution import what_to_do
from igcli.comparison.agreement.choices import Choices
from igcli.comparison.agreement.pairwise import MEASURES
from igcli.comparison.drift.thresholds import (
    LEFT_OUT,
    Threshold,
    check_limit,
    check_statistic,
    left_out_gate,
    split_by,
    statistic,
    take_apart,
    unreadable,
)

USAGE = (
    "MEASURE.STATISTIC<V or >V (density.p95>0.3), 'MEASURE.STATISTIC by class>V', or left_out>V "
    "(left_out>0.1)"
)
# Images that a group must have to be judged, unless something else is asked for.
MIN_GROUP = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """A gate held against what was found.

    Attributes
    ----------
    threshold : Threshold
        The gate.
    group : str
        The one that it was farthest in; "" for all images.
    value : float or None
        What was found there; None where there was nothing to judge, which crosses every gate.
    crossed : bool
        Whether it fails.
    beyond : list of str
        The ids of the images beyond the limit, the farthest first; by group, those of groups that
        are beyond it.
    explained : float
        What the maps' own errors alone make of it; NaN where that is not known.
    left_out : str
        Why there was nothing to judge; "" where there was.
    """

    threshold: Threshold
    group: str
    value: float | None
    crossed: bool
    beyond: list[str]
    explained: float = np.nan
    left_out: str = ""


def parse_gates(texts: Sequence[str]) -> list[Threshold]:
    """Read gates; raise ConfigError for what is none."""
    return list(dict.fromkeys(map(_parse, texts)))


def _parse(text: str) -> Threshold:
    plain, by = split_by(text)
    plain, measure, name, sign, limit = take_apart(plain, USAGE)
    written = " ".join(text.split()) if by else plain
    if measure == LEFT_OUT:
        return left_out_gate(written, name, sign, limit, USAGE, by)
    if measure not in MEASURES:
        raise unreadable(written, f"there is {', '.join((*MEASURES, LEFT_OUT))}", USAGE)
    check_statistic(written, name, USAGE)
    alike = MEASURES[measure].more_is_alike
    if alike != (sign == "<"):
        better = "more" if alike else "less"
        cause = f"of {measure}, {better} is more alike: turn the sign round"
        raise unreadable(written, cause, USAGE)
    check_limit(written, measure, alike, limit, MEASURES[measure].span)
    return Threshold(written, measure, name, alike, limit, by)


def judge(
    gates: Sequence[Threshold],
    found: Agreement,
    choices: Choices,
    by: str | None = None,
    min_group: int = MIN_GROUP,
) -> list[Judged]:
    """Judge every gate, in their order; `choices` is what `found` was found in.

    Raises
    ------
    ConfigError
        When the maps' errors alone would cross a gate, a measure can't be told, or no row has such
        a group.
    """
    return [
        _judge_left_out(gate, found)
        if gate.measure == LEFT_OUT
        else _judge(gate, found, choices, by, min_group)
        for gate in gates
    ]


def _judge_left_out(gate: Threshold, found: Agreement) -> Judged:
    count = len(found.left_out)
    share = count / max(1, count + len(found.images))
    ids = [one.row.id for one in found.left_out]
    return Judged(gate, "", share, gate.crossed_by(share), ids)


def _judge(
    gate: Threshold, found: Agreement, choices: Choices, by: str | None, min_group: int
) -> Judged:
    _check_told(gate, found)
    places = {"": np.arange(len(found.images))}
    if gate.by:
        groups = places_by(found.images, by if gate.by == "class" else gate.by)
        places = {name: some for name, some in groups.items() if len(some) >= min_group}
    if not places:
        # A gate that has looked at nothing has not passed.
        why = f"no group has {min_group} images"
        return Judged(gate, "", None, True, [], left_out=why)
    values = _taken(gate, places, found.values(gate.measure))
    explained = _taken(gate, places, _explained(found, gate.measure))
    for name, noise in explained.items():
        if gate.crossed_by(noise):
            images = [found.images[i] for i in places[name]]
            raise _too_fine(gate, name, noise, values[name], what_to_do(gate, images, choices))
    sign = 1.0 if gate.below else -1.0
    worst = min(values, key=lambda name: sign * values[name])
    crossed = [name for name, value in values.items() if gate.crossed_by(value)]
    images = [found.images[i] for name in crossed for i in places[name]]
    return Judged(
        gate, worst, values[worst], bool(crossed), _beyond(gate, images), explained[worst]
    )


def _taken(gate: Threshold, places: Mapping[str, Array], values: Array) -> dict[str, float]:
    """Return the gate's statistic of each group's numbers that are known."""
    kept = {name: values[some][~np.isnan(values[some])] for name, some in places.items()}
    return {
        name: statistic(some, gate.statistic) if len(some) else np.nan
        for name, some in kept.items()
    }


def _explained(found: Agreement, measure: str) -> Array:
    return np.array([image.explained[measure] for image in found.images])


def _beyond(gate: Threshold, images: Sequence[ImageAgreement]) -> list[str]:
    beyond = [image for image in images if gate.crossed_by(image.values[gate.measure])]
    sign = 1.0 if gate.below else -1.0
    beyond.sort(key=lambda image: sign * image.values[gate.measure])
    return [image.row.id for image in beyond]


def _check_told(gate: Threshold, found: Agreement) -> None:
    if gate.measure in found.measures:
        return
    kind = gate.measure.removesuffix("_median")
    if kind in found.measures:
        cause = f"two baselines have one pair: its median is {kind}"
        raise ConfigError(f"--fail-on {gate.text} can't be told", cause, f"use {kind}")
    if kind == "signs":
        cause, fix = "pixels of both signs lie in one region", "run with --store pixels"
    else:
        cause, fix = "the maps are of no picture, which has no cells", "use cosine or signs"
    raise ConfigError(f"--fail-on {gate.text} can't be told", cause, fix)


def _too_fine(gate: Threshold, name: str, noise: float, value: float, fix: str) -> ConfigError:
    where = f" of {name}" if name else ""
    return ConfigError(
        f"--fail-on {gate.text} is finer than the maps can tell",
        f"their own errors alone give {gate.measure}.{gate.statistic} of {noise:.3g}{where}; found "
        f"is {value:.3g}",
        fix,
    )
