"""The causal verdict: whether a class hangs on a place, from what covering and pasting it did."""

from igcli.evaluation.causal.effects import Compared

CAUSAL, NOT_CAUSAL, NOT_CLEAR = "causal", "not causal", "not clear"
# So many more images than with random cells must change; so many more may surely not.
_LEAST, _MOST = 0.05, 0.15


def verdict_of(covered: Compared | None, pasted: Compared | None) -> str:
    """Return the verdict on a place.

    `CAUSAL`: covering or pasting its cells changes the class in 5 % of the images more than random
    cells do, or more, and the interval of the difference is above 0. `NOT_CAUSAL`: both were
    measured, neither interval is above 0, and both are below 15 %. Else `NOT_CLEAR`.
    """
    known = [one for one in (covered, pasted) if one is not None]
    if any(is_effect(one) for one in known):
        return CAUSAL
    is_none = all(one.interval[0] <= 0.0 and one.interval[1] < _MOST for one in known)
    return NOT_CAUSAL if len(known) == 2 and is_none else NOT_CLEAR


def is_effect(one: Compared | None) -> bool:
    """Tell whether an edit of a place surely changes the class more often than random cells."""
    return one is not None and one.difference >= _LEAST and one.interval[0] > 0.0
