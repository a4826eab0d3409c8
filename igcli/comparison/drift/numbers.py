"""The numbers of a comparison: of each measure one for every image, to be grouped and judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.groups import default_column, group_names
from igcli.comparison.drift.gained import gains_of_all
from igcli.comparison.drift.pairs import Matched, Measured
from igcli.comparison.drift.sides import Stored
from igcli.comparison.drift.thresholds import BY_IMAGE, CHANGES, ELSEWHERE
from igcli.comparison.similarity import METRICS

# How images are grouped unless a column is named: by true class, or else by prediction.
CLASS = "class"
Pair = tuple[Stored, Stored]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was found of every image that both runs explain.

    Attributes
    ----------
    pairs : list of (Stored, Stored)
        The images; those of one target first.
    values : dict of str to Array
        By measure, float64 (images,): a metric's or a change's number, or the part that an image
        has in a share; NaN where the measure says nothing about it.
    """

    pairs: list[Pair]
    values: dict[str, Array]

    def groups(self, column: str, asked: str = "--by") -> list[str]:
        """Return the group of each image, "" for none.

        It is the reference's: what a model predicts may have changed. Truths and columns that only
        the new run knows are taken from there.
        """
        for side in (0, 1):
            rows = [pair[side] for pair in self.pairs]
            by = default_column(rows) if column == CLASS else column
            is_last = side == 1
            if not is_last and not _knows(rows, by, self.pairs, column):
                continue
            return group_names(rows, by, asked)
        return []


def _knows(rows: Sequence[Stored], by: str, pairs: Sequence[Pair], column: str) -> bool:
    """Tell whether the reference has what images are grouped by, or at least no less."""
    if column == CLASS:
        return by == "truth" or default_column([new for _, new in pairs]) != "truth"
    if by == "truth":
        return any(row.truth is not None for row in rows)
    if by in {"target", "prediction", "folder"}:
        return True
    return bool(rows) and by in dict(rows[0].further)


def numbers(matched: Matched, found: Measured) -> Numbers:
    """Return the numbers of a comparison."""
    pairs = matched.explained
    nothing = np.full(len(pairs), np.nan)
    same = np.array([a.prediction == b.prediction for a, b in matched.pairs], bool)
    values = {}
    for place, name in enumerate(METRICS):
        values[name] = nothing.copy()
        if name in found.names:
            values[name][: len(same)][same] = found.judged[same, place]
    for name in CHANGES:
        values[name] = nothing.copy()
        changes = [_change(getattr(a, name), getattr(b, name)) for a, b in matched.pairs]
        values[name][: len(same)] = np.array(changes, float)
    for name in BY_IMAGE:
        part = _PARTS.get(name)
        if part is not None:
            values[name] = np.array([part(a, b) for a, b in pairs], float)
    values["looks_elsewhere"] = nothing.copy()
    cosines = values["cosine"][: len(same)][same]
    values["looks_elsewhere"][: len(same)][same] = cosines < ELSEWHERE
    return Numbers(pairs, values)


def is_known(values: Array) -> Array:
    """Tell which images have a number, or numbers of cells, (images,)."""
    if values.ndim == 1:
        return ~np.isnan(values)
    found: Array = np.logical_and(values.shape[1] > 0, ~np.isnan(values).any(axis=1))
    return found


def known(values: Array) -> Array:
    """Return the numbers of those images that have one."""
    kept: Array = values[is_known(values)]
    return kept


def gains(matched: Matched, found: Measured, runs: Sequence[Array]) -> list[Array]:
    """Return what was gained where in each image of `matched.explained`; see `gains_of_all`.

    `runs` are the densities of calibrating runs, of these images. Images of another prediction have
    none. Without calibrating runs a difference within the maps' errors is no gain.
    """
    count, cells = len(matched.explained), found.places.shape[2]
    both = np.full((2, count, cells), np.nan, np.float32)
    same = [i for i, (a, b) in enumerate(matched.pairs) if a.prediction == b.prediction]
    both[:, same] = found.places[same].transpose(1, 0, 2)
    all_gains = gains_of_all(both[1], both[0], runs)
    if not runs:
        all_gains[0][: len(matched.pairs)][found.within_noise] *= 0.0
    return all_gains


def _change(before: float | None, after: float | None) -> float:
    return np.nan if before is None or after is None else abs(after - before)


def _changed(a: Stored, b: Stored) -> float:
    return float(a.prediction != b.prediction)


def right(row: Stored, truth: int | None) -> float:
    """Return 1 or 0 for a right or wrong prediction; NaN where that is not known."""
    return np.nan if truth is None or row.prediction is None else float(row.prediction == truth)


def truth_of(a: Stored, b: Stored) -> int | None:
    """Return the true class that either run knows."""
    return b.truth if a.truth is None else a.truth


def _lost(a: Stored, b: Stored) -> float:
    truth = truth_of(a, b)
    return right(a, truth) - right(b, truth)


def _overconfidence(row: Stored, truth: int | None) -> float:
    """Return the score less what came true; NaN where the score is no predicted probability."""
    is_probability = row.score is not None and 0.0 <= row.score <= 1.0
    if not is_probability or row.target != row.prediction or row.score is None:
        return np.nan
    return row.score - right(row, truth)


def _more_confident(a: Stored, b: Stored) -> float:
    truth = truth_of(a, b)
    return _overconfidence(b, truth) - _overconfidence(a, truth)


_PARTS: dict[str, Callable[[Stored, Stored], float]] = {
    "prediction_changed": _changed,
    "accuracy_lost": _lost,
    "calibration_shift": _more_confident,
}
