"""complexity: how few pixels hold a map; it says nothing of the model."""

from collections.abc import Mapping

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import ENTROPY, GINI
from igcli.evaluation.faithfulness.case import Measured


def entropy(shares: Array) -> float:
    """Return the entropy of shares that sum to 1, in nats (Bhatt and others, 2020)."""
    positive = shares[shares > 0.0]
    return float(-(positive @ np.log(positive)))


def gini(shares: Array) -> float:
    """Return Gini's coefficient: 0 of equal shares, nearly 1 of one alone.

    P. Chalasani and others, Concise Explanations of Neural Networks, 2020.
    """
    ordered = np.sort(shares)
    count = len(ordered)
    above = (count - np.arange(count) - 0.5) / count
    return float(1.0 - 2.0 * (ordered @ above) / (ordered.sum() or 1.0))


def measure_complexity(planes: Mapping[str, Array], units: Array) -> dict[str, dict[str, Measured]]:
    """Return both of each plane's magnitudes, summed over units of pixels."""
    found: dict[str, dict[str, Measured]] = {ENTROPY: {}, GINI: {}}
    for name, plane in planes.items():
        sizes = np.bincount(units, np.abs(plane).ravel())
        shares = sizes / (sizes.sum() or 1.0)
        found[ENTROPY][name] = Measured(entropy(shares))
        found[GINI][name] = Measured(gini(shares))
    return found
