"""Diagnostics of a run's first explanations: each check tells of one thing, in one line."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Warn
from igcli.common.explanation import Explanation
from igcli.common.model_spec import ModelSpec
from igcli.common.notes import Doubt

_LOOKED_AT = 32
_MOST = 0.5
_SMALL = 1e-3
_SURE = 1.0 - 1e-6
_PROBABLY = 0.5

Check: TypeAlias = Callable[[Sequence[Explanation], ModelSpec], str]


class Diagnostics:
    """Looks at a run's first explanations, once.

    Parameters
    ----------
    spec : ModelSpec
        Of the model.
    warn : callable
        Told one line for each check that applies.
    """

    def __init__(self, spec: ModelSpec, warn: Warn) -> None:
        self._spec = spec
        self._warn = warn
        self._first: list[Explanation] = []
        self._done = False

    def add(self, explanation: Explanation) -> None:
        """Take the next explanation; check all as soon as there are enough."""
        if not self._done and explanation.status == "ok":
            self._first.append(explanation)
            if len(self._first) == _LOOKED_AT:
                self.finish()

    def finish(self) -> None:
        """Check what there is, unless that was done before."""
        if not self._done and self._first:
            for check in CHECKS:
                message = check(self._first, self._spec)
                if message:
                    self._warn(message)
        self._done = True
        self._first = []


def zero_maps(first: Sequence[Explanation], spec: ModelSpec) -> str:
    """Tell of maps without a number but zero: nothing was explained."""
    zero = [e for e in first if e.attribution is not None and not np.any(e.attribution)]
    if not zero:
        return ""
    message = (
        f"{_share(zero, first)} maps are all zero, {zero[0].id} for one: its gradient vanishes all "
        "along the path, or input and baseline are the same"
    )
    return Doubt(message) if len(zero) == len(first) else message


def saturated(first: Sequence[Explanation], spec: ModelSpec) -> str:
    """Tell of probabilities of 1 to within float32: their gradient is rounding."""
    if not _gives_probabilities(spec):
        return ""
    sure = [e for e in first if e.score is not None and e.score > _SURE]
    if not _are_most(sure, first):
        return ""
    return (
        f"{_share(sure, first)} scores are within 1e-6 of 1: the output is "
        "saturated and its gradients vanish; --scores logit explains the values before it"
    )


def small_difference(first: Sequence[Explanation], spec: ModelSpec) -> str:
    """Tell of scores that hardly differ from the baseline's: there is little to explain."""
    small = [e for e in first if _differs_little(e)]
    if not _are_most(small, first):
        return ""
    return (
        f"{_share(small, first)} scores are within a thousandth of their baseline's: there is "
        "little to explain; try another --baseline or --target"
    )


def likely_baseline(first: Sequence[Explanation], spec: ModelSpec) -> str:
    """Tell of baselines that are the target class already."""
    if not _gives_probabilities(spec) or spec.classes < 2:
        return ""
    likely = [e for e in first if e.baseline_score is not None and e.baseline_score > _PROBABLY]
    if not _are_most(likely, first):
        return ""
    return (
        f"{_share(likely, first)} baselines are themselves the explained class, "
        f"{likely[0].id}'s at {likely[0].baseline_score:.2f}: another --baseline says more"
    )


CHECKS: tuple[Check, ...] = (zero_maps, saturated, small_difference, likely_baseline)


def _gives_probabilities(spec: ModelSpec) -> bool:
    if spec.scores == "logit":
        return False
    return spec.scores == "probability" or spec.tail in {"softmax", "sigmoid"}


def _are_most(some: Sequence[Explanation], first: Sequence[Explanation]) -> bool:
    return len(some) > _MOST * len(first)


def _differs_little(explanation: Explanation) -> bool:
    score, start = explanation.score, explanation.baseline_score
    if score is None or start is None:
        return False
    return abs(score - start) <= _SMALL * max(abs(score), abs(start))


def _share(some: Sequence[Explanation], first: Sequence[Explanation]) -> str:
    return f"{len(some)} of the first {len(first)}" if len(first) > 1 else "the"
