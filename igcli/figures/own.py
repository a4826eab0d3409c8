"""The own pictures of a run: how maps are drawn, when they are explained and from the store."""

from igcli.common.arrays import Array
from igcli.common.choices import AUTO
from igcli.common.regions import Regions, default_side
from igcli.figures.settle import settle_look, settle_style
from igcli.figures.smoothed.smooth import of_signs, smooth_plane
from igcli.figures.style import REGIONS, SMOOTH, Look

# Drawn from the mass of each cell: no pixels are needed.
OF_CELLS = SMOOTH | {REGIONS}


def own_look(style: str, shape: tuple[int, ...]) -> Look:
    """Return the look of a run's own pictures.

    Parameters
    ----------
    style : str
        What the run was asked for: one of `igcli.common.choices.RUN_STYLES`.
    shape : tuple of int
        Of its images.
    """
    return settle_look(settle_style(style or AUTO, shape))


def cells_of(regions: Regions | None, shape: tuple[int, ...]) -> Regions:
    """Return the cells of a picture: a run's own, or what they usually are."""
    return Regions(shape, default_side(shape)) if regions is None else regions


def plane_of_cells(look: Look, masses: Array, regions: Regions) -> Array:
    """Return what is drawn of the mass of each cell, for a style of `OF_CELLS`, (height, width)."""
    if look.style in SMOOTH:
        return smooth_plane(masses, regions, look.sign)
    return regions.spread(of_signs(masses, look.sign))
