"""The scales of measures: where numbers of equal models spread alike, whatever their level.

A correlation's spread is small near 1, a share's near 0: on the scale of Fisher's z, of log odds,
of logarithms or of the arcsine it is much the same everywhere, and a limit found there comes back
within the measure's range.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.drift.thresholds import CHANGES
from igcli.comparison.similarity import METRICS

# Nothing is nearer to an end of its range than this: equal maps have no finite log odds.
_END = 1e-3
# What medians of models that differ in their seed spread by, as a standard deviation: over classes,
# and over runs. Measured on three data sets by tests/benchmarks/drift_gate.py.
SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Scale:
    """A way to and fro.

    Attributes
    ----------
    forth : callable
        From numbers to the scale.
    back : callable
        From one number on the scale.
    spread : callable
        The least standard deviation on it of what so many images give.
    """

    forth: Callable[[Array], Array]
    back: Callable[[float], float]
    spread: Callable[[int], float]


def scale_of(measure: str) -> Scale:
    """Return the scale of a measure."""
    if measure in METRICS:
        metric = METRICS[measure]
        return _of_range(metric.least, metric.most)
    if measure in CHANGES:
        return _of_range(0.0, inf)
    return _SHARES[measure]


def _of_range(least: float, most: float) -> Scale:
    def forth(values: Array) -> Array:
        if not isfinite(most):
            logs: Array = np.log(np.clip(values, _END, 1.0 / _END))
            return logs
        share = np.clip((values - least) / (most - least), _END, 1.0 - _END)
        odds: Array = np.log(share / (1.0 - share))
        return odds

    def back(value: float) -> float:
        if not isfinite(most):
            return float(np.exp(value))
        return float(least + (most - least) / (1.0 + np.exp(-value)))

    # Fisher's z of a correlation is half of these log odds.
    spread = 2.0 * SPREAD if least < 0.0 else SPREAD
    return Scale(forth, back, lambda count: spread)


def _arcsine(values: Array) -> Array:
    angles: Array = np.arcsin(np.sqrt(np.clip(values, 0.0, 1.0)))
    return angles


def _same(values: Array) -> Array:
    return values


_OF_SHARE = Scale(
    _arcsine,
    lambda value: float(np.sin(min(value, np.pi / 2)) ** 2),
    # Of a share of independent images it is half of one over the root of their number.
    lambda count: 0.5 / sqrt(count),
)
_SHARES = {
    "prediction_changed": _OF_SHARE,
    "looks_elsewhere": _OF_SHARE,
    # Some images are lost, others won: as many of each, if nothing has changed.
    "accuracy_lost": Scale(_same, float, lambda count: 0.25 / sqrt(count)),
    "calibration_shift": Scale(_same, float, lambda count: max(0.02, 0.1 / sqrt(count))),
}
