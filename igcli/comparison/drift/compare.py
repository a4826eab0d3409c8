"""compare: two sides and thresholds, and the verdict on them."""

from collections.abc import Sequence
from pathlib import Path

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, NotComparable
from igcli.common.progress import Track
from igcli.common.setting import Decides, settings_of
from igcli.comparison.drift.densities import as_comparable
from igcli.comparison.drift.judge import judge
from igcli.comparison.drift.pairs import Matched, Measured, match, measure
from igcli.comparison.drift.reference_file import ReferenceSide
from igcli.comparison.drift.resolution import check_measurable, check_resolution
from igcli.comparison.drift.sides import RunSide, Side, Stored, shape_at
from igcli.comparison.drift.thresholds import Threshold
from igcli.comparison.drift.verdict import ImageDrift, Verdict
from igcli.comparison.grid import DEFAULT_GRID
from igcli.comparison.similarity import METRICS
from igcli.store.identity import SELECTED, differences
from igcli.store.run_json import REFERENCE

# What a comparison is about: the models, and the inputs that they explain.
_SUBJECT = frozenset({"igcli", "model", "inputs", SELECTED})


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

    Raises
    ------
    NotComparable
        When the runs differ in settings, or have no image or no shape of maps in common.
    ConfigError
        When a threshold is finer than what the maps' own errors allow to tell, or a reference file
        has another grid than the one that is asked for.
    """
    forced = _check_settings(reference, new, force)
    reference, new = as_comparable(reference, new, grid)
    check_measurable(thresholds, reference.regions)
    _check_shapes(reference, new)
    grid = _grid(reference, new, grid)
    matched = match(reference, new)
    if not matched.explained and not matched.failed:
        raise NotComparable(
            f"{reference.title} and {new.title} have no image in common",
            f"{len(matched.missing)} and {len(matched.extra)} ids, {len(matched.input_changed)} "
            "of them common but of other files",
            "explain the same images with both models",
        )
    found = measure(reference, new, matched.pairs, grid, track)
    check_resolution(thresholds, (reference, new), matched, found, grid)
    return Verdict(
        reference=reference.title,
        new=new.title,
        grid=grid,
        regions=reference.regions.side if reference.regions else 0,
        forced=forced,
        judged=judge(thresholds, matched, found),
        matched=matched,
        measured=found,
        images=_images(matched, found),
    )


def _check_shapes(reference: Side, new: Side) -> None:
    """Raise NotComparable where maps are of different shapes, or reduced to different grids."""
    wholes = [side.whole_shape for side in (reference, new)]
    kept = [side.shape for side in (reference, new)]
    if all(wholes) and wholes[0] != wholes[1]:
        shapes = wholes
    elif reference.grid and new.grid and (reference.grid != new.grid or kept[0] != kept[1]):
        shapes = kept
    else:
        grid = reference.grid or new.grid
        shapes = [shape_at(side, grid) for side in (reference, new)]
        if shapes[0] == shapes[1]:
            return
    raise NotComparable(
        f"{reference.title} and {new.title} have maps of different shapes",
        f"{shapes[0]} and {shapes[1]}",
        "compare runs of models with the same input, or layers with the same shape",
    )


def _grid(reference: Side, new: Side, asked: int | None) -> int:
    """Return what maps are reduced to."""
    if reference.regions is not None:
        if asked is not None:
            raise ConfigError(
                f"--grid {asked}: {reference.title} and {new.title} are compared by regions",
                "one of them has nothing finer",
                "leave it out, or run both with --store pixels",
            )
        return 0
    for side in (side for side in (reference, new) if side.grid):
        if asked is not None and asked != side.grid:
            raise ConfigError(
                f"--grid {asked}: {side.title} has maps on a grid of {side.grid}",
                "what was summed up can't be told apart again",
                "leave it out, or compare run directories",
            )
        return side.grid
    return DEFAULT_GRID if asked is None else asked


def _check_settings(reference: Side, new: Side, force: bool) -> list[str]:
    there, here = (
        {key: value for key, value in side.about["identity"].items() if _must_be_alike(key)}
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


def _must_be_alike(key: str) -> bool:
    """Tell whether maps say nothing about each other where one value of the identity differs."""
    declared = settings_of(RunConfig).get(key)
    return key not in _SUBJECT and (declared is None or declared.decides is Decides.EXPLANATION)


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
