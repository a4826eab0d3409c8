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
# What means of equal models, which differ in their seed, spread by on these scales, as standard
# deviations: over the classes of one comparison, and over runs. Measured on three data sets with
# tests/benchmarks/drift_gate.py: the root mean squares of the three.
_SPREADS = {
    "cosine": (0.21, 0.11), "spearman": (0.13, 0.07), "coarse": (0.33, 0.11),
    "top1": (0.56, 0.18), "top5": (0.31, 0.11), "top10": (0.41, 0.09), "l1": (0.25, 0.12),
    "l2": (0.26, 0.12), "shift": (0.30, 0.12), "signs": (0.20, 0.10), "moved": (0.18, 0.10),
    "gained": (0.35, 0.18),
}  # fmt: skip
# A gain of less is none, however much more it may be than those of other classes.
_NO_GAIN = 0.03
# Changes of scores were not measured: theirs are taken to be wide.
_WIDE = (0.5, 0.25)


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
        The usual standard deviation on it: of what so many images give, and whether these are one
        of several groups.
    """

    forth: Callable[[Array], Array]
    back: Callable[[float], float]
    spread: Callable[[int, bool], float]


def scale_of(measure: str) -> Scale:
    """Return the scale of a measure."""
    if measure in METRICS:
        metric = METRICS[measure]
        return _of_range(metric.least, metric.most, _SPREADS[measure])
    if measure in CHANGES:
        return _of_range(0.0, inf, _WIDE)
    return _SHARES[measure]


def _of_range(least: float, most: float, spreads: tuple[float, float], end: float = _END) -> Scale:
    def forth(values: Array) -> Array:
        if not isfinite(most):
            logs: Array = np.log(np.clip(values, _END, 1.0 / _END))
            return logs
        share = np.clip((values - least) / (most - least), end, 1.0 - _END)
        odds: Array = np.log(share / (1.0 - share))
        return odds

    def back(value: float) -> float:
        if not isfinite(most):
            return float(np.exp(value))
        return float(least + (most - least) / (1.0 + np.exp(-value)))

    return Scale(forth, back, lambda count, is_group: spreads[0 if is_group else 1])


def _arcsine(values: Array) -> Array:
    angles: Array = np.arcsin(np.sqrt(np.clip(values, 0.0, 1.0)))
    return angles


def _same(values: Array) -> Array:
    return values


def _over_root(of_group: float, of_all: float) -> Callable[[int, bool], float]:
    """Return a spread that falls with the root of the number of images.

    Of a share of independent images, on the arcsine's scale, it would be 0.5 over that root; but
    classes that look alike change together.
    """
    return lambda count, is_group: (of_group if is_group else of_all) / sqrt(count)


_OF_SHARE = Scale(
    _arcsine, lambda value: float(np.sin(min(value, np.pi / 2)) ** 2), _over_root(1.0, 0.75)
)
_SHARES = {
    "prediction_changed": _OF_SHARE,
    "looks_elsewhere": _OF_SHARE,
    # Some images are lost, others won: as many of each, if nothing has changed.
    "accuracy_lost": Scale(_same, float, _over_root(0.5, 0.5)),
    "calibration_shift": Scale(_same, float, _over_root(0.4, 0.4)),
    "gained": _of_range(0.0, 1.0, _SPREADS["gained"], _NO_GAIN),
}
