"""Fixed places are found where one is planted, and none where there is none."""

import numpy as np
import pytest

from igcli.common.groups import members
from igcli.findings.places import SAME, UNKNOWN, Place, connected, find_places
from tests.findings.planted import KINDS, Planted, planted


def places_of(made: Planted) -> list[Place]:
    return find_places(made.densities, members([row.truth_name for row in made.densities.rows]))


@pytest.mark.parametrize("kind", KINDS)
def test_none_in_twenty_sets_without_marks(kind: str) -> None:
    fixed = [one for seed in range(20) for one in places_of(planted(kind, 0.0, seed, 300))
             if one.is_fixed]  # fmt: skip
    assert fixed == []


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["noise", "photos"])
def test_a_mark_is_found_and_its_images_are_named(kind: str, share: float) -> None:
    for seed in range(2):
        made = planted(kind, share, seed)
        (place,) = (one for one in places_of(made) if one.is_fixed)
        assert place.group == "class 0"
        assert place.cells == (made.place,)
        assert place.images == SAME
        marked = {made.densities.rows[row].id for row in made.marked}
        # Of photos, a few pay as much attention there without a mark.
        assert marked <= set(place.hot)
        assert len(set(place.hot) - marked) <= 0.02 * 400


def test_without_images_a_place_stands_out_and_no_more_is_told() -> None:
    (place,) = places_of(planted("noise", 0.2, 0, has_images=False))
    assert place.images == UNKNOWN
    assert not place.is_fixed


def test_what_the_maps_errors_can_make_is_not_certain() -> None:
    made = planted("noise", 0.2, 0)
    made.densities.errors[:] = 0.6
    (place,) = places_of(made)
    assert not place.is_certain and not place.is_fixed


def test_one_group_has_no_others() -> None:
    densities = planted("noise", 0.5, 0, 60).densities
    assert find_places(densities, members(["all"] * 60)) == []


def test_cells_that_touch_are_one_place() -> None:
    cells = np.zeros((4, 4), bool)
    cells[0, 0] = cells[1, 1] = cells[3, 3] = cells[3, 2] = True
    found = sorted(part.tolist() for part in connected(cells))
    assert found == [[[0, 0], [1, 1]], [[3, 2], [3, 3]]]
