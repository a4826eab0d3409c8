"""The integral of one path: the job that asks for it, and what comes back."""

from dataclasses import dataclass

import numpy as np

from igcli.attribution.averages import Averaged
from igcli.attribution.gradient_model import both_finite
from igcli.attribution.path import Path
from igcli.common.arrays import Array
from igcli.common.explanation import Profile


@dataclass(frozen=True, slots=True)
class Job:
    """One explanation to compute; `key` comes back with its integral.

    `zone` is where in an output of one score per place the class's mean is explained.
    """

    key: int
    path: Path
    target: int
    zone: Array | None = None


@dataclass(frozen=True, slots=True)
class Integral:
    """One finished path.

    Attributes
    ----------
    key : int
        The job's.
    attribution : Array or None
        float32, the input's shape; None when the path met a number that is not finite.
    steps : int
        How many rows were evaluated.
    profile : Profile
        What was seen at them.
    error_estimate : float or None
        Of the L1 error relative to the map, where there is one.
    regions_error : float or None
        Of the densities over a picture's cells, where they are estimated.
    converged : bool or None
        Whether the estimate met the tolerance; None where no tolerance was asked for.
    rounding : float
        The part of the estimate that more steps can't lower.
    averaged : Averaged or None
        What there is beside the map, where it is the average of several paths'. `profile` is that
        of one of them then: of the one that met a number that is not finite, where there is one.
    """

    key: int
    attribution: Array | None
    steps: int
    profile: Profile
    error_estimate: float | None = None
    regions_error: float | None = None
    converged: bool | None = None
    rounding: float = 0.0
    averaged: Averaged | None = None

    @property
    def start(self) -> float | None:
        """The score at the baseline, where the path starts there and it is finite."""
        if self.averaged is not None:
            return self.averaged.start
        first = float(self.profile.scores[0])
        return first if self.profile.alphas[0] == 0.0 and np.isfinite(first) else None

    @property
    def bad_alpha(self) -> float | None:
        """The first node at which the score or the gradient was not finite."""
        profile = self.profile
        bad = ~both_finite(profile.scores, profile.gradient_norms)
        return float(profile.alphas[bad].min()) if bad.any() else None
