"""What the first explanations of a run give away: each rule says one line, when it matters."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Warn
from igcli.common.explanation import Explanation
from igcli.common.model_spec import ModelSpec

_LOOKED_AT = 32
_MOST = 0.5
_SMALL = 1e-3
_SURE = 1.0 - 1e-6
_PROBABLY = 0.5

Rule: TypeAlias = Callable[[Sequence[Explanation], ModelSpec], str]


class Diagnostics:
    """Looks at a run's first explanations, once.

    Parameters
    ----------
    spec : ModelSpec
        Of the model.
    warn : callable
        Told one line for each rule that applies.
    """

    def __init__(self, spec: ModelSpec, warn: Warn) -> None:
        self._spec = spec
        self._warn = warn
        self._seen: list[Explanation] = []
        self._done = False

    def add(self, explanation: Explanation) -> None:
        """Take the next explanation; judge as soon as there are enough."""
        if not self._done and explanation.status == "ok":
            self._seen.append(explanation)
            if len(self._seen) == _LOOKED_AT:
                self.finish()

    def finish(self) -> None:
        """Judge what there is, unless that was done."""
        if not self._done and self._seen:
            for rule in RULES:
                message = rule(self._seen, self._spec)
                if message:
                    self._warn(message)
        self._done = True
        self._seen = []


def zero_maps(seen: Sequence[Explanation], spec: ModelSpec) -> str:
    """Tell of maps without a number but zero: nothing was explained."""
    zero = [e for e in seen if e.attribution is not None and not np.any(e.attribution)]
    if not zero:
        return ""
    return (
        f"{_share(zero, seen)} maps are all zero, {zero[0].id} for one: its gradient vanishes all "
        "along the path, or input and baseline are the same"
    )


def saturated(seen: Sequence[Explanation], spec: ModelSpec) -> str:
    """Tell of probabilities of 1 to within float32: their gradient is rounding."""
    if not _gives_probabilities(spec):
        return ""
    sure = [e for e in seen if e.score is not None and e.score > _SURE]
    if not _are_most(sure, seen):
        return ""
    return (
        f"{_share(sure, seen)} scores are within 1e-6 of 1: the output is "
        "saturated and its gradients vanish; --scores logit explains the values before it"
    )


def small_difference(seen: Sequence[Explanation], spec: ModelSpec) -> str:
    """Tell of scores that hardly differ from the baseline's: there is little to explain."""
    small = [e for e in seen if _differs_little(e)]
    if not _are_most(small, seen):
        return ""
    return (
        f"{_share(small, seen)} scores are within a thousandth of their baseline's: there is "
        "little to explain; try another --baseline or --target"
    )


def likely_baseline(seen: Sequence[Explanation], spec: ModelSpec) -> str:
    """Tell of baselines that are the target class already."""
    if not _gives_probabilities(spec) or spec.classes < 2:
        return ""
    likely = [e for e in seen if e.baseline_score is not None and e.baseline_score > _PROBABLY]
    if not _are_most(likely, seen):
        return ""
    return (
        f"{_share(likely, seen)} baselines are themselves the explained class, "
        f"{likely[0].id}'s at {likely[0].baseline_score:.2f}: another --baseline says more"
    )


RULES: tuple[Rule, ...] = (zero_maps, saturated, small_difference, likely_baseline)


def _gives_probabilities(spec: ModelSpec) -> bool:
    if spec.scores == "logit":
        return False
    return spec.scores == "probability" or spec.tail in {"softmax", "sigmoid"}


def _are_most(some: Sequence[Explanation], seen: Sequence[Explanation]) -> bool:
    return len(some) > _MOST * len(seen)


def _differs_little(explanation: Explanation) -> bool:
    score, start = explanation.score, explanation.baseline_score
    if score is None or start is None:
        return False
    return abs(score - start) <= _SMALL * max(abs(score), abs(start))


def _share(some: Sequence[Explanation], seen: Sequence[Explanation]) -> str:
    return f"{len(some)} of the first {len(seen)}" if len(seen) > 1 else "the"
