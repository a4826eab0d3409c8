"""Edits, controls and positions: what is covered, pasted and drawn, in closed form."""

import numpy as np
import pytest

from igcli.common.choices import FILLS as CHOICES
from igcli.common.regions import Regions
from igcli.evaluation.causal.controls import hottest_cells, random_cells
from igcli.evaluation.causal.edits import (
    FILLS,
    covered_with_blur,
    covered_with_mean,
    mask_of,
    pasted,
)
from igcli.evaluation.causal.positions import in_words

REGIONS = Regions((10, 8, 3), 4)


def test_cells_at_the_edge_are_smaller() -> None:
    mask = mask_of(REGIONS, np.array([[2, 1]]))
    assert mask.shape == (10, 8)
    assert mask[8:, 4:].all() and mask.sum() == 8


def test_the_mean_is_that_of_what_is_not_covered() -> None:
    image = np.zeros((10, 8, 3), np.float32)
    image[:4, :4] = 200.0
    image[4:] = (10.0, 20.0, 30.0)
    mask = mask_of(REGIONS, np.array([[0, 0]]))
    found = covered_with_mean(image, mask)
    # 48 of the 64 other pixels.
    assert found[mask] == pytest.approx(np.tile([7.5, 15.0, 22.5], (16, 1)))
    assert (found[~mask] == image[~mask]).all() and image[0, 0, 0] == 200.0


def test_a_blur_shows_nothing_of_what_it_covers() -> None:
    random = np.random.default_rng(0)
    image = random.uniform(0.0, 255.0, (10, 8, 3)).astype(np.float32)
    other = image.copy()
    mask = mask_of(REGIONS, np.array([[1, 0]]))
    other[mask] = 0.0
    found = covered_with_blur(image, mask)
    assert (found == covered_with_blur(other, mask)).all()
    assert (found[~mask] == image[~mask]).all()
    # The masked pixel (5, 1), by the definition: sigma is half of four pixels.
    y, x = np.mgrid[:10, :8]
    weights = np.exp(-((y - 5) ** 2 + (x - 1) ** 2) / (2.0 * 2.0**2)) * ~mask
    expected = (image * weights[..., None]).sum(axis=(0, 1)) / weights.sum()
    assert found[5, 1] == pytest.approx(expected, rel=1e-5)


def test_a_blur_of_one_colour_is_that_colour() -> None:
    image = np.full((10, 8, 3), 90.0, np.float32)
    mask = mask_of(REGIONS, np.array([[0, 0], [2, 1]]))
    image[mask] = 0.0
    assert covered_with_blur(image, mask) == pytest.approx(np.full((10, 8, 3), 90.0))


def test_pixels_are_pasted_where_they_were() -> None:
    donor = np.arange(240, dtype=np.float32).reshape(10, 8, 3)
    mask = mask_of(REGIONS, np.array([[1, 1]]))
    found = pasted(np.zeros_like(donor), mask, donor[mask])
    assert (found[4:8, 4:8] == donor[4:8, 4:8]).all()
    assert found.sum() == donor[4:8, 4:8].sum()


def test_random_cells_are_the_place_moved_by_seed_and_id() -> None:
    place = ((12, 1), (12, 2), (13, 1))
    drawn = [random_cells((14, 14), place, 0, f"{i}.png") for i in range(200)]
    for cells in drawn:
        assert not {(r, c) for r, c in cells.tolist()} & {*place}
        shape = cells - cells.min(axis=0)
        assert shape.tolist() == [[0, 0], [0, 1], [1, 0]]
        assert cells.min() >= 0 and cells.max() <= 13
    assert len({cells.tobytes() for cells in drawn}) > 80
    again = random_cells((14, 14), place, 0, "7.png")
    assert (again == drawn[7]).all()
    assert any((random_cells((14, 14), place, 1, f"{i}.png") != drawn[i]).any() for i in range(3))


def test_random_cells_are_scattered_where_the_shape_does_not_fit() -> None:
    frame = tuple((r, c) for r in range(4) for c in range(4) if {r, c} & {0, 3})
    cells = random_cells((4, 4), frame[:4], 0, "a")
    assert len(cells) == 4
    # Of a frame of twelve cells, four are left.
    assert {(r, c) for r, c in random_cells((4, 4), frame, 0, "a").tolist()} == {
        (1, 1), (1, 2), (2, 1), (2, 2),
    }  # fmt: skip


def test_the_hottest_other_cells() -> None:
    plane = np.array([[9.0, 1.0, 5.0], [2.0, 7.0, 0.0]])
    assert hottest_cells(plane, ((0, 0), (0, 1))).tolist() == [[1, 1], [0, 2]]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (((12, 1),), "at the lower left (row 12, column 1, pixels (2, 24, 4, 26))"),
        (
            ((0, 12), (1, 13)),
            "at the upper right (rows 0 to 1, columns 12 to 13, pixels (24, 0, 27, 4))",
        ),
        (((6, 7),), "in the middle (row 6, column 7, pixels (14, 12, 16, 14))"),
        (((0, 6),), "at the top (row 0, column 6, pixels (12, 0, 14, 2))"),
        (((13, 7),), "at the bottom (row 13, column 7, pixels (14, 26, 16, 27))"),
        (((6, 0),), "at the left (row 6, column 0, pixels (0, 12, 2, 14))"),
        (
            tuple((0, c) for c in range(10)),
            "along the top (row 0, columns 0 to 9, pixels (0, 0, 20, 2))",
        ),
        (
            tuple((7, c) for c in range(14)),
            "across the middle (row 7, columns 0 to 13, pixels (0, 14, 27, 16))",
        ),
        (
            tuple((r, 13) for r in range(14)),
            "along the right (rows 0 to 13, column 13, pixels (26, 0, 27, 27))",
        ),
    ],
)
def test_positions_in_words(cells: tuple[tuple[int, int], ...], said: str) -> None:
    assert in_words(cells, Regions((27, 27, 1), 2)) == said


def test_the_command_offers_each_fill() -> None:
    assert tuple(FILLS) == CHOICES
