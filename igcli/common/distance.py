"""The relative distance of two arrays, and what scores are held against."""

from math import inf

import numpy as np

from igcli.common.arrays import Array

# How far beyond the predicted classes' scores one is that says "never".
_FAR = 100.0


def relative(size: float, of: float) -> float:
    """Return size / of; infinite where `of` alone is zero, 0 where both are."""
    if of == 0.0:
        return 0.0 if size == 0.0 else inf
    return size / of


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
    return relative(moved, size)


def scale_of_scores(scores: Array) -> Array:
    """Return what differences of scores (n, classes) are held against, for each class.

    It is the largest score of all classes, but those that are far beyond the predicted ones in
    every input: classes that are not offered have a score of -1e9, and speak for themselves alone.
    """
    sizes = np.abs(scores)
    reference = float(sizes[np.arange(len(scores)), scores.argmax(axis=1)].max(initial=0.0))
    far = sizes.min(axis=0, initial=np.inf) > _FAR * max(1.0, reference)
    common = float(sizes[:, ~far].max(initial=0.0))
    scale: Array = np.where(far, sizes.max(axis=0, initial=0.0), common)
    return scale
