"""Whether two pictures look the same: in all but what letters' edges are allowed to differ in."""

from pathlib import Path

import numpy as np
from PIL import Image

GOLDEN = Path(__file__).parent / "golden"
_BLOCK = 8
# Levels of 255: of a block's mean, where FreeType's versions may differ, and of most pixels.
_OF_MEANS = 6.0
_OF_PIXELS = 3
_MOST_EDGES = 0.005


def difference(expected: Image.Image, drawn: Image.Image) -> str:
    """Say where two pictures differ visibly; nothing where they do not."""
    if (expected.mode, expected.size) != (drawn.mode, drawn.size):
        return f"{drawn.mode} {drawn.size}, not {expected.mode} {expected.size}"
    apart = np.abs(np.asarray(expected, float) - np.asarray(drawn, float))
    edges = (apart > _OF_PIXELS).any(axis=2).mean()
    if edges > _MOST_EDGES:
        return f"{edges:.1%} of the pixels differ"
    signed = np.asarray(drawn, float) - np.asarray(expected, float)
    height, width = (-(-side // _BLOCK) * _BLOCK for side in signed.shape[:2])
    padded = np.zeros((height, width, 3))
    padded[: signed.shape[0], : signed.shape[1]] = signed
    blocks = padded.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3).mean(axis=(1, 3))
    worst = np.abs(blocks).max(axis=2)
    if worst.max() > _OF_MEANS:
        y, x = (int(place) * _BLOCK for place in np.unravel_index(worst.argmax(), worst.shape))
        return f"the block at ({x}, {y}) is off by {worst.max():.0f} levels"
    return ""
