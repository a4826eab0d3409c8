"""The whole mark: a place grows to its images' shared pixels, and to nothing else."""

import numpy as np

from igcli.common.arrays import Array
from igcli.evaluation.causal.whole_mark import whole_mark

MARKED = np.arange(40)


def pictures(shared_by_others: bool = False) -> Array:
    """Return 100 rough pictures of 8 × 8 cells; 40 bear a mark over cells (2–3, 2–4)."""
    random = np.random.default_rng(0)
    found = random.integers(0, 256, (100, 16, 16, 3)).astype(np.uint8)
    mark = random.integers(0, 256, (3, 5, 3)).astype(np.uint8)
    found[: 100 if shared_by_others else 40, 5:8, 4:9] = mark
    return found


def test_a_place_grows_to_all_that_its_images_share() -> None:
    assert whole_mark(pictures(), MARKED, ((2, 2),)) == (
        (2, 2), (2, 3), (2, 4), (3, 2), (3, 3), (3, 4),
    )  # fmt: skip
    # The cells that are hot stay, also where nothing is shared.
    assert whole_mark(pictures(), MARKED, ((1, 1),))[0] == (1, 1)
    # Three of ten need not bear it.
    assert len(whole_mark(pictures(), np.arange(57), ((2, 2),))) == 6


def test_it_does_not_grow_to_what_all_share_nor_far_nor_without_images() -> None:
    place = ((2, 2),)
    assert whole_mark(pictures(shared_by_others=True), MARKED, place) == place
    assert whole_mark(pictures(), MARKED, ((7, 7),)) == ((7, 7),)
    assert whole_mark(None, MARKED, place) == place
    # What fills the picture is content.
    same = np.where(np.arange(100)[:, None, None, None] < 40, np.uint8(200), pictures())
    assert whole_mark(same, MARKED, place) == place
