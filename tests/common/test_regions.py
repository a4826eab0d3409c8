"""Cells of a picture: how large they are, the mass in each, and how far masses are from others."""

import numpy as np
import pytest

from igcli.common.regions import Regions, default_side, distance, largest_side


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


def test_cells_spread_over_the_picture() -> None:
    spread = Regions((3, 5), 2).spread(np.arange(6.0).reshape(2, 3))
    assert spread.tolist() == [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2], [3, 3, 4, 4, 5]]


def test_densities_are_signed_shares_of_all_mass() -> None:
    masses = np.array([[[3.0, 0.0]], [[0.0, 1.0]]], np.float32)
    density = Regions((2, 4), 2).density(masses)
    assert density.tolist() == [[[0.75, -0.0], [0.0, -0.25]]]
    assert not Regions((2, 4), 2).density(np.zeros((2, 1, 2))).any()


def test_the_distance_is_the_largest_total_variation() -> None:
    exact = np.array([[[4.0, 4.0]], [[1.0, 1.0]]])
    assert distance(exact, exact) == 0.0
    assert distance(3.0 * exact, exact) == 0.0
    # All mass: 5.5, 4.5 of 10; the positive: 4.5, 3.5 of 8; the negative stays.
    moved = exact + np.array([[[0.5, -0.5]], [[0.0, 0.0]]])
    assert distance(moved, exact) == pytest.approx(0.0625)
    # The negative part alone: 0.5 of 2 moves.
    assert distance(exact + np.array([[[0.0, 0.0]], [[0.5, -0.5]]]), exact) == pytest.approx(0.25)


def test_a_sign_with_hardly_any_mass_does_not_count() -> None:
    exact = np.array([[[50.0, 50.0]], [[2.0, 2.0]]])
    moved = exact + np.array([[[0.0, 0.0]], [[2.0, -2.0]]])
    assert distance(moved, exact) == pytest.approx(2.0 / 104)


def test_nothing_is_at_no_distance_from_nothing() -> None:
    assert distance(np.zeros((2, 1, 2)), np.zeros((2, 1, 2))) == 0.0
