"""Pairs of explanations, matched by id, and the metrics of each."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from igcli.common.arrays import Array
from igcli.common.progress import Track
from igcli.comparison.drift.gained import density
from igcli.comparison.drift.reduced import Reduced
from igcli.comparison.drift.sides import Side, Stored
from igcli.comparison.noise import noise_of
from igcli.comparison.similarity import METRICS, measured

_L1 = list(METRICS).index("l1")
# Of more pairs, the noise of so many is found.
_NOISY = 1000
SAME = np.array([metric.same for metric in METRICS.values()])


@dataclass(frozen=True, slots=True)
class Matched:
    """The images of two sides, by what can be said of them.

    Attributes
    ----------
    pairs : list of (Stored, Stored)
        Maps of one target: these are measured.
    retargeted : list of (Stored, Stored)
        Explained in both runs, but for different classes.
    missing, extra, input_changed, failed, unconverged : list of str
        Ids: only in the reference; only in the new run; of another file; failed in either run (the
        file may have changed, too); explained, but short of the tolerance in either run.
    """

    pairs: list[tuple[Stored, Stored]]
    retargeted: list[tuple[Stored, Stored]]
    missing: list[str]
    extra: list[str]
    input_changed: list[str]
    failed: list[str]
    unconverged: list[str]

    @property
    def explained(self) -> list[tuple[Stored, Stored]]:
        """Every image that both runs explain."""
        return self.pairs + self.retargeted

    @property
    def retargeted_alone(self) -> list[tuple[Stored, Stored]]:
        """Those of `retargeted` whose prediction is the same."""
        return [(a, b) for a, b in self.retargeted if a.prediction == b.prediction]

    @property
    def common(self) -> int:
        """How many images both runs have."""
        return len(self.explained) + len({*self.failed, *self.input_changed})


def match(reference: Side, new: Side) -> Matched:
    """Match two sides' images by id, and sort out those that can't be measured."""
    there = {row.id: row for row in new.rows}
    found = Matched([], [], [], [], [], [], [])
    for row in reference.rows:
        other = there.pop(row.id, None)
        if other is None:
            found.missing.append(row.id)
            continue
        has_changed = bool(row.sha256 and other.sha256 and row.sha256 != other.sha256)
        has_failed = row.status != "ok" or other.status != "ok"
        if has_changed:
            found.input_changed.append(row.id)
        if has_failed:
            found.failed.append(row.id)
        if not (has_changed or has_failed):
            same = row.target == other.target
            (found.pairs if same else found.retargeted).append((row, other))
            if row.converged is False or other.converged is False:
                found.unconverged.append(row.id)
    found.extra.extend(there)
    return found


@dataclass(frozen=True, slots=True)
class Measured:
    """Every metric of every pair.

    Attributes
    ----------
    seen : Array
        (pairs, metrics), in the order of METRICS.
    noise : Array
        The same of each reference map and itself, disturbed by as much as both maps may be off;
        NaN where no error is known, for metrics whose noise was not asked for, and for most
        of thousands of pairs.
    errors : Array
        (pairs, 2): how far the reference's map and the new one may be off, over the reference
        map's L1 norm; NaN where no error is known.
    names : tuple of str
        The metrics that have a meaning for what was measured: of densities, not all have.
    places : Array
        float32 (pairs, 2, cells): where what speaks for the class lies in the reference's map and
        in the new one; see `gained.density`.
    """

    seen: Array
    noise: Array
    errors: Array
    names: tuple[str, ...] = tuple(METRICS)
    places: Array = field(default_factory=lambda: np.zeros((0, 2, 0), np.float32))

    @property
    def share(self) -> Array:
        """How far both maps together may be off, (pairs,): the disturbance behind `noise`."""
        total: Array = self.errors.sum(axis=1)
        return total

    @property
    def within_noise(self) -> Array:
        """Whether the maps differ by no more than they may be off, bool (pairs,).

        Where nothing is known of that, only equal maps do.
        """
        within: Array = self.seen[:, _L1] <= np.nan_to_num(self.share)
        return within

    @property
    def judged(self) -> Array:
        """`seen`, where differences within the noise count as none."""
        return np.where(self.within_noise[:, None], SAME, self.seen)


def measure(
    reference: Side,
    new: Side,
    pairs: Sequence[tuple[Stored, Stored]],
    grid: int,
    track: Track,
    noisy: Collection[str] = METRICS,
) -> Measured:
    """Read and measure every pair, a few maps at a time; find the noise of some metrics."""
    seen = np.zeros((len(pairs), len(METRICS)))
    noise = np.full_like(seen, np.nan)
    errors = np.full((len(pairs), 2), np.nan)
    places: list[tuple[Array, Array]] = []
    every = max(1, -(-len(pairs) // _NOISY)) if noisy else len(pairs) + 1
    both = zip(pairs, _maps(reference, new, pairs, grid), strict=True)
    for i, ((row, _), (a, b)) in enumerate(track(both, len(pairs))):
        seen[i] = measured(a.values, b.values)
        errors[i] = _errors(a, b)
        places.append((density(a.values), density(b.values)))
        if i % every == 0 and np.isfinite(errors[i]).all():
            noise[i] = noise_of(a.values, errors[i].sum(), row.id, noisy)
    of_densities = reference.regions is not None
    names = tuple(n for n, m in METRICS.items() if not (of_densities and m.needs_pixels))
    where = np.array(places, np.float32) if places else np.zeros((0, 2, 0), np.float32)
    return Measured(seen, noise, errors, names, where)


def _maps(
    reference: Side, new: Side, pairs: Sequence[tuple[Stored, Stored]], grid: int
) -> Iterator[tuple[Reduced, Reduced]]:
    return zip(
        reference.maps([row for row, _ in pairs], grid),
        new.maps([row for _, row in pairs], grid),
        strict=True,
    )


def _errors(reference: Reduced, new: Reduced) -> Array:
    """Return how far each map may be off, over the reference's L1 norm.

    Where one has no error estimate it is taken to be as good as the other.
    """
    norm = float(np.abs(reference.values).sum())
    errors = np.array([reference.error, new.error])
    is_known = np.isfinite(errors)
    if not is_known.any():
        return np.full(2, np.nan)
    if norm == 0.0:
        return np.zeros(2)
    best: Array = np.where(is_known, errors, errors[is_known].max()) / norm
    return best
