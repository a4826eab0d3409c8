"""compare: two sides and thresholds, and the verdict on them."""

from collections.abc import Sequence
from pathlib import Path

from igcli.common.arrays import Array
from igcli.common.errors import NotComparable
from igcli.common.progress import Track
from igcli.comparison.drift.calibration import Calibration
from igcli.comparison.drift.comparable import joined
from igcli.comparison.drift.group_table import by_group, flips, members_of
from igcli.comparison.drift.judge import case_of, judge
from igcli.comparison.drift.numbers import CLASS
from igcli.comparison.drift.pairs import Matched, Measured, match, measure
from igcli.comparison.drift.reference_file import ReferenceSide
from igcli.comparison.drift.resolution import check_measurable, check_resolution
from igcli.comparison.drift.sides import RunSide, Side, Stored
from igcli.comparison.drift.thresholds import Threshold
from igcli.comparison.drift.verdict import ImageDrift, Verdict
from igcli.comparison.similarity import METRICS
from igcli.store.run_json import REFERENCE

MIN_GROUP = 10


def calibration_of(side: Side) -> Calibration | None:
    """Return what a side is calibrated with; None for a run directory, and where there is none."""
    return side.calibration if isinstance(side, ReferenceSide) else None


def open_side(path: Path) -> Side:
    """Open a run directory or a reference file; raise IgcliError for what is neither."""
    return ReferenceSide(path) if path.suffix == REFERENCE else RunSide(path)


def compare(
    reference: Side,
    new: Side,
    thresholds: Sequence[Threshold],
    force: bool,
    track: Track,
    grid: int | None = None,
    by: str = CLASS,
    min_group: int = MIN_GROUP,
    unclear_fails: bool = True,
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
    grid : int or None
        What maps are reduced to; 0 for whole maps. None for a reference file's own grid, and for
        the one that such files have by default where there is none: the verdict is the same then,
        whether the maps come from a run directory or from a file made of it.
    by : str
        What images are grouped by: "class", their true class if that is known, or else the
        reference's prediction; or a column that `igcli.common.groups` knows.
    min_group : int
        How many images a group must have to be judged.
    unclear_fails : bool
        Whether a crossed threshold fails the gate where other images of the same kind might not
        have crossed it.

    Raises
    ------
    NotComparable
        When the runs differ in settings, or have no image or no shape of maps in common.
    ConfigError
        When a threshold is finer than what the maps' own errors allow to tell, or a reference file
        has another grid than the one that is asked for.
    """
    calibration = calibration_of(reference)
    both = joined(reference, new, force, grid)
    reference, new, grid = both.reference, both.new, both.grid
    check_measurable(thresholds, reference.regions)
    matched = match(reference, new)
    if not matched.explained and not matched.failed:
        raise NotComparable(
            f"{reference.title} and {new.title} have no image in common",
            f"{len(matched.missing)} and {len(matched.extra)} ids, {len(matched.input_changed)} "
            "of them common but of other files",
            "explain the same images with both models",
        )
    noisy = {t.measure for t in thresholds if not t.relative}
    found = measure(reference, new, matched.pairs, grid, track, noisy)
    check_resolution(thresholds, (reference, new), matched, found, grid)
    case = case_of(matched, found, calibration, by, min_group)
    return Verdict(
        reference=reference.title,
        new=new.title,
        grid=grid,
        regions=reference.regions.side if reference.regions else 0,
        forced=both.forced,
        judged=judge(thresholds, case),
        matched=matched,
        measured=found,
        images=_images(matched, found),
        groups=by_group(case),
        flips=flips(case),
        calibrated=tuple(run.title for run in calibration.runs) if calibration else (),
        unclear_fails=unclear_fails,
        by=by,
        members=members_of(case, thresholds),
    )


def _images(matched: Matched, found: Measured) -> list[ImageDrift]:
    pairs = zip(matched.pairs, found.seen, found.share, found.within_noise, strict=True)
    measured = [
        _image(a, b, _named(values, found.names), float(share), bool(noise))
        for (a, b), values, share, noise in pairs
    ]
    return measured + [_image(a, b, {}, None, False) for a, b in matched.retargeted]


def _named(values: Array, names: tuple[str, ...]) -> dict[str, float]:
    found = dict(zip(METRICS, map(float, values), strict=True))
    return {name: found[name] for name in names}


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
