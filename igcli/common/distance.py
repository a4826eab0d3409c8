"""The relative distance of two arrays."""

from math import inf

import numpy as np

from igcli.common.arrays import Array


def relative_distance(values: Array, reference: Array, order: int = 1) -> float:
    """Return ‖values − reference‖ / ‖reference‖, summed in float64.

    Parameters
    ----------
    values, reference : Array
        Of the same shape.
    order : int
        Of the norm over all elements.

    Returns
    -------
    float
        Infinite where the reference alone is zero; 0 where both are.
    """
    exact = reference.astype(np.float64)
    moved, size = (
        float(np.linalg.norm(x.ravel(), order)) for x in (values.astype(np.float64) - exact, exact)
    )
    if size == 0.0:
        return 0.0 if moved == 0.0 else inf
    return moved / size
