"""Edits of an image: cells covered with its mean colour or a blur, or pasted from another one."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.common.regions import Regions

Fill: TypeAlias = Callable[[Array, Array], Array]


def mask_of(regions: Regions, cells: Array) -> Array:
    """Return the pixels of some cells, bool (height, width).

    Parameters
    ----------
    regions : Regions
        The cells of the picture.
    cells : Array
        (cells, 2): rows and columns, from 0.
    """
    flags = np.zeros(regions.grid)
    flags[cells[:, 0], cells[:, 1]] = 1.0
    mask: Array = regions.spread(flags) > 0.0
    return mask


def covered_with_mean(image: Array, mask: Array) -> Array:
    """Return an image, (height, width, channels), its masked pixels of the other pixels' mean."""
    found = image.copy()
    found[mask] = image[~mask].mean(axis=0)
    return found


def covered_with_blur(image: Array, mask: Array) -> Array:
    """Return an image, (height, width, channels), its masked pixels blurred from the others.

    Each is the mean of the pixels that are not masked, weighted by a Gaussian of its distance; so
    nothing of what is covered shows through. The standard deviation is half the mask's longer side.
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    sigma = max(1.0, 0.5 * max(np.ptp(rows) + 1, np.ptp(columns) + 1))
    down, across = (_gaussian(length, places, sigma) for length, places in
                    zip(mask.shape, (rows, columns), strict=True))  # fmt: skip
    left = (~mask).astype(np.float64)
    weights = down @ left @ across.T
    sums = np.einsum("ab,bcd,ec->aed", down, image * left[..., None], across, optimize=True)
    found = covered_with_mean(image, mask)
    # Where the nearest pixel is too far away for any weight, the mean stays.
    box = np.ix_(rows, columns)
    is_near = mask[box] & (weights > np.finfo(np.float64).tiny)
    patch = found[box]
    patch[is_near] = sums[is_near] / weights[is_near, None]
    found[box] = patch
    return found


FILLS: dict[str, Fill] = {"mean": covered_with_mean, "blur": covered_with_blur}


def pasted(image: Array, mask: Array, pixels: Array) -> Array:
    """Return an image with other pixels, (pixels, channels), in the order of the mask."""
    found = image.copy()
    found[mask] = pixels
    return found


def _gaussian(length: int, places: Array, sigma: float) -> Array:
    away = np.arange(length)[None, :] - places[:, None]
    weights: Array = np.exp(-0.5 * (away / sigma) ** 2)
    return weights
