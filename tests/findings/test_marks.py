"""A mark beside the content: its pixels are the same, and maps have somewhat more mass there."""

from typing import Any

import numpy as np
import pytest

from igcli.findings.marks import find_mark

CELLS = np.array([[3, 3], [3, 4]])
COUNT, SIDE = 200, 8


def made(marked: int, more: float = 2.0, others: int = 0, plain: bool = False) -> Any:
    """Return rough pictures; the first of the group of 100 bear a mark of 3 × 3 cells at (3, 3)."""
    random = np.random.default_rng(4)
    pictures = random.integers(0, 256, (COUNT, 2 * SIDE, 2 * SIDE, 3)).astype(np.uint8)
    mark = random.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    group = np.arange(COUNT) < 100
    bears = np.r_[np.arange(marked), 100 + np.arange(others)]
    pictures[bears, 6:12, 6:12] = 255 if plain else mark
    mass = random.gamma(20.0, 0.0025, COUNT)
    mass[bears] *= more
    return pictures, mass, np.full(COUNT, 0.001), group, CELLS


@pytest.mark.parametrize("marked", [10, 20, 80, 100])
def test_those_that_bear_it_are_named(marked: int) -> None:
    found = find_mark(*made(marked))
    assert found is not None
    thing, bears = found
    assert (thing.inside, thing.outside, thing.is_shared) == (marked, 0, True)
    assert np.flatnonzero(bears).tolist() == list(range(marked))


@pytest.mark.parametrize(
    "case",
    [
        made(0),
        # Four are too few; others bear it, too; all one colour; maps do not look there more.
        made(4),
        made(40, others=10),
        made(40, plain=True),
        made(40, more=1.0),
    ],
)
def test_no_mark(case: Any) -> None:
    assert find_mark(*case) is None


def test_errors_may_explain_it() -> None:
    pictures, mass, errors, group, cells = made(40)
    assert find_mark(pictures, mass, errors + 0.05, group, cells) is None
