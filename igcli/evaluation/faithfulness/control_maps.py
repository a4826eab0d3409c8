"""Control maps: orders of pixels that know nothing of the model, or no more than the map."""

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import CONTROLS
from igcli.evaluation.causal.seeded import seeded
from igcli.evaluation.sobel import sobel
from igcli.inputs.baselines.recipes import BASELINES

# The standard deviation of the map's blur, as a part of the picture's longer side.
_BLUR = 0.04


def control_maps(raw: Array, seed: int, identity: str) -> dict[str, Array]:
    """Return the controls that depend on the image alone, all but `blurred`.

    Parameters
    ----------
    raw : Array
        (height, width, channels): the image's own numbers.
    seed, identity : int, str
        The image's id: both decide the random order.

    Returns
    -------
    dict of str to Array
        float64 (height, width), none negative, the largest first: `random` numbers, the magnitude
        of Sobel's gradient (`edges`), the mean of the channels less its least (`intensity`) and a
        Gaussian in the middle of the picture, its standard deviation a quarter of each side
        (`centre`).
    """
    grey = raw.astype(np.float64).mean(axis=2)
    found = {
        "random": seeded(seed, f"{identity}:random").uniform(size=grey.shape),
        "edges": sobel(grey),
        "intensity": grey - grey.min(),
        "centre": _centre(grey.shape),
    }
    assert (*found, "blurred") == CONTROLS
    return found


def blurred(plane: Array) -> Array:
    """Return a plane blurred by 4 % of its longer side, a pixel at least."""
    return blur(plane[..., None], max(1.0, _BLUR * max(plane.shape)))[..., 0]


def blur(values: Array, sigma: float) -> Array:
    """Return (height, width, channels) as the baseline ``blur:SIGMA`` makes it."""
    make = BASELINES["pixels"]["blur"].make
    return make(values.astype(np.float64), (sigma,), np.random.default_rng(0))


def _centre(shape: tuple[int, ...]) -> Array:
    down, across = ((np.arange(n) + 0.5) / n - 0.5 for n in shape)
    found: Array = np.exp(-8.0 * (down[:, None] ** 2 + across[None, :] ** 2))
    return found
