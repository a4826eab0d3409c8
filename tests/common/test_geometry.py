from typing import Any

import numpy as np
import pytest

from igcli.common.geometry import Outline, outline_of_boxes, outline_of_mask
from igcli.common.placement import RESIZE


def outline(*boxes: tuple[float, ...], size: tuple[int, int]) -> Outline:
    return outline_of_boxes(np.array(boxes, float), size)


def on_pixels(found: Outline, width: int, height: int) -> Any:
    return found.shares(np.arange(height + 1.0), np.arange(width + 1.0))


def test_boxes_are_half_open_and_their_union_counts_once() -> None:
    found = outline((1, 0, 3, 2), (2, 1, 4, 2), size=(5, 3))
    assert found.area == 5
    assert on_pixels(found, 5, 3).tolist() == [[0, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0] * 5]


def test_what_is_beyond_the_image_is_cut_off() -> None:
    assert outline((-4, -4, 2, 1), size=(5, 3)).area == 2
    assert outline((9, 9, 12, 12), size=(5, 3)).area == 0
    assert outline((2, 2, 1, 1), size=(5, 3)).area == 0


def test_a_pixel_that_an_edge_runs_through_counts_by_its_part() -> None:
    found = on_pixels(outline((0.5, 0.25, 2, 1), size=(3, 1)), 3, 1)
    assert found.tolist() == [[0.375, 0.75, 0]]


def test_cells_count_by_their_overlap_those_at_the_edge_too() -> None:
    found = outline((3, 0, 10, 2), size=(10, 4)).shares(
        np.array([0, 4.0]), np.array([0, 4.0, 8, 10])
    )
    assert found.tolist() == [[0.125, 0.5, 0.5]]


# What EXIF's orientations make of a picture whose pixel at row 0, column 1 of 2 × 3 is marked.
TURNED = {
    1: [[0, 1, 0], [0, 0, 0]],
    2: [[0, 1, 0], [0, 0, 0]],
    3: [[0, 0, 0], [0, 1, 0]],
    4: [[0, 0, 0], [0, 1, 0]],
    5: [[0, 0], [1, 0], [0, 0]],
    6: [[0, 0], [0, 1], [0, 0]],
    7: [[0, 0], [0, 1], [0, 0]],
    8: [[0, 0], [1, 0], [0, 0]],
}


@pytest.mark.parametrize("orientation", TURNED)
def test_boxes_and_masks_turn_alike(orientation: int) -> None:
    mask = np.array([[0, 1, 0], [0, 0, 0]], bool)
    wanted = TURNED[orientation]
    for found in (outline((1, 0, 2, 1), size=(3, 2)), outline_of_mask(mask)):
        turned = found.upright((3, 2), orientation)
        assert on_pixels(turned, len(wanted[0]), len(wanted)).tolist() == wanted


@pytest.mark.parametrize(
    ("resize", "wanted"),
    [
        # 8 × 4 on 4 × 4: its left half is stretched to columns 0 and 1.
        ("stretch", [[1, 1, 0, 0]] * 4),
        # Two black rows above and below, of four.
        ("pad", [[0] * 4, [1, 1, 0, 0], [1, 1, 0, 0], [0] * 4]),
        # Columns 2 to 6 are kept.
        ("crop", [[1, 1, 0, 0]] * 4),
    ],
)
def test_an_outline_goes_where_its_image_goes(resize: str, wanted: Any) -> None:
    mask = np.zeros((4, 8), bool)
    mask[:, :4] = True
    placement = RESIZE[resize]((8, 4), (4, 4))
    for found in (outline((0, 0, 4, 4), size=(8, 4)), outline_of_mask(mask)):
        assert on_pixels(found.placed(placement, (4, 4)), 4, 4).tolist() == wanted


def test_what_is_cropped_away_has_no_area() -> None:
    placement = RESIZE["crop"]((8, 4), (4, 4))
    found = outline((0, 0, 2, 4), size=(8, 4)).placed(placement, (4, 4))
    assert found.area == 0
    assert not found.is_near((0.5, 0.5), 3)


def test_near_is_counted_between_centres_of_pixels() -> None:
    found = outline((50, 50, 150, 150), size=(224, 224))
    assert found.is_near((149.5, 149.5), 0) and not found.is_near((150.5, 149.5), 0)
    assert found.is_near((164.5, 100.5), 15) and not found.is_near((165.5, 100.5), 15)
    # 9 and 12 pixels away: 15; 10 and 12: more.
    assert found.is_near((158.5, 161.5), 15) and not found.is_near((159.5, 161.5), 15)
