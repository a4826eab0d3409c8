from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from igcli.common.geometry import outline_of_boxes, outline_of_mask
from igcli.common.regions import Regions
from igcli.findings.locate_measures import map_of_pixels, map_of_regions, measure

WHOLE = Regions((224, 224, 3), 16)
SQUARE = outline_of_boxes(np.array([[50.0, 50, 150, 150]]), (224, 224))


def of_pixels(values: Any, estimate: float | None = 0.0, outline: Any = SQUARE) -> Any:
    regions = Regions(values.shape, 2)
    return measure(map_of_pixels(regions, values, estimate, "a"), outline, 15, "0 a")


def square(inside: float, outside: float, channels: int = 3) -> Any:
    values = np.full((224, 224, channels), outside, np.float32)
    values[50:150, 50:150] = inside
    return values


def test_a_map_of_the_object_has_all_of_it() -> None:
    area, values, errors = of_pixels(square(1, 0))
    lift = (224 / 100) ** 2
    wanted = {"inside": 1, "inside_abs": 1, "lift": lift, "hit": 1, "rank": 1, "auc": 1}
    assert area == pytest.approx(1 / lift, abs=1e-15)
    assert values == pytest.approx(wanted)
    assert errors == dict.fromkeys(wanted, 0)


def test_a_map_of_all_else_has_none_of_it() -> None:
    _, values, _ = of_pixels(far_away())
    assert values == dict.fromkeys(values, 0.0)


def far_away() -> Any:
    """1 in the outermost pixels, and weaker beside; nothing within the object's tolerance."""
    values = square(0, 1, 1)
    values[0, 0] = 2
    return values


def test_an_even_map_has_the_objects_share_of_it() -> None:
    area, values, _ = of_pixels(square(1, 1))
    assert values["inside"] == pytest.approx(area) and values["lift"] == pytest.approx(1)
    assert values["rank"] == pytest.approx(area) and values["auc"] == pytest.approx(0.5)


def test_random_maps_have_a_lift_of_one() -> None:
    random = np.random.default_rng(0)
    lifts = [of_pixels(random.standard_normal((224, 224, 3)))[1]["lift"] for _ in range(20)]
    assert np.abs(np.array(lifts) - 1).max() < 0.05


def test_negative_attribution_counts_in_size_alone() -> None:
    values = np.zeros((224, 224, 1))
    values[100, 100], values[0, 0], values[0, 1] = 1, 1, -2
    _, found, _ = of_pixels(values)
    assert (found["inside"], found["inside_abs"]) == (0.5, 0.25)


def test_channels_are_summed_first() -> None:
    values = np.zeros((224, 224, 3))
    values[100, 100], values[0, 0] = (2, -1, 0), (-3, 1, 1)
    assert of_pixels(values)[1]["inside"] == 1


def test_the_auc_is_that_of_pairs() -> None:
    random = np.random.default_rng(1)
    values = random.integers(0, 5, (6, 7, 1)).astype(float)
    mask = random.random((6, 7)) < 0.4
    within, outside = values[mask].ravel(), values[~mask].ravel()
    pairs = np.sign(within[:, None] - outside[None]) * 0.5 + 0.5
    found = of_pixels(values, outline=outline_of_mask(mask))[1]["auc"]
    assert found == pytest.approx(pairs.mean())


def test_the_rank_counts_the_strongest_places() -> None:
    values = np.arange(12.0).reshape(3, 4, 1)
    mask = np.zeros((3, 4), bool)
    mask[2, 3] = mask[2, 1] = mask[0, 0] = True
    assert of_pixels(values, outline=outline_of_mask(mask))[1]["rank"] == pytest.approx(2 / 3)
    _, found, _ = of_pixels(values, outline=outline_of_mask(np.ones((3, 4), bool)))
    assert found["rank"] == 1 and np.isnan(found["auc"])


def test_equally_strong_places_are_decided_by_the_key() -> None:
    values = np.zeros((224, 224, 1))
    values[100, 100] = values[0, 0] = 1
    found = map_of_pixels(Regions(values.shape, 2), values, None, "a")
    hits = [measure(found, SQUARE, 15, f"{seed} a")[1]["hit"] for seed in range(200)]
    assert 0.4 < np.mean(hits) < 0.6
    assert hits == [measure(found, SQUARE, 15, f"{seed} a")[1]["hit"] for seed in range(200)]


