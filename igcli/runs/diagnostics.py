"""Diagnostics of some of a run's explanations: each check tells of one thing, in one line."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Warn
from igcli.common.baseline_rules import (
    differs_little,
    gives_probabilities,
    is_class_already,
)
from igcli.common.explanation import Explanation
from igcli.common.model_spec import ModelSpec
from igcli.common.notes import Doubt

# So many explanations are looked at first, and so many at most of those that follow.
_LOOKED_AT, _SAMPLED = 32, 64
_MOST = 0.5
# A baseline suits one class and not another: what is said of it takes inputs of several.
_ONE_CLASS = 0.75
_SURE = 1.0 - 1e-6


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of an explanation: its id, class and scores, and whether its map is zero."""

    id: str
    target: int | None
    score: float | None
    baseline_score: float | None
    is_zero: bool

    @classmethod
    def of(cls, explanation: Explanation) -> "Seen":
        """Return what is kept of one."""
        values = explanation.attribution
        is_zero = values is not None and not np.any(values)
        return cls(explanation.id, explanation.target, explanation.score,
                   explanation.baseline_score, is_zero)  # fmt: skip


Check: TypeAlias = Callable[[Sequence[Seen], ModelSpec], str]


class Diagnostics:
    """Looks at a run's first explanations, and, for its baselines, at some of all.

    Where the first are mostly of one class, as those from folders of classes are, the checks of
    baselines wait until all are seen: every one at first, then ever fewer, evenly spread.

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
        self._kept: list[Seen] = []
        self._count, self._every = 0, 1
        self._left = [*CHECKS, *BASELINE_CHECKS]

    def add(self, explanation: Explanation) -> None:
        """Take the next explanation; check all as soon as there are enough."""
        if not self._left or explanation.status != "ok":
            return
        if self._count % self._every == 0:
            self._kept.append(Seen.of(explanation))
        self._count += 1
        if self._count == _LOOKED_AT:
            self._check(CHECKS if _are_of_one_class(self._kept) else self._left)
        if len(self._kept) > _SAMPLED:
            self._kept = self._kept[::2]
            self._every *= 2

    def finish(self) -> None:
        """Check what is left to check."""
        self._check(self._left)

    def _check(self, checks: Sequence[Check]) -> None:
        for check in checks if self._kept else ():
            message = check(self._kept, self._spec)
            if message:
                self._warn(message)
        self._left = [check for check in self._left if check not in checks]


def zero_maps(seen: Sequence[Seen], spec: ModelSpec) -> str:
    """Tell of maps without a number but zero: nothing was explained."""
    zero = [e for e in seen if e.is_zero]
    if not zero:
        return ""
    message = (
        f"{_share(zero, seen)} maps are all zero, {zero[0].id} for one: its gradient vanishes all "
        "along the path, or input and baseline are the same"
    )
    return Doubt(message) if len(zero) == len(seen) else message


def saturated(seen: Sequence[Seen], spec: ModelSpec) -> str:
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


def small_difference(seen: Sequence[Seen], spec: ModelSpec) -> str:
    """Tell of scores that hardly differ from the baseline's: there is little to explain."""
    small = [e for e in seen if differs_little(e.score, e.baseline_score)]
    if not _are_most(small, seen):
        return ""
    return (
        f"{_share(small, seen)} scores are within a thousandth of their baseline's: there is "
        "little to explain; try another --baseline or --target"
    )


def likely_baseline(seen: Sequence[Seen], spec: ModelSpec) -> str:
    """Tell of baselines that are the target class already."""
    if not _gives_probabilities(spec) or spec.classes < 2:
        return ""
    likely = [e for e in seen if is_class_already(e.baseline_score)]
    if not _are_most(likely, seen):
        return ""
    return (
        f"{_share(likely, seen)} baselines are themselves the explained class, "
        f"{likely[0].id}'s at {likely[0].baseline_score:.2f}: another --baseline says more"
    )


CHECKS: tuple[Check, ...] = (zero_maps, saturated)
BASELINE_CHECKS: tuple[Check, ...] = (small_difference, likely_baseline)


def _gives_probabilities(spec: ModelSpec) -> bool:
    return gives_probabilities(spec.scores, spec.tail)


def _are_most(some: Sequence[Seen], seen: Sequence[Seen]) -> bool:
    return len(some) > _MOST * len(seen)


def _are_of_one_class(seen: Sequence[Seen]) -> bool:
    ((_, count),) = Counter(one.target for one in seen).most_common(1)
    return count > _ONE_CLASS * len(seen)


def _share(some: Sequence[Seen], seen: Sequence[Seen]) -> str:
    if len(seen) == 1:
        return "the"
    if len(seen) > _LOOKED_AT:
        return f"{len(some)} of {len(seen)} sampled"
    return f"{len(some)} of the first {len(seen)}"
