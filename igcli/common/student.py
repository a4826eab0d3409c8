"""Student's t: its quantiles, without more than the standard library."""

from math import exp, sqrt
from statistics import NormalDist

# Beyond that, floats overflow; no limit is so far out.
_MOST = 700.0


def student_quantile(chance: float, freedom: float) -> float:
    """Return what Student's t is below with a chance; Wallace's formula, turned round.

    Parameters
    ----------
    chance : float
        Above 0 and below 1.
    freedom : float
        Degrees of freedom: from 10 on the error is below 0.5 % for chances of 0.9999 and less; with
        fewer the result is too large.
    """
    z = NormalDist().inv_cdf(chance)
    scaled = z * (8 * freedom + 3) / (8 * freedom + 1)
    size = sqrt(freedom * (exp(min(_MOST, scaled**2 / freedom)) - 1.0))
    return size if z >= 0.0 else -size
