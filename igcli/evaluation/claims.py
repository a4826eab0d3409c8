"""The claims of a stored explanation, held against the same explanation computed anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.distance import relative_distance
from igcli.common.explanation import Explanation
from igcli.common.regions import LEAST_PART, distance
from igcli.store.kept import Kept

# Scores, relative to them or to 1: what another batch size or another machine may change.
_SCORES = 1e-4
# What was computed from stored numbers, relative to the largest of them.
_DERIVED = 1e-6
# Maps of the same fixed rule, and what rounding may add to error estimates, relative to L1 norms.
_SAME_RULE = 1e-3
_ROUNDING = 1e-5
# Of the mass: a sign that has less is near the least share that counts for regions.
_SURELY_COUNTS = 2.0 * LEAST_PART
_PIXELS_ALONE = Kept()


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
    measured_regions, regions_error, finer_regions_error : float or None
        As `measured_error` and the two estimates, of where the mass of regions lies.
    """

    id: str
    status: str
    measured_error: float | None
    error_estimate: float | None
    finer_estimate: float | None
    finer_converged: bool | None
    wrong: tuple[Wrong, ...]
    measured_regions: float | None = None
    regions_error: float | None = None
    finer_regions_error: float | None = None


def check(
    stored: Explanation,
    finer: Explanation,
    same: Explanation | None,
    tolerance: float | None,
    kept: Kept = _PIXELS_ALONE,
) -> Checked:
    """Hold a stored explanation against recomputed ones.

    Parameters
    ----------
    stored : Explanation
        What the run directory has, its map flat; without one where it keeps regions alone.
    finer : Explanation
        The same input's, recomputed to a finer tolerance; its map flat.
    same : Explanation or None
        Recomputed with the run's own rule, where that is a fixed one.
    tolerance : float or None
        The run's; None for a fixed rule.
    kept : Kept
        What the run has of its maps, and certifies.
    """
    wrong = [Wrong(stored.id, *found) for found in _input(stored, same or finer)]
    measured = of_regions = None
    if not wrong and stored.status == "ok":
        claims = (
            *_numbers(stored, same or finer),
            *_derived(stored, same or finer, kept),
            *_convergence(stored, tolerance, kept.certified),
        )
        wrong = [Wrong(stored.id, *claim) for claim in claims]
        if all(w.check not in {"target", "map", "regions"} for w in wrong):
            if finer.status == "ok":
                measured, of_regions = _distance(stored, finer), _of_regions(stored, finer)
            words = (
                *_of_rule(stored, same),
                *_of_estimate("its map", stored.error_estimate, finer.error_estimate, measured),
            )
            wrong += [Wrong(stored.id, "map", text) for text in words]
            words = tuple(
                _of_estimate(
                    "the mass of its regions", stored.regions_error, finer.regions_error, of_regions
                )
            )
            wrong += [Wrong(stored.id, "regions", text) for text in words]
    return Checked(
        id=stored.id,
        status=stored.status,
        measured_error=measured,
        error_estimate=stored.error_estimate,
        finer_estimate=finer.error_estimate,
        finer_converged=finer.converged,
        wrong=tuple(wrong),
        measured_regions=of_regions,
        regions_error=stored.regions_error,
        finer_regions_error=finer.regions_error,
    )


def _distance(stored: Explanation, recomputed: Explanation) -> float | None:
    """Return the relative L1 distance of a stored map to a recomputed one; None without one."""
    if stored.attribution is None:
        return None
    assert recomputed.attribution is not None
    return relative_distance(stored.attribution, recomputed.attribution)


def _of_regions(stored: Explanation, recomputed: Explanation) -> float | None:
    """Return how far the stored mass of regions is from a recomputed one; None without it."""
    if stored.regions is None or recomputed.regions is None:
        return None
    return distance(stored.regions, recomputed.regions, _SURELY_COUNTS)


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


