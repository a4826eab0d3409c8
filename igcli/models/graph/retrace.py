"""A retrace: whether a model of the user's own code is the same when it is traced again.

What a layer draws with numpy or Python, rather than with TensorFlow, is a constant of each trace:
no graph shows it, and the next run has other numbers.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ModelError
from igcli.models.graph.batch_axis import WHITES, alike, made_up, values
from igcli.models.loaders.network import Loaded

_ROWS = 2


def check_traces(tf: Any, path: Path, loaded: Loaded, again: Callable[[], Loaded]) -> None:
    """Compare a model with what it is when it is traced again, on made-up inputs.

    What TensorFlow draws is found elsewhere, and named.

    Raises
    ------
    ModelError
        When the two differ beyond rounding.
    """
    if loaded.draws:
        return
    rows = tf.TensorSpec((loaded.batch, *loaded.input.shape), loaded.input.dtype)
    second = again()
    for white in WHITES:
        tensors = made_up(tf, [rows], loaded.batch or _ROWS, white)
        try:
            one, other = (_scores(tf, traced, tensors) for traced in (loaded, second))
        except Exception:
            # Made-up inputs may suit no model.
            return
        if not alike(one, other):
            place = np.unravel_index(int(np.nanargmax(np.abs(one - other))), one.shape)
            raise ModelError(
                f"{path} is random: the same input's score is {one[place]:.6g}, then, traced "
                f"again, {other[place]:.6g}",
                "a layer draws numbers with numpy or Python when it is traced",
                "draw nothing at inference, or save the numbers as weights",
            )


def _scores(tf: Any, loaded: Loaded, tensors: Any) -> Array:
    (found,) = values(tf, lambda given: [loaded.function(given[0])], tensors)
    return found
