"""The redrawn baseline: made again as a picture where its name tells how, for it is not stored."""

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.explanation import Explanation
from igcli.inputs.baselines.recipes import parse, raw_baseline
from igcli.report.pictures.shown import ShownRun

NOT_DRAWN = "not stored"


def baseline_of(run: ShownRun, row: Explanation, image: Array) -> Array | None:
    """Return a row's baseline, uint8 as its image; None where it can't be known.

    Named baselines of pixels follow from the image, the seed and the input's id. (A blurred or
    noisy image is made from the image as stored, rounded to whole levels.) The mean of the inputs
    and baselines from files are not stored; nor is the range that float inputs are shown in.
    """
    if run.inputs_are != "pixels":
        return None
    try:
        named = parse(run.baseline, "pixels")
    except ConfigError:
        return None
    if named is None:
        return None
    pixels = raw_baseline(named, image.astype(np.float64), run.input_of(row), run.seed)
    rounded: Array = np.rint(pixels).clip(0, 255).astype(np.uint8)
    return rounded
