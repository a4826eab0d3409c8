"""Sobel's edges: what an image alone gives, the control that knows no model."""

import numpy as np

from igcli.common.arrays import Array


def sobel(plane: Array) -> Array:
    """Return how steep a plane (height, width) is at each pixel, float64 of the same shape.

    From 0 up: the length of the gradient by Sobel's two 3 × 3 filters (1 2 1 across, −1 0 1 along),
    the border pixels repeated outwards.
    """
    padded = np.pad(plane.astype(np.float64), 1, mode="edge")
    down = padded[2:] - padded[:-2]
    along = padded[:, 2:] - padded[:, :-2]
    vertical = down[:, :-2] + 2.0 * down[:, 1:-1] + down[:, 2:]
    horizontal = along[:-2] + 2.0 * along[1:-1] + along[2:]
    steep: Array = np.hypot(vertical, horizontal)
    return steep


def edges_of(image: Array) -> Array:
    """Return the edges of an image (height, width, channels) as a map, float32 (height, width, 1).

    They are those of the channels' mean.
    """
    edges: Array = sobel(image.astype(np.float64).mean(axis=2)).astype(np.float32)[..., None]
    return edges
