"""Quantus 0.6: its fixtures, its numbers where it is installed, and where it is wrong.

Two of its localisation metrics count what igcli does not: an image without any mask as a hit of
the pointing game, and `weighted` attribution localisation, which multiplies by a share of the
area that hangs on how many images the batch has (`lift` divides by the object's share).
"""

import warnings
from typing import Any

import numpy as np
import pytest

from igcli.common.geometry import outline_of_boxes, outline_of_mask
from igcli.common.regions import Regions
from igcli.findings.locate_measures import map_of_pixels, measure

SIDE = 224
BOX = outline_of_boxes(np.array([[50.0, 50, 150, 150]]), (SIDE, SIDE))


def measured(values: Any, outline: Any = BOX) -> dict[str, float]:
    regions = Regions(values.shape, 2)
    return measure(map_of_pixels(regions, values, 0.0, "a"), outline, 0, "0 a")[1]


def of(inside: float, outside: float, rows: slice = slice(50, 150)) -> Any:
    values = np.full((SIDE, SIDE, 1), outside)
    values[rows, 50:150] = inside
    return values


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        # Everything in the object, nothing, and as much as the object's half has: 5,000 of 10,000.
        (of(1.0, 0.0), {"hit": 1.0, "inside": 1.0, "rank": 1.0}),
        (of(0.0, 1.0), {"hit": 0.0, "inside": 0.0, "rank": 0.0}),
        (of(1.0, 0.0, slice(0, 100)), {"inside": 0.5, "rank": 0.5}),
    ],
)  # fmt: skip
def test_its_fixtures(values: Any, wanted: dict[str, float]) -> None:
    found = measured(values)
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)


def batch(count: int = 12) -> tuple[Any, Any]:
    """Return random maps (count, 1, 24, 30) without ties above 0, and masks of them."""
    random = np.random.default_rng(5)
    maps = random.standard_normal((count, 1, 24, 30))
    masks = random.random((count, 1, 24, 30)) < random.uniform(0.1, 0.6, (count, 1, 1, 1))
    return maps, masks


def scores(name: str, maps: Any, masks: Any, **settings: Any) -> Any:
    quantus = pytest.importorskip("quantus", reason="Quantus is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metric = getattr(quantus, name)(
            disable_warnings=True, abs=False, normalise=False, **settings
        )
        return metric(
            model=None, x_batch=np.zeros_like(maps), y_batch=np.zeros(len(maps), int),
            a_batch=maps, s_batch=masks,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "ours", "settings"),
    [
        ("AttributionLocalisation", "inside", {"positive_attributions": True}),
        ("RelevanceMassAccuracy", "inside", {}),
        ("RelevanceRankAccuracy", "rank", {}),
        ("AUC", "auc", {}),
        ("PointingGame", "hit", {}),
    ],
)
def test_its_own_numbers(name: str, ours: str, settings: dict[str, Any]) -> None:
    maps, masks = batch()
    theirs = scores(name, np.maximum(maps, 0.0), masks, **settings)
    for values, mask, score in zip(maps, masks, theirs, strict=True):
        found = measured(values.transpose(1, 2, 0), outline_of_mask(mask[0]))
        # Their rank takes zeros in whatever order they are sorted.
        if ours != "rank" or mask.sum() <= (values > 0).sum():
            assert found[ours] == pytest.approx(float(score), abs=1e-8)


def test_its_pointing_game_hits_what_is_not_there() -> None:
    maps, masks = batch(2)
    masks[1] = False
    assert bool(scores("PointingGame", maps, masks)[1])


def test_its_weighted_localisation_hangs_on_the_batch() -> None:
    maps, masks = batch(4)
    settings = {"positive_attributions": True, "weighted": True}
    alone = scores("AttributionLocalisation", maps[:3], masks[:3], **settings)[0]
    among = scores("AttributionLocalisation", maps, masks, **settings)[0]
    assert alone == pytest.approx(2 * among)
