"""agree: of every input how far its maps hang on the baseline, and all inputs together."""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import NotComparable
from igcli.common.explanation import Explanation
from igcli.common.progress import Track
from igcli.comparison.agreement.choices import Choices, Left, LeftOut
from igcli.comparison.agreement.pairwise import MEASURES, Pairwise, pairwise

_REASONS = 3


@dataclass(frozen=True, slots=True)
class ImageAgreement:
    """One explanation that was measured; `pair` names the baselines whose maps differ most."""

    row: Explanation
    found: Pairwise
    pair: tuple[str, str]

    @property
    def values(self) -> dict[str, float]:
        """Each measure."""
        return self.found.values

    @property
    def explained(self) -> dict[str, float]:
        """What the maps' own errors alone make of each measure; NaN where none is known."""
        return self.found.explained


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was found.

    Attributes
    ----------
    titles : tuple of str
        The run directories.
    run : str
        What tells the first one from a run that took its place.
    names : tuple of str
        The baselines.
    cells : int
        The side of the cells whose mass was looked at; 0 where there is no picture.
    has_pixels : bool
        Whether whole maps were compared; else the mass of the cells.
    measures : tuple of str
        What could be told, by the names of MEASURES; without medians where there is one pair.
    images : list of ImageAgreement
        Those that hinge on the choice first; see `agree`.
    left_out : list of LeftOut
        What was not measured.
    notes : list of str
        What people must know of it.
    """

    titles: tuple[str, ...]
    run: str
    names: tuple[str, ...]
    cells: int
    has_pixels: bool
    measures: tuple[str, ...]
    images: list[ImageAgreement]
    left_out: list[LeftOut]
    notes: list[str]

    def values(self, measure: str) -> Array:
        """Return a measure of all images, float64."""
        return np.array([image.values[measure] for image in self.images])

    @property
    def hinging(self) -> list[ImageAgreement]:
        """The images whose maps differ by more than they may be off, the farthest apart first."""
        return [image for image in self.images if not image.found.within_errors]


def agree(choices: Choices, track: Track) -> Agreement:
    """Measure all pairs of maps of every input.

    Inputs whose maps differ by no more than their errors come last; the others by density, the
    farthest apart first, or by cosine where there is no density.
    """
    images: list[ImageAgreement] = []
    left: list[LeftOut] = []
    rows = choices.rows
    for row, maps in track(zip(rows, choices.maps(rows), strict=True), len(rows)):
        if not np.isfinite(maps.values).all():
            left.append(LeftOut(row, Left.ONE_BASELINE, "it has a baseline of its own"))
            continue
        found = pairwise(maps, row.id, choices.has_pixels)
        one, other = (choices.names[i] for i in found.pair)
        images.append(ImageAgreement(row, found, (one, other)))
    images.sort(key=_how_alike)
    return Agreement(
        choices.titles,
        choices.run,
        choices.names,
        choices.regions.side if choices.regions else 0,
        choices.has_pixels,
        _told(choices),
        images,
        [*choices.left_out, *left],
        [*choices.notes, *_unknown(images)],
    )


def check_measured(found: Agreement) -> None:
    """Raise NotComparable where no explanation could be measured."""
    if found.images:
        return
    reasons = list(dict.fromkeys(f"{one.left}: {one.why}" for one in found.left_out))
    raise NotComparable(
        f"{' and '.join(found.titles)} has no input with several maps",
        "; ".join(reasons[:_REASONS]) or "it holds no explanation",
        "explain inputs that all baselines are for",
    )


def _how_alike(image: ImageAgreement) -> tuple[bool, float, float]:
    values = image.values
    return image.found.within_errors, -values.get("density", 0.0), values["cosine"]


def _told(choices: Choices) -> tuple[str, ...]:
    """Return the measures that can be told: a median of one pair is that pair."""
    kinds = ["cosine"]
    kinds += ["density"] if choices.regions is not None else []
    kinds += ["signs"] if choices.has_pixels else []
    several = len(choices.names) > 2
    return tuple(
        name
        for name in MEASURES
        if name in kinds or (several and name.removesuffix("_median") in kinds)
    )


def _unknown(images: list[ImageAgreement]) -> list[str]:
    count = sum(bool(np.isnan(list(image.explained.values())).any()) for image in images)
    if not count:
        return []
    return [
        f"how far the maps of {count} of {len(images)} images are off is not known: gates take "
        "them as exact"
    ]
