"""The claims of a stored explanation, held against the same explanation computed anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.distance import relative_distance
from igcli.common.explanation import Explanation

# Scores, relative to them or to 1: what another batch size or another machine may change.
_SCORES = 1e-4
# What was computed from stored numbers, relative to the largest of them.
_DERIVED = 1e-6
# Maps of the same fixed rule, and what rounding may add to error estimates, relative to L1 norms.
_SAME_RULE = 1e-3
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class Wrong:
    """One claim that does not hold: what was checked, and what is wrong in words.

    `id` is the explanation's; empty for what concerns the whole run. `fix` is what to do, where
    that is known.
    """

    id: str
    check: str
    words: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One stored explanation, held against recomputed ones.

    Attributes
    ----------
    status : str
        What the run says, "ok" or "failed".
    measured_error : float or None
        The L1 distance of the stored map to the finer one over the finer one's norm.
    error_estimate : float or None
        What the run says of it.
    finer_estimate : float or None
        The error estimate of the finer map.
    finer_converged : bool or None
        Whether that is within the finer tolerance.
    wrong : tuple of Wrong
        What does not hold.
    """

    id: str
    status: str
    measured_error: float | None
    error_estimate: float | None
    finer_estimate: float | None
    finer_converged: bool | None
    wrong: tuple[Wrong, ...]


def check(
    stored: Explanation, finer: Explanation, same: Explanation | None, tolerance: float | None
) -> Checked:
    """Hold a stored explanation against recomputed ones.

    Parameters
    ----------
    stored : Explanation
        What the run directory has, its map flat.
    finer : Explanation
        The same input's, recomputed to a finer tolerance; its map flat.
    same : Explanation or None
        Recomputed with the run's own rule, where that is a fixed one.
    tolerance : float or None
        The run's; None for a fixed rule.
    """
    wrong = [Wrong(stored.id, *found) for found in _input(stored, same or finer)]
    measured = None
    if not wrong and stored.status == "ok":
        wrong = [Wrong(stored.id, *found) for found in _numbers(stored, same or finer, tolerance)]
        if all(w.check not in {"target", "map"} for w in wrong):
            if finer.status == "ok":
                measured = _distance(stored, finer)
            words = (*_of_rule(stored, same), *_of_estimate(stored, finer, measured))
            wrong += [Wrong(stored.id, "map", text) for text in words]
    return Checked(
        id=stored.id,
        status=stored.status,
        measured_error=measured,
        error_estimate=stored.error_estimate,
        finer_estimate=finer.error_estimate,
        finer_converged=finer.converged,
        wrong=tuple(wrong),
    )


def _distance(stored: Explanation, recomputed: Explanation) -> float:
    """Return the relative L1 distance of a stored map to a recomputed one."""
    assert stored.attribution is not None and recomputed.attribution is not None
    return relative_distance(stored.attribution, recomputed.attribution)


def _input(stored: Explanation, again: Explanation) -> Iterator[tuple[str, str]]:
    """Say what is wrong with who was explained, and whether it could be."""
    if stored.id != again.id:
        yield "id", f"this row is of {again.id}"
    elif stored.sha256 and again.sha256 and stored.sha256 != again.sha256:
        yield "input", "the input has changed: its SHA-256 is another than the stored one"
    elif stored.status != again.status:
        if stored.status == "failed":
            yield "status", f"it failed in the run ({stored.message}), and is explained now"
        else:
            yield "status", f"it was explained in the run, and fails now: {again.message}"
    elif stored.status == "ok" and stored.sha256 != again.sha256:
        yield "input", "no SHA-256 of the input is stored"


def _numbers(
    stored: Explanation, again: Explanation, tolerance: float | None
) -> Iterator[tuple[str, str]]:
    for name in ("target", "prediction"):
        was, now = getattr(stored, name), getattr(again, name)
        if was != now:
            yield name, f"the {name} is {was}, recomputed {now}"
    if stored.target == again.target:
        for name in ("score", "baseline_score"):
            was, now = getattr(stored, name), getattr(again, name)
            if not _near(was, now, _SCORES * max(1.0, abs(now))):
                yield name, f"{name} is {_number(was)}, recomputed {_number(now)}"
    yield from _derived(stored, again)
    claimed = stored.error_estimate
    met = None if tolerance is None or claimed is None else claimed <= tolerance
    if tolerance is not None and claimed is None:
        yield "error_estimate", "no error estimate is stored"
    elif stored.converged != met:
        yield (
            "converged",
            f"converged is {stored.converged}, with an error estimate of {_number(claimed)} and "
            f"{'no tolerance' if tolerance is None else f'a tolerance of {tolerance:g}'}",
        )


def _derived(stored: Explanation, again: Explanation) -> Iterator[tuple[str, str]]:
    """Say what does not follow from the numbers and the map that are stored beside it."""
    attribution = stored.attribution
    assert attribution is not None and again.attribution is not None
    if attribution.size != again.attribution.size or not np.isfinite(attribution).all():
        yield "map", "its map is not there, or not whole"
        return
    total = float(attribution.sum(dtype=np.float64))
    if not _near(stored.attribution_sum, total, _DERIVED * _l1(attribution)):
        claimed = _number(stored.attribution_sum)
        yield "attribution_sum", f"attribution_sum is {claimed}, the map's sum {_number(total)}"
    values = (stored.attribution_sum, stored.score, stored.baseline_score)
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return
    difference = known[1] - known[2]
    delta = known[0] - difference
    scale = _DERIVED * max(map(abs, known))
    if not _near(stored.delta, delta, scale):
        yield "delta", f"delta is {_number(stored.delta)}, its terms give {_number(delta)}"
        return
    share = abs(delta / difference) if difference else None
    room = scale / abs(difference) if difference else 0.0
    if not _near(stored.relative_delta, share, room):
        claimed = _number(stored.relative_delta)
        yield "relative_delta", f"relative_delta is {claimed}, its terms give {_number(share)}"


def _of_rule(stored: Explanation, same: Explanation | None) -> Iterator[str]:
    """Say where a map is not the one that its own rule gives."""
    if same is not None:
        off = _distance(stored, same)
        if not off <= _SAME_RULE:
            yield f"its map differs by {off:.2%} from the one that the same rule gives"


def _of_estimate(stored: Explanation, finer: Explanation, measured: float | None) -> Iterator[str]:
    """Say where a map is farther from the finer one than both claim to be wrong."""
    claimed, own = stored.error_estimate, finer.error_estimate
    if measured is None or claimed is None or own is None:
        return
    if not measured <= claimed + own + _ROUNDING:
        yield (
            f"its map is off by {measured:.2%}, more than the {claimed:.2%} that it claims and "
            f"the {own:.2%} of the finer one"
        )


def _near(one: float | None, other: float | None, room: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= room


def _l1(attribution: Array) -> float:
    return float(np.abs(attribution).sum(dtype=np.float64))


def _number(value: float | None) -> str:
    return "not there" if value is None else f"{value:.6g}"
