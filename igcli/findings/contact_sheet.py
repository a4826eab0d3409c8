"""The contact sheet of a cluster: its most typical images, with their maps laid over."""

from PIL import Image

from igcli.common.arrays import Array
from igcli.figures.overlay import blend
from igcli.figures.pixels import fitted, in_colour
from igcli.figures.sheet import Cell, sheet
from igcli.findings.clusters import Cluster, Clusters
from igcli.findings.clusters_text import said
from igcli.store.run import StoredRun

SHOWN = 12
_COLUMNS = 4
_SIDE = 128


def contact_sheet(run: StoredRun, clusters: Clusters, one: Cluster) -> Image.Image:
    """Draw up to SHOWN images of a cluster, each with its map beside it.

    The run stores images. Where it stores no pixels of maps, the mass of the cells is drawn.
    """
    rows = [clusters.densities.rows[place] for place in one.rows[:SHOWN]]
    planes = clusters.densities.signed[one.rows[:SHOWN]]
    drawn: list[Cell] = []
    for row, plane, image in zip(rows, planes, run.images(rows), strict=True):
        assert image is not None
        heat = blend(clusters.regions.spread(plane), image)
        drawn += [Cell(_fit(in_colour(image)), row.id), Cell(_fit(heat), "")]
    lines = [drawn[i : i + 2 * _COLUMNS] for i in range(0, len(drawn), 2 * _COLUMNS)]
    return sheet(lines, lines=said(one, clusters.regions).split("; "))


def _fit(pixels: Array) -> Array:
    return fitted(pixels, _SIDE)
