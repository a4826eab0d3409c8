"""The work on one map: its segments, their ranking, and the picture of it, in any process."""

from dataclasses import dataclass

from igcli.common.arrays import Array
from igcli.common.errors import IgcliError
from igcli.findings.segments.area_picture import Drawing, drawn_png
from igcli.findings.segments.areas import Estimates, Ranking, magnitudes, ranking, reduced
from igcli.findings.segments.felzenszwalb import photo_segments
from igcli.findings.segments.greedy import LEAST_NEW, areas_by_gain, areas_by_mean
from igcli.findings.segments.segment_set import segment_set


@dataclass(frozen=True, slots=True)
class OneMap:
    """What is to be done.

    Attributes
    ----------
    attribution : Array
        float32 (height, width) or (height, width, channels), signed.
    image : Array or None
        uint8 (height, width, channels): what the model saw.
    labels : Array, IgcliError or None
        int (height, width), one's own segments, or why there are none; None for those of the image.
    estimates : Estimates
        Of the map's error.
    reduce : str
        How channels become one number, SUM or MAX.
    is_fast : bool
        Whether segments are ranked by the means of all their pixels.
    drawing : Drawing
        What is drawn beside the map.
    """

    attribution: Array
    image: Array | None
    labels: "Array | IgcliError | None"
    estimates: Estimates
    reduce: str
    is_fast: bool
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: the ranking and a PNG file's bytes."""

    ranking: Ranking
    png: bytes


def rank_areas(one: OneMap) -> Ranking:
    """Return the areas of a map, ranked.

    Own segments are taken as they are: not dilated, and however few pixels they have.
    """
    plane, sizes = reduced(one.attribution, one.reduce), magnitudes(one.attribution)
    if one.labels is None:
        assert one.image is not None
        segments, least = photo_segments(one.image), LEAST_NEW
    else:
        assert not isinstance(one.labels, IgcliError)
        segments, least = segment_set([one.labels], reach=0), 1
    areas = (areas_by_mean if one.is_fast else areas_by_gain)(plane.ravel(), segments, least)
    return ranking(plane, sizes, areas, one.estimates)


def work_on(one: OneMap) -> Done | IgcliError:
    """Return the areas of a map and their picture, or why there are none."""
    if isinstance(one.labels, IgcliError):
        return one.labels
    ranked = rank_areas(one)
    return Done(ranked, drawn_png(ranked, one.image, one.drawing))