def _numbers(stored: Explanation, again: Explanation) -> Iterator[tuple[str, str]]:
    for name in ("target", "prediction"):
        was, now = getattr(stored, name), getattr(again, name)
        if was != now:
            yield name, f"the {name} is {was}, recomputed {now}"
    if stored.target == again.target:
        for name in ("score", "baseline_score"):
            was, now = getattr(stored, name), getattr(again, name)
            if not _near(was, now, _SCORES * max(1.0, abs(now))):
                yield name, f"{name} is {_number(was)}, recomputed {_number(now)}"


def _convergence(
    stored: Explanation, tolerance: float | None, certified: bool
) -> Iterator[tuple[str, str]]:
    """Say where what is certified, pixels or regions, did not meet the tolerance as is said."""
    name, which = "error_estimate", "an error estimate"
    if certified:
        name, which = "regions_error", "a regions error"
    claimed = getattr(stored, name)
    met = None if tolerance is None or claimed is None else claimed <= tolerance
    if tolerance is not None and claimed is None:
        yield name, f"no {which.partition(' ')[2]} is stored"
    elif stored.converged != met:
        yield (
            "converged",
            f"converged is {stored.converged}, with {which} of {_number(claimed)} and "
            f"{'no tolerance' if tolerance is None else f'a tolerance of {tolerance:g}'}",
        )


def _derived(stored: Explanation, again: Explanation, kept: Kept) -> Iterator[tuple[str, str]]:
    """Say what does not follow from the numbers and arrays that are stored beside it."""
    for name, array, other in (
        ("map", stored.attribution, again.attribution),
        ("regions", stored.regions, again.regions),
    ):
        if array is not None and other is not None:
            if array.size != other.size or not np.isfinite(array).all():
                what = "its map is" if name == "map" else "the mass of its regions is"
                yield name, f"{what} not there, or not whole"
                return
    yield from _sums(stored, kept)
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


def _sums(stored: Explanation, kept: Kept) -> Iterator[tuple[str, str]]:
    """Say where a map, the mass of its regions and its sum are not of one another."""
    attribution, masses = stored.attribution, stored.regions
    if attribution is not None:
        total, room = float(attribution.sum(dtype=np.float64)), _DERIVED * _l1(attribution)
        if masses is not None and kept.regions is not None:
            off = _l1(kept.regions.masses(attribution).astype(np.float64) - masses)
            if not off <= _DERIVED * _l1(masses):
                yield "regions", "the mass of its regions is not that of its map"
    elif masses is not None:
        total, room = float((masses[0] - masses[1]).sum(dtype=np.float64)), _ROUNDING * _l1(masses)
    else:
        return
    if not _near(stored.attribution_sum, total, room):
        claimed = _number(stored.attribution_sum)
        yield "attribution_sum", f"attribution_sum is {claimed}, the map's sum {_number(total)}"


def _of_rule(stored: Explanation, same: Explanation | None) -> Iterator[str]:
    """Say where a map is not the one that its own rule gives."""
    if same is None:
        return
    for what, off in (("map", _distance(stored, same)), ("regions", _of_regions(stored, same))):
        if off is not None and not off <= _SAME_RULE:
            verb = "differs" if what == "map" else "differ"
            yield f"its {what} {verb} by {off:.2%} from the one that the same rule gives"
            return


def _of_estimate(
    what: str, claimed: float | None, finer: float | None, measured: float | None
) -> Iterator[str]:
    """Say where something is farther from the finer one than both claim to be wrong."""
    if measured is None or claimed is None or finer is None:
        return
    if not measured <= claimed + finer + _ROUNDING:
        yield (
            f"{what} is off by {measured:.2%}, more than the {claimed:.2%} that it claims and "
            f"the {finer:.2%} of the finer one"
        )


def _near(one: float | None, other: float | None, room: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= room


def _l1(attribution: Array) -> float:
    return float(np.abs(attribution).sum(dtype=np.float64))


def _number(value: float | None) -> str:
    return "not there" if value is None else f"{value:.6g}"
