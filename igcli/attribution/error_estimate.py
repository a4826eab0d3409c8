"""The error estimate: a high quantile of the error that jumps at unknown places can make.

The path gradient of a ReLU network jumps. A jump J inside an interval of width h that is split in
the middle moves the integral by exactly hJ/4, and leaves an error that is uniform within ±hJ/4,
whichever half it is in. So the error is a sum of components c_k (one per interval, hJ/4 for the
jump seen in it) times unknown factors u_k, uniform in [−1, 1]. The estimate is a high quantile of
‖Σ u_k c_k‖₁, and never more than Σ ‖c_k‖₁, which no choice of factors exceeds: a single jump gets
its worst case, many independent ones little more than their mean, √3 below the coarse-fine
difference. Smooth gradients, for which the error is a third of the coarse-fine difference, are
covered apart (`SMOOTH`).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from igcli.common.arrays import Array

SMOOTH = 3.0**-0.5
_MEAN = float(np.sqrt(2.0 / (3.0 * np.pi)))
_SIGMAS = 1.96
_BLOCK = 4096
_SAMPLE = 8
_CLEARLY = 1.25
_FOLD = 8
_TINY = np.finfo(np.float32).tiny


def jump_error(
    gradients: Sequence[Array],
    scale: Array,
    worst: float,
    at_least: float = 0.0,
    shared: Array | None = None,
) -> float:
    """Return a high quantile of ‖Σ u_k c_k‖₁ for independent u_k, uniform in [−1, 1].

    Parameters
    ----------
    gradients : sequence of Array
        Float32 (size,) each: n + 1 nodes in their order along the path.
    scale : Array
        (n,): the components are c_k = scale_k (gradients[k + 1] − gradients[k]).
    worst : float
        Σ ‖c_k‖₁.
    at_least : float
        When the mean alone exceeds this, the mean is returned: who asks will go on anyway. Where
        it clearly does by an eighth of the columns, they stand for all.
    shared : Array or None
        (groups, n) of zeros and ones: the components of a group have one factor, and are summed.

    Notes
    -----
    The quantile (97.5 %) is that of a lognormal with the sum's mean and standard deviation. Each
    element of the sum is taken as normal with variance Σ_k c_ki² / 3. Two elements with correlation
    r have |·|-covariance σ_i σ_j r² / π to leading order, which sums to ‖M‖² / (9π) with the (k, k)
    matrix M_kl = Σ_i c_ki c_li / σ_i.
    """
    total = 0.0
    components = len(scale) if shared is None else len(shared)
    products = np.zeros((components, components))
    together = None if shared is None else shared.astype(np.float32)
    factors = scale.astype(np.float32)[:, None]
    width = gradients[0].size
    signs = _signs(width)
    # A block of columns stays in the cache through all that is done with it.
    blocks = range(0, width, _BLOCK)
    order = sorted(blocks, key=lambda start: (start // _BLOCK % _SAMPLE, start))
    # Without the last block, which may be a narrower one.
    sample = len(blocks[:-1:_SAMPLE]) if len(blocks) > _SAMPLE else 0
    for done, start in enumerate(order):
        if sample and done == sample:
            mean = _MEAN * total * width / (sample * _BLOCK)
            if mean > _CLEARLY * at_least:
                return float(mean)
        columns = slice(start, start + _BLOCK)
        along = np.stack([gradient[columns] for gradient in gradients])
        jumps = along[1:] - along[:-1]
        jumps *= factors
        if together is not None:
            jumps = together @ jumps
        size = np.sqrt(np.einsum("kp,kp->p", jumps, jumps))
        total += float(size.sum(dtype=np.float64))
        jumps /= signs[columns] * np.sqrt(np.maximum(size / np.sqrt(np.float32(3.0)), _TINY))
        folded = _folded(jumps)
        products += folded @ folded.T
    return jump_quantile(total, float(np.square(products).sum()), worst, at_least)


@cache
def _signs(width: int) -> Array:
    """Return random signs, ±1 in float32: always the same ones."""
    return np.random.default_rng(0).choice(np.array([-1.0, 1.0], np.float32), width)


def _folded(columns: Array) -> Array:
    """Return sums of `_FOLD` columns each, for the products of rows that have random signs.

    The products of what falls into the same sum cancel on average (Charikar, Chen and
    Farach-Colton 2002); the quantile changes by about 1 / (number of sums).
    """
    width = columns.shape[1]
    while width >= 2 * _BLOCK // _FOLD and width % 2 == 0:
        width //= 2
        columns = columns[:, :width] + columns[:, width:]
    return columns


def jump_quantile(total: float, products: float, worst: float, at_least: float) -> float:
    """Return `jump_error` from its sums.

    Parameters
    ----------
    total : float
        Σ_i sqrt(Σ_k c_ki²).
    products : float
        ‖M‖².
    worst : float
        Σ ‖c_k‖₁.
    at_least : float
        As for `jump_error`.
    """
    mean = _MEAN * total
    if mean > at_least or mean == 0.0:
        return mean
    spread = np.sqrt(np.log1p(products / (9.0 * np.pi) / mean**2))
    quantile = mean * np.exp(_SIGMAS * spread - 0.5 * spread**2)
    return float(min(quantile, worst))


def l1_norm(values: Array) -> float:
    """Return Σ |v|."""
    return float(np.abs(values).sum())
