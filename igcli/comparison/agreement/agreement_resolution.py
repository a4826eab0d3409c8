"""The resolution of agreement: what to run again where a gate is finer than the maps' errors."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from igcli.comparison.agreement.agree import ImageAgreement
from igcli.comparison.agreement.choices import Choices
from igcli.comparison.agreement.pairwise import pairwise
from igcli.comparison.drift.resolution import FINEST, largest_tolerance, places_like_all
from igcli.comparison.drift.thresholds import Threshold, statistic

_WIDER = "set a wider gate"


def what_to_do(gate: Threshold, images: Sequence[ImageAgreement], choices: Choices) -> str:
    """Return how maps would be exact enough for a gate: the tolerance that would do is tried out.

    Parameters
    ----------
    gate : Threshold
        What the errors of `images` alone cross.
    images : sequence of ImageAgreement
        What it is of.
    choices : Choices
        Where their maps are. Errors are taken to fall with the tolerance.
    """
    noises = np.array([image.explained[gate.measure] for image in images])
    known = np.flatnonzero(~np.isnan(noises))
    rows = [images[i].row for i in known[places_like_all(noises[known])]]
    which = " and ".join(choices.titles)
    tolerance = choices.tolerance
    if tolerance is None:
        return f"run {which} again with --method adaptive, or {_WIDER}"

    def is_within(finer: float) -> bool:
        """Tell whether maps of that tolerance would do."""
        share = finer / tolerance
        found = []
        for row, maps in zip(rows, choices.maps(rows), strict=True):
            errors, regions_errors = maps.errors * share, maps.regions_errors * share
            exact = replace(maps, errors=errors, regions_errors=regions_errors)
            found.append(pairwise(exact, row.id, choices.has_pixels).explained[gate.measure])
        return not gate.crossed_by(statistic(found, gate.statistic))

    if tolerance <= FINEST or not is_within(FINEST):
        return f"{_WIDER}: paths that exact are out of reach"
    advised = largest_tolerance(is_within, tolerance)
    return f"run {which} again with --tolerance {advised:g}, or {_WIDER}"
