"""Two sides + thresholds → a verdict."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from igcli.drift.igref import SUFFIX, ReferenceSide
from igcli.drift.metrics import METRICS
from igcli.drift.pairs import Matched, Measured, match, measure
from igcli.drift.sides import RunSide, Side, Stored, shape_at
from igcli.drift.thresholds import CHANGES, ELSEWHERE, Threshold, statistic
from igcli.drift.verdict import ImageDrift, Judged, Verdict
from igcli.errors import ConfigError, NotComparable
from igcli.identity import differences
from igcli.progress import Track
from igcli.records import Array

# How the integral was taken, and who it was taken of: what a comparison is about.
_FREE = frozenset(
    {"model", "igcli", "inputs", "limit", "shard", "custom_objects", "allow_unsafe"}
    | {"method", "tolerance", "min_steps", "max_steps", "steps", "precision"}
    | {"profile_path", "overlays"}
)
_NAMES = list(METRICS)
# Below that float32 is the limit.
_FINEST = 1e-4


def open_side(path: Path) -> Side:
    """Open a run directory or a reference file; raise IgcliError for what is neither."""
    return ReferenceSide(path) if path.suffix == SUFFIX else RunSide(path)


def compare(
    reference: Side, new: Side, thresholds: Sequence[Threshold], force: bool, track: Track
) -> Verdict:
    """Compare a new run with a reference.

    Parameters
    ----------
    reference, new : Side
        What `open_side` returned.
    thresholds : sequence of Threshold
        What fails the gate.
    force : bool
        Compare runs of different settings too.
    track : callable
        Wraps the iteration over pairs.

    Raises
    ------
    NotComparable
        When the runs differ in settings, or have no image or no shape of maps in common.
    ConfigError
        When a threshold is finer than what the maps' own errors allow to tell.
    """
    forced = _check_settings(reference, new, force)
    grid = reference.grid or new.grid
    shapes = [shape_at(side, grid) for side in (reference, new)]
    if shapes[0] != shapes[1] or (reference.grid and new.grid and reference.grid != new.grid):
        raise NotComparable(
            f"{reference.title} and {new.title} have maps of different shapes",
            f"{shapes[0]} and {shapes[1]}",
            "compare runs of models with the same input, or layers with the same shape",
        )
    matched = match(reference, new)
    if not matched.explained and not matched.failed:
        raise NotComparable(
            f"{reference.title} and {new.title} have no image in common",
            f"{len(matched.missing)} and {len(matched.extra)} ids, {len(matched.input_changed)} "
            "of them common but of other files",
            "explain the same images with both models",
        )
    found = measure(reference, new, matched.pairs, grid, track)
    for threshold in thresholds:
        _check_noise(threshold, found, [reference, new])
    judged = [_judge(threshold, matched, found) for threshold in thresholds]
    return Verdict(
        reference=reference.title,
        new=new.title,
        grid=grid,
        forced=forced,
        judged=judged,
        matched=matched,
        measured=found,
        images=_images(matched, found),
    )


def _check_settings(reference: Side, new: Side, force: bool) -> list[str]:
    there, here = (
        {key: value for key, value in side.about["identity"].items() if key not in _FREE}
        for side in (reference, new)
    )
    different = differences(there, here)
    if different and not force:
        raise NotComparable(
            f"{reference.title} and {new.title} are runs of different settings",
            "; ".join(different),
            "run both alike, or add --force to compare them all the same",
        )
    return different


def _shares(matched: Matched, found: Measured) -> dict[str, tuple[float, list[str]]]:
    """Return each share of images, and their ids."""
    known = len(matched.explained) + len(matched.failed) + len(matched.input_changed)
    total = known + len(matched.missing)
    explained, same = len(matched.explained), _same_prediction(matched)
    changed = [a.id for a, b in matched.explained if a.prediction != b.prediction]
    elsewhere = [
        a.id
        for (a, _), values, is_same in zip(matched.pairs, found.judged, same, strict=True)
        if is_same and values[_NAMES.index("cosine")] < ELSEWHERE
    ]
    return {
        "prediction_changed": (len(changed) / max(1, explained), changed),
        "looks_elsewhere": (len(elsewhere) / max(1, sum(same)), elsewhere),
        "missing": (len(matched.missing) / max(1, total), matched.missing),
        "extra": (len(matched.extra) / max(1, known + len(matched.extra)), matched.extra),
        "input_changed": (len(matched.input_changed) / max(1, total), matched.input_changed),
        "failed": (len(matched.failed) / max(1, total), matched.failed),
        "unconverged": (len(matched.unconverged) / max(1, explained), matched.unconverged),
    }


def _same_prediction(matched: Matched) -> list[bool]:
    return [a.prediction == b.prediction for a, b in matched.pairs]


def _values(measure: str, matched: Matched, found: Measured) -> tuple[list[str], Array]:
    """Return the ids and numbers that a statistic is taken of.

    Metrics are of maps of the same prediction; changes of every image of one target.
    """
    if measure in CHANGES:
        ids = [a.id for a, _ in matched.pairs]
        pairs = [(getattr(a, measure), getattr(b, measure)) for a, b in matched.pairs]
        return ids, np.array([abs(y - x) for x, y in pairs])
    same = np.array(_same_prediction(matched), bool)
    ids = [a.id for (a, _), is_same in zip(matched.pairs, same, strict=True) if is_same]
    return ids, found.judged[same, _NAMES.index(measure)]


def _judge(threshold: Threshold, matched: Matched, found: Measured) -> Judged:
    if not threshold.statistic:
        share, ids = _shares(matched, found)[threshold.measure]
        return Judged(threshold, share, threshold.crossed_by(share), share, ids)
    ids, values = _values(threshold.measure, matched, found)
    if not len(values):
        # A gate that has looked at nothing has not passed.
        return Judged(threshold, None, True, 0.0, [])
    value = statistic(values, threshold.statistic)
    beyond = values < threshold.limit if threshold.below else values > threshold.limit
    order = np.argsort(values if threshold.below else -values, kind="stable")
    worst = [ids[i] for i in order if beyond[i]]
    return Judged(threshold, value, threshold.crossed_by(value), float(beyond.mean()), worst)


def _check_noise(threshold: Threshold, found: Measured, sides: list[Side]) -> None:
    """Raise ConfigError where the maps' errors alone would cross a threshold."""
    known = ~np.isnan(found.noise).any(axis=1)
    if threshold.measure not in METRICS or not known.any():
        return
    column = _NAMES.index(threshold.measure)
    noise = statistic(found.noise[known, column], threshold.statistic)
    if not threshold.crossed_by(noise):
        return
    raise ConfigError(
        f"--fail-on {threshold.text} is finer than the runs can tell",
        f"the errors of their own maps alone give {threshold.measure}.{threshold.statistic} of "
        f"{noise:.3g}",
        _finer(threshold, noise, float(np.median(found.share[known])), sides),
    )


