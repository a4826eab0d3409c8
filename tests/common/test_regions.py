"""Cells of a picture: how large they are, and the mass in each."""

import numpy as np
import pytest

from igcli.common.regions import Regions, default_side, largest_side


@pytest.mark.parametrize(
    ("shape", "side", "largest"),
    [
        ((224, 224, 3), 16, 56),
        ((28, 28), 2, 7),
        ((32, 64, 3), 2, 8),
        ((480, 300, 3), 21, 75),
        ((8, 8, 1), 2, 2),
        ((1, 1, 1), 2, 0),
    ],
)
def test_sides(shape: tuple[int, ...], side: int, largest: int) -> None:
    assert (default_side(shape), largest_side(shape)) == (side, largest)


def test_masses_of_a_map_by_hand() -> None:
    attribution = np.zeros((3, 4, 2), np.float32)
    attribution[0, 0] = 3.0, -1.0
    attribution[1, 1] = -4.0, 1.0
    attribution[2, 3] = -2.0, -0.5
    attribution[0, 2] = 0.5, 0.25
    regions = Regions((3, 4, 2), 2)
    assert regions.grid == (2, 2)
    masses = regions.masses(attribution)
    assert masses.dtype == np.float32
    np.testing.assert_array_equal(masses, [[[2.0, 0.75], [0, 0]], [[3.0, 0], [0, 2.5]]])


def test_a_map_without_channels_and_cells_that_end_early() -> None:
    regions = Regions((5, 3), 2)
    masses = regions.masses(-np.ones((5, 3)))
    assert regions.grid == (3, 2)
    np.testing.assert_array_equal(masses[0], np.zeros((3, 2)))
    np.testing.assert_array_equal(masses[1], [[4, 2], [4, 2], [2, 1]])
