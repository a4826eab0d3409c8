"""The choices: of each input several maps, one a baseline, whatever they are read from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.regions import Regions


class Left(StrEnum):
    """Why an explanation was left out."""

    FAILED = "failed"
    MISSING = "missing"
    INPUT_CHANGED = "input changed"
    OTHER_TARGET = "another target"
    ONE_BASELINE = "one baseline"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An explanation that was left out, and more about why."""

    row: Explanation
    left: Left
    why: str


@dataclass(frozen=True, slots=True)
class InputMaps:
    """The maps of one input for one target, a line for each baseline.

    Attributes
    ----------
    values : Array
        (baselines, numbers): whole maps; where regions alone are kept, the mass of each for
        the class and, negative, against it.
    masses : Array or None
        float32 (baselines, 2, rows, columns): the positive and the negative mass of each cell; None
        for what is no picture.
    errors : Array
        float64 (baselines,): how far each of `values` may be off, over its L1 norm; NaN where that
        is not known.
    regions_errors : Array
        float64 (baselines,): how far each density may be off, as total variation; NaN likewise.
    """

    values: Array
    masses: Array | None
    errors: Array
    regions_errors: Array


class Choices(Protocol):
    """Where maps that differ in their baseline come from.

    Attributes
    ----------
    titles : tuple of str
        The run directories.
    run : str
        What tells the first run from one that took its place.
    names : tuple of str
        The baselines, all different.
    rows : list of Explanation
        What can be measured, in the first run's order.
    left_out : list of LeftOut
        The first run's other explanations, and those that other runs alone have.
    regions : Regions or None
        The cells of the densities; None for what is no picture.
    shape : tuple of int
        Of each of `InputMaps.values`, before it became a line.
    has_pixels : bool
        Whether `values` are whole maps.
    tolerance : float or None
        The coarsest that a run was refined to; None where one has a fixed rule.
    notes : list of str
        What people must know of it.
    """

    titles: tuple[str, ...]
    run: str
    names: tuple[str, ...]
    rows: list[Explanation]
    left_out: list[LeftOut]
    regions: Regions | None
    shape: tuple[int, ...]
    has_pixels: bool
    tolerance: float | None
    notes: list[str]

    def maps(self, rows: Sequence[Explanation]) -> Iterator[InputMaps]:
        """Yield the maps of some of `rows`, in their order; memory does not grow with these."""
        ...

    def images(self, rows: Sequence[Explanation]) -> Iterator[Array | None]:
        """Yield what the model saw, uint8 (height, width, channels), where that is stored."""
        ...
