import json

import numpy as np
import pytest

from igcli.common.register import Register


def test_a_cell_has_its_value_at_its_centre_and_half_of_two_between() -> None:
    # Centres at 1.5 and 3.5 down, 1 and 5 to the right; pixels' centres are at halves.
    placed = Register((1.5, 1.0), (2.0, 4.0))
    spread = placed.spread(np.array([[0.0, 8.0], [4.0, 12.0]]), (5, 7))
    assert spread[:, 0].tolist() == [0.0, 0.0, 2.0, 4.0, 4.0]
    assert spread[1].tolist() == [0.0, 1.0, 3.0, 5.0, 7.0, 8.0, 8.0]


def test_nothing_lies_beyond_the_values_of_the_cells() -> None:
    plane = np.random.default_rng(0).normal(size=(7, 5))
    spread = Register.even(plane.shape, (224, 200)).spread(plane, (224, 200))
    assert spread.shape == (224, 200)
    assert plane.min() <= spread.min() and spread.max() <= plane.max()


def test_channels_are_summed_and_a_single_row_is_the_same_everywhere() -> None:
    placed = Register((2.0, 1.0), (4.0, 2.0))
    spread = placed.over(np.ones((1, 2, 3), np.float32), (4, 4))
    assert (spread == 3.0).all()


def test_it_is_the_same_out_of_json() -> None:
    placed = Register((31.5, 30.5), (32.0, 16.0))
    assert Register.from_dict(json.loads(json.dumps(placed.to_dict()))) == placed
    with pytest.raises(KeyError):
        Register.from_dict({"starts": [0, 0]})
