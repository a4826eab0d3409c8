"""Unit densities: a run's maps on one grid of cells, each divided by its own L1 norm.

So every image counts once, however large its score is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.regions import Regions, default_side
from igcli.common.shapes import with_channels
from igcli.store.map_layout import MapLayout
from igcli.store.run import StoredRun

# A picture's cell is looked at by so many patches a side.
PATCHES = 2


@dataclass(frozen=True, slots=True)
class Densities:
    """The unit densities of a run's rows.

    Attributes
    ----------
    rows : list of Explanation
        Those that have one, in the run's order.
    values : Array
        float32 (rows, height, width, 2): shares of the positive mass in each cell, and, negative,
        of the negative. The magnitudes of a row sum to 1.
    errors : Array
        float64 (rows,): how far each may be off, as total variation; NaN where no one told.
    regions : Regions
        The cells.
    source : str
        What they were read from: "regions" or "pixels".
    pictures : Array or None
        uint8 (rows, PATCHES · height, PATCHES · width, channels): the images, small; None where
        none are stored.
    channels : Array or None
        float32 (rows, channels): shares of the map's magnitude; None without pixels, or with one.
    left_out : dict of str to list of str
        The ids of the rows that have no density, by the reason.
    """

    rows: list[Explanation]
    values: Array
    errors: Array
    regions: Regions
    source: str
    pictures: Array | None
    channels: Array | None
    left_out: dict[str, list[str]]

    @property
    def signed(self) -> Array:
        """Positive less negative mass of each cell, (rows, height, width)."""
        signed: Array = self.values.sum(axis=3)
        return signed

    @property
    def absolute(self) -> Array:
        """All mass of each cell, (rows, height, width)."""
        absolute: Array = np.abs(self.values).sum(axis=3)
        return absolute


def read_densities(run: StoredRun) -> Densities:
    """Return the unit densities of all rows that did not fail and have any mass.

    Raises
    ------
    InputError
        When the run's maps are of no one picture, or there is none.
    NotWhole
        When it is damaged.
    """
    kept, layout = run.kept, run.layout
    name = None if kept.regions is not None else picture_of(run)
    regions = kept.regions or _regions_of(layout, name)
    shown = [row for row in run.rows if row.status == "ok"]
    values = np.zeros((len(shown), *regions.grid, 2), np.float32)
    for place, masses in enumerate(_masses(run, shown, regions, name)):
        values[place] = regions.density(masses)
    has_mass: Array = np.abs(values).max(axis=(1, 2, 3), initial=0.0) > 0.0
    rows = [row for row, has in zip(shown, has_mass, strict=True) if has]
    if not rows:
        raise InputError(
            f"{run.title} has no map with any mass",
            f"{len(run.rows)} rows, of which {len(run.rows) - len(shown)} failed",
            "see the column message of results.csv",
        )
    return Densities(
        rows,
        values if has_mass.all() else values[has_mass],
        np.array([_error(row) for row in rows]),
        regions,
        "pixels" if name is not None else "regions",
        _pictures(run, rows, regions),
        _channels(run, rows, layout),
        {
            "failed": [row.id for row in run.rows if row.status != "ok"],
            "no mass": [row.id for row, has in zip(shown, has_mass, strict=True) if not has],
        },
    )


def picture_of(run: StoredRun) -> str:
    """Return the name of the map that lies on a picture's pixels; raise InputError without one."""
    found = run.layout.picture
    if found is not None:
        return found
    shapes = ", ".join(f"{name} {shape}" for name, shape in run.layout.shapes.items())
    raise InputError(
        f"{run.title} has maps of no one picture",
        f"its maps are of {shapes or 'nothing'}",
        "explain a model whose input is a picture",
    )


def _regions_of(layout: MapLayout, name: str | None) -> Regions:
    assert name is not None
    shape = layout.shapes[name]
    return Regions(shape, default_side(shape))


def _masses(
    run: StoredRun, rows: Sequence[Explanation], regions: Regions, name: str | None
) -> Iterator[Array]:
    if name is None:
        return run.masses(rows)
    return (regions.masses(maps[name]) for maps in run.maps(rows))


def _error(row: Explanation) -> float:
    """Return the estimate of a density's error; that of a map's pixels bounds it, too."""
    known = row.error_estimate if row.regions_error is None else row.regions_error
    return np.nan if known is None else float(known)


def _pictures(run: StoredRun, rows: Sequence[Explanation], regions: Regions) -> Array | None:
    shape = run.layout.image_shape
    if not shape or shape[:2] != regions.shape[:2]:
        return None
    begins = [_patches(length, regions.side) for length in shape[:2]]
    areas = _sums(np.ones((*shape[:2], 1)), begins)
    small = np.zeros((len(rows), *areas.shape[:2], shape[2]), np.uint8)
    for place, image in enumerate(run.images(rows)):
        assert image is not None
        small[place] = np.rint(_sums(image.astype(np.float32), begins) / areas)
    return small


def _sums(image: Array, begins: Sequence[Array]) -> Array:
    # Not `cells.sums_over_cells`: a cell of one pixel has two patches of that pixel.
    for axis, places in enumerate(begins):
        image = np.add.reduceat(image, places, axis=axis)
    return image


def _patches(length: int, side: int) -> Array:
    """Return where the patches of an axis begin: PATCHES for each cell, as equal as can be."""
    cells = np.arange(0, length, side)
    ends = np.append(cells[1:], length)
    steps = np.arange(PATCHES)
    begins = cells[:, None] + steps * (ends - cells)[:, None] // PATCHES
    return begins.ravel()


def _channels(run: StoredRun, rows: Sequence[Explanation], layout: MapLayout) -> Array | None:
    if not run.kept.pixels or len(layout.shapes) != 1:
        return None
    (name,) = layout.shapes
    shape = with_channels(layout.shapes[name])
    if len(shape) != 3 or shape[2] == 1:
        return None
    shares = np.zeros((len(rows), shape[2]), np.float32)
    for place, maps in enumerate(run.maps(rows)):
        sizes = np.abs(maps[name].reshape(-1, shape[2])).sum(axis=0, dtype=np.float64)
        shares[place] = sizes / (sizes.sum() or 1.0)
    return shares
