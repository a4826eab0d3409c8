"""Likeness: how much alike maps are, between two computations of one map and unrelated maps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.noise import noise_of
from igcli.comparison.similarity import METRICS, measured
from igcli.evaluation.causal.intervals import Interval, ends_of, resampled_means
from igcli.evaluation.sanity.made_maps import MadeMap

# Each map is held against so many of other images.
_OTHERS = 8
_SAME = np.array([metric.same for metric in METRICS.values()])


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of the likeness of maps is left: 1 as of one map twice, 0 as of unrelated maps.

    Attributes
    ----------
    share : float
        Over all images.
    interval : (float, float)
        Of 95 %, over images.
    """

    share: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Anchors:
    """Between which two likenesses those of a redrawn model lie, each (images, metrics).

    Attributes
    ----------
    same : Array
        Two computations of a map: the map and itself disturbed by twice its certified error.
    unrelated : Array
        Maps that share neither image nor model: the original's of one image, a redrawn model's of
        others.
    """

    same: Array
    unrelated: Array


def alike(maps: Sequence[MadeMap], others: Sequence[MadeMap]) -> Array:
    """Return compare's metrics of maps in pairs, (images, metrics); NaN where one has failed."""
    found = np.full((len(maps), len(METRICS)), np.nan)
    for i, (one, other) in enumerate(zip(maps, others, strict=True)):
        if one.values is not None and other.values is not None:
            found[i] = measured(one.values, other.values)
    return found


def anchors_of(originals: Sequence[MadeMap], redrawn: Sequence[MadeMap]) -> Anchors:
    """Return the two ends of the scale.

    Parameters
    ----------
    originals : sequence of MadeMap
        Of the model as it is; none has failed.
    redrawn : sequence of MadeMap
        Of the same images, every layer redrawn.
    """
    same = np.stack([_same(one) for one in originals])
    count = len(originals)
    shifts = range(1, min(count - 1, _OTHERS) + 1)
    turned = [_of_others(originals, [*redrawn[s:], *redrawn[:s]]) for s in shifts]
    known = np.isfinite(turned)
    sums = np.where(known, turned, 0.0).sum(axis=0)
    counts = known.sum(axis=0)
    # A metric of maps that nothing is unlike to says nothing, and neither does one of no pair.
    unrelated = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return Anchors(same, unrelated)


def kept(likeness: Array, anchors: Anchors, metric: str, seed: int) -> Kept | None:
    """Return how much of the likeness is left, in one metric.

    It is (likeness − unrelated) / (same − unrelated), of means over images; the interval is the
    percentile bootstrap's, images resampled. None where fewer than two images can be told from
    unrelated ones.

    Parameters
    ----------
    likeness : Array
        (images, metrics), NaN where a map has failed.
    anchors : Anchors
        Of the same images.
    metric : str
        One of METRICS.
    seed : int
        Of the bootstrap.
    """
    column = list(METRICS).index(metric)
    three = np.stack([a[:, column] for a in (likeness, anchors.same, anchors.unrelated)], axis=1)
    three = three[np.isfinite(three).all(axis=1)]
    if len(three) < 2:
        return None
    shares = _share(resampled_means(three, seed, metric))
    whole = _share(three.mean(axis=0)[None])[0]
    if not np.isfinite(whole) or not np.isfinite(shares).all():
        return None
    return Kept(float(whole), ends_of(shares))


def changed(originals: Sequence[MadeMap], others: Sequence[MadeMap]) -> Array:
    """Tell which maps differ by more than both may be off, bool (images,); of failed ones, none."""
    return np.array([_differ(a, b) for a, b in zip(originals, others, strict=True)], dtype=bool)


def _differ(one: MadeMap, other: MadeMap) -> bool:
    if one.values is None or other.values is None:
        return False
    moved = float(np.abs(one.values - other.values).sum())
    return moved > float(np.nan_to_num(one.error) + np.nan_to_num(other.error))


def _of_others(originals: Sequence[MadeMap], turned: Sequence[MadeMap]) -> Array:
    """Return `alike`, NaN where both maps are of one input: explained for several classes."""
    found = alike(originals, turned)
    shared = [a.input != "" and a.input == b.input for a, b in zip(originals, turned, strict=True)]
    found[np.array(shared)] = np.nan
    return found


def _same(one: MadeMap) -> Array:
    """Return the metrics of a map and itself; where no error is known they are perfect."""
    assert one.values is not None
    norm = float(np.abs(one.values).sum())
    if not np.isfinite(one.error) or norm == 0.0:
        return _SAME
    return noise_of(one.values, 2.0 * one.error / norm, one.id)


def _share(means: Array) -> Array:
    likeness, same, unrelated = means.T
    span = same - unrelated
    found: Array = np.divide(
        likeness - unrelated, span, out=np.full_like(span, np.nan), where=np.abs(span) > 1e-9
    )
    return found
