"""Comparable: two sides brought to one form, or the reason why they can't be."""

from dataclasses import dataclass

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, NotComparable
from igcli.common.setting import Decides, settings_of
from igcli.comparison.drift.densities import as_comparable
from igcli.comparison.drift.sides import Side, shape_at
from igcli.comparison.grid import DEFAULT_GRID
from igcli.store.identity import SELECTED, differences

# What a comparison is about: the models, and the inputs that they explain.
_SUBJECT = frozenset({"igcli", "model", "inputs", SELECTED})


@dataclass(frozen=True, slots=True)
class Joined:
    """Two sides in one form.

    Attributes
    ----------
    reference, new : Side
        By densities where one of them is.
    grid : int
        What their maps are reduced to; 0 where they are whole, or densities.
    forced : list of str
        Differences in settings that are passed over.
    """

    reference: Side
    new: Side
    grid: int
    forced: list[str]


def joined(reference: Side, new: Side, force: bool, grid: int | None) -> Joined:
    """Bring two sides to one form.

    Raises
    ------
    NotComparable
        When the runs differ in settings and `force` is not given, or in the shape of their maps.
    ConfigError
        When a reference file has another grid than the one that is asked for.
    """
    forced = _check_settings(reference, new, force)
    reference, new = as_comparable(reference, new, grid)
    _check_shapes(reference, new)
    return Joined(reference, new, _grid(reference, new, grid), forced)


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
