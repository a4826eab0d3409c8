"""Effects: how often edits change a class, and by how much a score, with intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from igcli.evaluation.causal.intervals import Interval, of_difference, of_mean, of_share
from igcli.evaluation.causal.probe import Change


@dataclass(frozen=True, slots=True)
class Effect:
    """What one edit does to some images.

    Attributes
    ----------
    count, of : int
        In how many of how many images the class changed, or became the one that is looked for.
    interval : (float, float)
        Of the share.
    score : (float, float)
        The mean score before and after.
    change : float
        The mean of after less before.
    change_interval : (float, float) or None
        Its interval; None of fewer than two images.
    """

    count: int
    of: int
    interval: Interval
    score: tuple[float, float]
    change: float
    change_interval: Interval | None

    @property
    def share(self) -> float:
        """The share of the images."""
        return self.count / self.of

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "count": self.count,
            "n": self.of,
            "share": self.share,
            "interval": list(self.interval),
            "score_before": self.score[0],
            "score_after": self.score[1],
            "score_change": self.change,
            "score_change_interval": _listed(self.change_interval),
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """An edit of a place held against the same edit of as many cells at random, image by image.

    Attributes
    ----------
    place, random : Effect
        Theirs.
    difference : float
        The place's share less that of random cells.
    interval : (float, float)
        Its interval.
    change, change_interval
        The same for the scores' mean change.
    """

    place: Effect
    random: Effect
    difference: float
    interval: Interval
    change: float
    change_interval: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "place": self.place.to_dict(),
            "random": self.random.to_dict(),
            "difference": self.difference,
            "difference_interval": list(self.interval),
            "score_change_difference": self.change,
            "score_change_difference_interval": _listed(self.change_interval),
        }


def _listed(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


def effect_of(
    changes: Sequence[Change], counts: Callable[[Change], bool], seed: int
) -> Effect | None:
    """Return the effect of one edit; None where there is no image."""
    if not changes:
        return None
    count, of = sum(map(counts, changes)), len(changes)
    before, after = (
        np.array([getattr(change, name) for change in changes])
        for name in ("score_before", "score_after")
    )
    name = f"{changes[0].images} {changes[0].edit}"
    return Effect(
        count,
        of,
        of_share(count, of),
        (float(before.mean()), float(after.mean())),
        float((after - before).mean()),
        of_mean(after - before, seed, name),
    )


def compared(
    changes: Sequence[Change],
    place: str,
    random: str,
    counts: Callable[[Change], bool],
    seed: int,
) -> Compared | None:
    """Hold an edit against another one of the same images; None where there is no image.

    Parameters
    ----------
    changes : sequence of Change
        Of these edits and others.
    place, random : str
        The two edits.
    counts : callable
        Whether a change is one that is counted.
    seed : int
        Of the bootstrap.
    """
    first = {change.id: change for change in changes if change.edit == place}
    second = {change.id: change for change in changes if change.edit == random}
    both = [identity for identity in first if identity in second]
    own, other = [first[i] for i in both], [second[i] for i in both]
    at_place, at_random = effect_of(own, counts, seed), effect_of(other, counts, seed)
    if at_place is None or at_random is None:
        return None
    apart = np.array([a.score_after - b.score_after for a, b in zip(own, other, strict=True)])
    return Compared(
        at_place,
        at_random,
        at_place.share - at_random.share,
        of_difference([counts(one) for one in own], [counts(one) for one in other]),
        float(apart.mean()),
        of_mean(apart, seed, f"{own[0].images} {place} less {random}"),
    )
