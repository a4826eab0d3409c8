"""Colour maps: from numbers in [−1, 1] to RGB."""

import numpy as np

from igcli.records import Array

_RED_WHITE_GREEN = np.array([[255, 0, 0], [255, 255, 255], [0, 128, 0]], float)


def red_white_green(values: Array) -> Array:
    """Map −1 to red, 0 to white and 1 to green, linearly; values (…,) → float RGB 0–255 (…, 3).

    The map that alibi and Captum use for signed attributions.
    """
    stops = np.linspace(-1.0, 1.0, len(_RED_WHITE_GREEN))
    return np.stack([np.interp(values, stops, channel) for channel in _RED_WHITE_GREEN.T], -1)
