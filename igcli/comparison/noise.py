"""The noise of each metric: what the maps' own errors alone can do to it.

A map certified to ε is off by up to ε of its L1 norm, so two maps of one model may differ by the
sum of both errors. What that does to a metric is found by disturbing the reference map so far.
"""

import hashlib
from collections.abc import Collection

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.similarity import METRICS, measured


def disturbed(reference: Array, share: float, key: str) -> Array:
    """Return a map moved at random by `share` of its L1 norm; the same for the same `key`.

    Errors of a quadrature are large where the map is, and somewhat elsewhere: half of the
    disturbance goes with the map's size, half is spread evenly. Zeros stay: where input and
    baseline are equal, as in a digit's background, a map is zero without error, and ranks would
    tell noise there, however small, from none.
    """
    digest = hashlib.sha256(key.encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:16]))
    magnitudes = np.abs(reference.astype(np.float64))
    mass = magnitudes.sum()
    spread = np.where(magnitudes > 0.0, magnitudes + magnitudes.mean(), 0.0)
    noise = random.standard_normal(reference.shape) * spread
    size = np.abs(noise).sum()
    if size == 0.0:
        return reference.astype(np.float64)
    moved: Array = reference + noise * (share * mass / size)
    return moved


def noise_of(reference: Array, share: float, key: str, names: Collection[str] = METRICS) -> Array:
    """Return the metrics between a map and itself disturbed by `share`; see `measured`."""
    return measured(reference, disturbed(reference, share, key), names)