def _finer(threshold: Threshold, noise: float, share: float, sides: list[Side]) -> str:
    """Say at which tolerance the noise would be within a threshold.

    Paths are often better than was asked: what counts is the `share` that made the noise, both
    maps' errors.
    """
    same = METRICS[threshold.measure].same
    accuracies = [side.about["settled"].get("accuracy") or {} for side in sides]
    known = [a["tolerance"] for a in accuracies if "tolerance" in a]
    if threshold.limit == same or not known or not np.isfinite(noise):
        return "set a threshold that leaves room for errors"
    # Every metric's noise falls at least in proportion to the error; a third is left as room.
    finer = min(*known, share / 2) * abs(threshold.limit - same) / abs(noise - same) / 1.5
    if finer < _FINEST:
        return "set a wider threshold: paths that exact are out of reach"
    return (
        f"rerun both with --tolerance {finer:.1g} (and --max-steps 4097 where maps do not "
        "converge), or set a wider threshold"
    )


def _images(matched: Matched, found: Measured) -> list[ImageDrift]:
    pairs = zip(matched.pairs, found.seen, found.share, found.within_noise, strict=True)
    measured = [
        _image(a, b, dict(zip(METRICS, map(float, values), strict=True)), float(share), bool(noise))
        for (a, b), values, share, noise in pairs
    ]
    return measured + [_image(a, b, {}, None, False) for a, b in matched.retargeted]


def _image(
    a: Stored, b: Stored, metrics: dict[str, float], share: float | None, within: bool
) -> ImageDrift:
    return ImageDrift(
        id=a.id,
        predictions=(a.prediction, b.prediction),
        scores=(a.score, b.score),
        deltas=(a.delta, b.delta),
        metrics=metrics,
        noise=share,
        within_noise=within,
    )
