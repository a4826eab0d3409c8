"""Pairwise measures against numbers worked out by hand."""

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.regions import Regions
from igcli.comparison.agreement.choices import InputMaps
from igcli.comparison.agreement.pairwise import pairwise


def maps_of(*maps: list[float], errors: tuple[float | None, ...] = (), side: int = 1) -> InputMaps:
    """Maps of 1 × n pixels, whose cells are `side` pixels wide."""
    values = np.array(maps, float)
    regions = Regions((1, values.shape[1]), side)
    masses = np.stack([regions.masses(line.reshape(1, -1)) for line in values])
    known = np.array([np.nan if e is None else e for e in errors or (0.0,) * len(maps)])
    return InputMaps(values, masses, known, known)


def test_two_maps_by_hand() -> None:
    found = pairwise(maps_of([3, 1, 0, 0], [0, 2, -2, 0]), "a")
    # (3·0 + 1·2) / (√10 · √8); shares ¾ ¼ 0 0 and 0 ½ ½ 0.
    assert found.values["cosine"] == pytest.approx(2 / np.sqrt(80))
    assert found.values["density"] == pytest.approx(0.75)
    # Mean sizes ⅜ ⅜ ¼ 0: the first two make up half, and one of them has one sign in both.
    assert found.values["signs"] == pytest.approx(0.5)
    assert found.pair == (0, 1)
    assert not found.within_errors


def test_opposite_signs_lie_in_the_same_cells() -> None:
    found = pairwise(maps_of([1, 1], [-1, -1]), "a")
    assert found.values["cosine"] == pytest.approx(-1.0)
    assert found.values["density"] == 0.0
    assert found.values["signs"] == 0.0


def test_a_scale_makes_no_difference() -> None:
    found = pairwise(maps_of([1, -2, 3, 0], [10, -20, 30, 0]), "a")
    assert found.values["cosine"] == pytest.approx(1.0)
    assert found.values["density"] == pytest.approx(0.0, abs=1e-12)
    assert found.values["signs"] == 1.0


def test_of_three_maps_the_worst_pair_and_the_median() -> None:
    found = pairwise(maps_of([1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0]), "a")
    # Cosines 0, √½, √½; total variations 1, ½, ½.
    assert found.values["cosine"] == pytest.approx(0.0)
    assert found.values["cosine_median"] == pytest.approx(np.sqrt(0.5))
    assert found.values["density"] == pytest.approx(1.0)
    assert found.values["density_median"] == pytest.approx(0.5)
    assert found.pair == (0, 1)


def test_maps_of_zeros_are_alike_and_like_nothing_else() -> None:
    both = pairwise(maps_of([0, 0], [0, 0]), "a").values
    assert (both["cosine"], both["density"], both["signs"]) == (1.0, 0.0, 1.0)
    one = pairwise(maps_of([0, 0], [1, 0]), "a").values
    assert (one["cosine"], one["density"], one["signs"]) == (0.0, 1.0, 0.0)


def test_errors_explain_as_much_of_a_density_as_both_maps_may_be_off() -> None:
    found = pairwise(maps_of([3, 1], [1, 3], errors=(0.02, 0.03)), "a")
    assert found.explained["density"] == pytest.approx(0.05)
    assert 0.99 < found.explained["cosine"] < 1.0


def test_an_error_that_is_not_known_is_as_large_as_the_largest() -> None:
    found = pairwise(maps_of([3, 1], [1, 3], errors=(0.02, None)), "a")
    assert found.explained["density"] == pytest.approx(0.04)
    nothing = pairwise(maps_of([3, 1], [1, 3], errors=(None, None)), "a")
    assert np.isnan(list(nothing.explained.values())).all()


@pytest.mark.parametrize(("errors", "within"), [((0.25, 0.25), True), ((0.2, 0.25), False)])
def test_maps_within_their_errors(errors: tuple[float, float], within: bool) -> None:
    # Unit maps ¾ ¼ and ½ ½ are ½ apart.
    assert pairwise(maps_of([3, 1], [1, 1], errors=errors), "a").within_errors is within


def test_the_disturbance_is_the_same_each_time() -> None:
    random: Array = np.random.default_rng(1).normal(size=(2, 50))
    maps = maps_of(*random.tolist(), errors=(0.1, 0.1))
    assert pairwise(maps, "a") == pairwise(maps, "a")
    assert pairwise(maps, "a").explained != pairwise(maps, "b").explained