def test_the_error_of_inside_bounds_what_an_error_does() -> None:
    random = np.random.default_rng(2)
    values = random.standard_normal((224, 224, 3))
    _, found, errors = of_pixels(values, 0.02)
    positive = np.maximum(values.sum(axis=2), 0).sum()
    assert errors["inside"] == pytest.approx(0.02 * np.abs(values).sum() / positive)
    assert errors["lift"] == pytest.approx(errors["inside"] * (224 / 100) ** 2)
    # The worst that can be done with it: all of it onto the object.
    worst = values.copy()
    worst[100, 100, 0] += 0.02 * np.abs(values).sum()
    assert 0 < of_pixels(worst)[1]["inside"] - found["inside"] < errors["inside"]


def test_an_error_that_is_not_known_is_none_of_zero() -> None:
    _, _, errors = of_pixels(square(1, 0), None)
    assert all(np.isnan(error) for error in errors.values())


def test_the_error_of_places_is_what_a_disturbed_map_shows() -> None:
    # Two equal peaks: whichever is in front is noise.
    values = np.zeros((224, 224, 1))
    values[100, 100], values[0, 0] = 1, 1.0001
    changed = [
        measure(map_of_pixels(Regions(values.shape, 2), values, 0.05, f"{i}"), SQUARE, 15, "k")[2]
        for i in range(40)
    ]
    assert 5 < sum(errors["hit"] for errors in changed) < 35
    clear = square(1, 0)
    assert of_pixels(clear, 0.05)[2]["hit"] == 0


def of_cells(values: Any, estimate: float | None = 0.0, outline: Any = SQUARE) -> Any:
    return measure(map_of_regions(WHOLE, WHOLE.masses(values), estimate, "a"), outline, 15, "0 a")


def test_regions_tell_the_same_where_the_edges_are_theirs() -> None:
    outline = outline_of_boxes(np.array([[48.0, 64, 160, 144]]), (224, 224))
    values = np.random.default_rng(3).standard_normal((224, 224, 3))
    area, whole, _ = of_pixels(values, outline=outline)
    same, cells, errors = of_cells(values, 0.01, outline)
    assert same == pytest.approx(area)
    for name in ("inside", "inside_abs", "lift"):
        assert cells[name] == pytest.approx(whole[name], rel=1e-5)
    assert errors["inside"] == pytest.approx(0.01)


def test_cells_that_an_edge_cuts_leave_open_what_they_may_hold() -> None:
    random = np.random.default_rng(4)
    for _ in range(10):
        values = random.standard_normal((224, 224, 3)) ** 3
        whole, (_, cells, errors) = of_pixels(values)[1], of_cells(values)
        for name in ("inside", "inside_abs", "lift"):
            assert 0 < abs(cells[name] - whole[name]) < errors[name]


def test_little_positive_mass_is_not_told_by_the_estimate() -> None:
    values = square(-1, -1)
    values[100, 100] = 1
    assert of_cells(values, 0.01)[2]["inside"] == 1


def test_a_map_of_the_object_in_cells() -> None:
    outline = outline_of_boxes(np.array([[48.0, 64, 160, 144]]), (224, 224))
    values = np.zeros((224, 224, 3))
    values[64:144, 48:160] = 1
    _, found, _ = of_cells(values, 0.0, outline)
    assert found == pytest.approx(
        {"inside": 1, "inside_abs": 1, "lift": 5.6, "hit": 1, "rank": 1, "auc": 1}
    )


def test_smaller_cells_at_the_edge_count_by_their_area() -> None:
    regions = Regions((10, 10, 1), 4)
    found = map_of_regions(regions, regions.masses(np.ones((10, 10, 1))), 0.0, "a")
    outline = outline_of_boxes(np.array([[8.0, 0, 10, 10]]), (10, 10))
    area, values, _ = measure(replace(found), outline, 0, "k")
    assert area == pytest.approx(0.2)
    assert values["lift"] == pytest.approx(1) and values["rank"] == pytest.approx(0.2)
