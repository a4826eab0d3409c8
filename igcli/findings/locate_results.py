"""The results of locate: what was measured, and what was left out and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from igcli.common.explanation import Explanation
from igcli.common.placement import Size
from igcli.findings.locate_measures import Values

# A larger part of the input: the pointing game's 15 pixels are 7 % of 224.
_WIDE = 0.1


class Left(StrEnum):
    """Why an explanation was left out."""

    FAILED = "failed"
    NO_OBJECT = "no object"
    OTHER_CLASS = "another class"
    EMPTY = "empty"
    NOT_PLACED = "not placed"
    NOTHING_POSITIVE = "nothing positive"


@dataclass(frozen=True, slots=True)
class Located:
    """One explanation.

    Attributes
    ----------
    row : Explanation
        Which, without its map.
    left : Left or None
        Why it was left out; None where it was measured.
    why : str
        More about that.
    area : float
        The object's share of the model's input.
    values, errors : dict of str to float
        The measures and how far each may be off, NaN where that is not known; empty where it was
        left out.
    """

    row: Explanation
    left: Left | None = None
    why: str = ""
    area: float = np.nan
    values: Values = field(default_factory=dict)
    errors: Values = field(default_factory=dict)

    @property
    def correct(self) -> bool | None:
        """Whether the prediction was right, where that is known."""
        return self.row.correct


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a run.

    Attributes
    ----------
    title : str
        What messages call the run.
    noun : str
        What was looked for: "box" or "mask".
    cells : int
        The side of the cells whose mass was measured, in pixels; 0 for the pixels' own.
    size : Size
        (width, height) of the model's input.
    images : list of Located
        Every explanation, in the run's order.
    unused : list of str
        The objects that are of no input of the run.
    """

    title: str
    noun: str
    cells: int
    size: Size
    images: list[Located]
    unused: list[str]

    @property
    def measured(self) -> list[Located]:
        """The explanations that were measured, the one with the least lift first."""
        found = [image for image in self.images if image.left is None]
        return sorted(found, key=lambda image: image.values["lift"])

    @property
    def left_out(self) -> list[Located]:
        """The others, in the run's order."""
        return [image for image in self.images if image.left is not None]

    def doubts(self, tolerance: float) -> Iterator[str]:
        """Yield why some of it says little."""
        shorter = min(self.size)
        if self.measured and tolerance > _WIDE * shorter:
            yield (
                f"--tolerance-px {tolerance:g} is {tolerance / shorter:.0%} of the model's input: "
                "hit says little"
            )
        unknown = sum(bool(np.isnan(image.errors["inside"])) for image in self.measured)
        if unknown:
            maps = "map is" if unknown == 1 else "maps are"
            yield f"how far {unknown} {maps} off is not known: gates take them as exact"
