"""What the golden pictures can't say: which pixel of a figure is which of the arrays'."""

from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.figures.caption import font
from igcli.figures.panels import (
    PanelRow,
    four_panels,
    image_row,
    side_by_side,
    signed_panel,
    signed_panels,
)
from igcli.figures.ramp import Ramp
from igcli.figures.sheet import Cell, sheet

SIDE = 60
PLANE = np.array([[4.0, -2.0], [0.0, 1.0]])
IMAGE = np.array([[[10], [20]], [[30], [40]]], np.uint8)
# The gap, the letters, and their line with its margin.
GAP, HEAD = 12, 16 + 5


def cell(picture: Any, column: int, row: int = 0, wide: int = SIDE) -> Array:
    """The four pixels of a cell of 2 × 2 pixels, each enlarged to 30 × 30."""
    pixels = np.asarray(picture)
    left = GAP + column * (wide + GAP) + (wide - SIDE) // 2
    top = GAP + HEAD + row * (SIDE + GAP + HEAD)
    found: Array = pixels[top + 15 : top + SIDE : 30, left + 15 : left + SIDE : 30]
    edges = pixels[[top - 1, top + SIDE], left + 5], pixels[top + 5, [left - 1, left + SIDE]]
    assert all((edge == 170).all() for edge in edges)
    return found


def test_a_signed_panel_has_four_columns_on_one_scale() -> None:
    rows = [PanelRow(IMAGE, PLANE, "a"), PanelRow(IMAGE, PLANE / 2, "b")]
    picture = signed_panel(rows, size=SIDE, cmap="red-white-green")
    # Columns are as wide as the longest title.
    wide = int(font().getlength("Negative attributions")) + 1
    assert wide > SIDE
    assert cell(picture, 0, 0, wide)[..., 0].tolist() == [[10, 20], [30, 40]]
    white = [255, 255, 255]
    both = [[[0, 128, 0], [255, 128, 128]], [white, [191, 223, 191]]]
    assert cell(picture, 1, 0, wide).tolist() == both
    assert cell(picture, 2, 0, wide).tolist() == [[both[0][0], white], [white, both[1][1]]]
    assert cell(picture, 3, 0, wide).tolist() == [[white, both[0][1]], [white, white]]
    assert cell(picture, 1, 1, wide)[0].tolist() == [[128, 192, 128], [255, 191, 191]]


def test_rows_of_a_sheet_may_have_scales_of_their_own() -> None:
    rows = [PanelRow(IMAGE, PLANE, "a"), PanelRow(IMAGE, PLANE / 100, "b")]
    picture = np.asarray(signed_panels(rows, "attribution", "PiYG", [4.0, 0.04], 240))
    half = len(picture) // 2
    upper, lower = picture[:half], picture[half:]
    # All is alike but the titles, the bars' numbers among them.
    inner = slice(60, 60 + 200), slice(20, 1000)
    np.testing.assert_array_equal(upper[inner], lower[inner])
    assert (upper != lower).any()


def test_a_scale_may_be_given() -> None:
    row = [PanelRow(IMAGE, PLANE, "a")]
    default, same, other = (signed_panel(row, size=240, top=top) for top in (None, 4.0, 8.0))
    assert (np.asarray(default) == np.asarray(same)).all()
    assert (np.asarray(default) != np.asarray(other)).any()


@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
def test_the_image_stands_beside_the_overlay(alpha: float) -> None:
    ramp = Ramp("red-white-green", "all", 4.0)
    picture = side_by_side(PLANE, IMAGE, ramp, alpha=alpha, size=240)
    pixels = np.asarray(picture)
    top, left = 16 + 21 + 5, 16
    assert pixels[top + 60, left + 60].tolist() == [10, 10, 10]
    expected = np.rint(alpha * np.array([0, 128, 0]) + (1 - alpha) * 10)
    assert pixels[top + 60, left + 240 + 16 + 60].tolist() == expected.tolist()


def test_four_panels_are_baseline_image_map_and_image_over_map() -> None:
    ramp = Ramp("gray", "absolute", 4.0)
    plane, baseline = np.abs(PLANE), np.full((2, 2, 1), 7, np.uint8)
    pixels = np.asarray(four_panels(plane, IMAGE, baseline, ramp, alpha=0.4, size=240))
    x, y = (16, 16 + 240 + 16), (16 + 26, 16 + 26 + 240 + 16 + 26)
    at = [[pixels[top + 60, left + 180].tolist() for left in x] for top in y]
    # The second pixel: baseline 7, image 20, half of the scale, 0.4 · 20 + 0.6 · 127.5.
    assert at == [[[7] * 3, [20] * 3], [[128] * 3, [84] * 3]]
    empty = np.asarray(four_panels(plane, IMAGE, None, ramp, size=240, note="not stored"))
    shown = empty[y[0] : y[0] + 240, x[0] : x[0] + 240]
    assert shown[:100].min() == 255 and shown[100:140].min() < 100


def test_a_row_of_images_is_as_wide_as_they_are() -> None:
    row = image_row([IMAGE, IMAGE + 100, IMAGE], ["a", "b", "c"], SIDE)
    assert row.size == (3 * SIDE + 4 * GAP, SIDE + 2 * GAP + HEAD)
    assert cell(row, 1)[..., 0].tolist() == [[110, 120], [130, 140]]


@pytest.mark.parametrize(("side", "letters"), [(100, 12), (180, 12), (900, 60)])
def test_letters_grow_with_the_cells(side: int, letters: int) -> None:
    pixels = np.asarray(sheet([[Cell(np.full((side, side, 3), 255, np.uint8), "H")]]))
    above = pixels[: pixels.shape[0] - letters - side - 1]
    ink = np.flatnonzero((above < 100).any(axis=(1, 2)))
    assert 0.6 * letters < ink[-1] - ink[0] + 1 < 0.85 * letters
