"""The styles against what they are like, composed by matplotlib as those tools compose them.

Captum 0.9 itself, and alibi 0.9.6, whose drawing is the same, agreed with igcli to 2 levels of 255
on a photo's map in all of these; here their formulas stand for them.
"""

from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import LinearSegmentedColormap, Normalize

from igcli.common.arrays import Array
from igcli.figures.pixels import alpha_scaled, behind, blended, heat, masked
from igcli.figures.ramp import Ramp
from igcli.figures.settle import settle_look

# matplotlib knows 256 colours of a map and takes the one below; that is as far as they are apart.
STEP = 4
RANDOM = np.random.default_rng(5)
MAP = (RANDOM.normal(size=(20, 30, 3)) ** 3).astype(np.float32)
IMAGE = RANDOM.integers(0, 256, (20, 30, 3), np.uint8)
# matplotlib stretches what it shows in grey from its least to its greatest: these do nothing.
IMAGE[0, 0], IMAGE[0, 1] = 0, 255

OF_SIGN: dict[str, Any] = {
    "all": lambda a: a,
    "positive": lambda a: np.maximum(a, 0),
    "negative": lambda a: np.minimum(a, 0),
    "absolute": np.abs,
}
CMAPS: dict[str, Any] = {
    "all": LinearSegmentedColormap.from_list("RdWhGn", ["red", "white", "green"]),
    "positive": matplotlib.colormaps["Greens"],
    "negative": matplotlib.colormaps["Reds"],
    "absolute": matplotlib.colormaps["Blues"],
}


def grey() -> Array:
    mean: Array = IMAGE.mean(axis=2)[..., None]
    return mean


def normalised(sign: str) -> Array:
    """The sum over channels over the magnitude that 98 % of the mass lie up to."""
    plane = OF_SIGN[sign](MAP.astype(float).sum(axis=2))
    ordered = np.sort(np.abs(plane), axis=None)
    mass = np.cumsum(ordered)
    threshold = ordered[np.where(mass >= mass[-1] * 0.98)[0][0]]
    norm: Array = np.clip(plane / (-threshold if sign == "negative" else threshold), -1, 1)
    return norm


def shown(sign: str) -> Array:
    low = -1 if sign == "all" else 0
    colours: Array = CMAPS[sign](Normalize(low, 1)(normalised(sign)))[..., :3] * 255
    return colours


@pytest.mark.parametrize("sign", OF_SIGN)
def test_heat_and_overlay_are_captums(sign: str) -> None:
    look = settle_look("overlay", sign=sign)
    plane = look.plane(MAP)
    ramp = look.ramp(look.top(plane))
    np.testing.assert_allclose(heat(plane, ramp), shown(sign), atol=2)
    expected = 0.5 * shown(sign) + 0.5 * grey()
    np.testing.assert_allclose(blended(plane, IMAGE, ramp, 0.5), expected, atol=2)


@pytest.mark.parametrize("sign", ["positive", "negative", "absolute"])
def test_masks_are_captums(sign: str) -> None:
    look = settle_look("mask", sign=sign)
    plane = look.plane(MAP)
    share = normalised(sign)[..., None]
    found = masked(plane, IMAGE, look.top(plane))
    np.testing.assert_allclose(found, IMAGE * share, atol=1)
    found = alpha_scaled(plane, IMAGE, look.top(plane))
    np.testing.assert_allclose(found, IMAGE * share + 255 * (1 - share), atol=1)


@pytest.mark.parametrize("part", ["all", "positive", "negative"])
def test_the_panel_is_the_mnist_examples(part: str) -> None:
    plane = MAP.astype(float).sum(axis=2)
    top = np.abs(plane).max()
    expected = matplotlib.colormaps["PiYG"](Normalize(-top, top)(OF_SIGN[part](plane)))
    found = heat(OF_SIGN[part](plane), Ramp("PiYG", "all", top))
    np.testing.assert_allclose(found, expected[..., :3] * 255, atol=STEP)


@pytest.mark.parametrize(("cmap", "alpha"), [("inferno", 0.4), ("viridis", 0.5)])
def test_the_four_panels_are_the_tutorials(cmap: str, alpha: float) -> None:
    look = settle_look("tutorial", cmap=cmap, alpha=alpha)
    mask = np.abs(MAP.astype(float)).sum(axis=2)
    plane = look.plane(MAP)
    np.testing.assert_allclose(plane, mask)
    colours = matplotlib.colormaps[cmap](Normalize(0, mask.max())(mask))[..., :3] * 255
    ramp = look.ramp(look.top(plane))
    np.testing.assert_allclose(heat(plane, ramp), colours, atol=STEP)
    found = behind(plane, IMAGE, ramp, look.alpha or 0.0)
    np.testing.assert_allclose(found, alpha * IMAGE + (1 - alpha) * colours, atol=STEP)
