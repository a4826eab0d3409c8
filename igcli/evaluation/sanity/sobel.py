"""Sobel's edges: what an image alone gives, the control that knows no model."""

import numpy as np

from igcli.common.arrays import Array


def sobel(image: Array) -> Array:
    """Return how steep an image is at each pixel.

    Parameters
    ----------
    image : Array
        (height, width, channels), the channels' mean is taken.

    Returns
    -------
    Array
        float32 (height, width, 1), from 0 up: the length of the gradient by Sobel's two 3 × 3
        filters (1 2 1 across, −1 0 1 along), the border pixels repeated outwards.
    """
    grey = np.pad(image.astype(np.float64).mean(axis=2), 1, mode="edge")
    down = grey[2:] - grey[:-2]
    along = grey[:, 2:] - grey[:, :-2]
    vertical = down[:, :-2] + 2.0 * down[:, 1:-1] + down[:, 2:]
    horizontal = along[:-2] + 2.0 * along[1:-1] + along[2:]
    steep: Array = np.hypot(vertical, horizontal).astype(np.float32)[..., None]
    return steep
