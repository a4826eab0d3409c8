"""Felzenszwalb and Huttenlocher's segments of a photo, at the scales that XRAI takes.

P. Felzenszwalb, D. Huttenlocher, Efficient Graph-Based Image Segmentation, 2004, as scikit-image
has it; scales, sizes and widths as in XRAI's own implementation (PAIR's saliency 0.2.1).
"""

from importlib.util import find_spec

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.findings.segments.segment_set import SegmentSet, segment_set

SCALES = (50, 100, 150, 250, 500, 1200)
SIGMA = 0.8
LEAST_SIZE = 150
SIDE = 224
REACH = 5


def check_installed() -> None:
    """Raise ConfigError where scikit-image is not there."""
    if find_spec("skimage") is None:
        raise ConfigError(
            "igcli regions finds segments with scikit-image, which is not installed",
            fix="pip install 'igcli[regions]', or give --segments your own",
        )


def photo_segments(image: Array) -> SegmentSet:
    """Return the segments of an image at all scales.

    Its values are brought to −1 to 1 by its own least and greatest, and it to 224 × 224 pixels;
    labels are brought back by the nearest pixel, and each segment is dilated by a disk of 5 pixels.

    Parameters
    ----------
    image : Array
        (height, width, channels); of four channels the last, alpha, is left out. One colour
        throughout is one segment.
    """
    from skimage.segmentation import felzenszwalb
    from skimage.transform import resize

    colours = image[..., :3] if image.shape[2] == 4 else image
    height, width = colours.shape[:2]
    small = resize(
        _scaled(colours), (SIDE, SIDE), order=3, mode="constant", preserve_range=True,
        anti_aliasing=True,
    )  # fmt: skip
    rows, columns = _nearest(height), _nearest(width)
    planes = [
        felzenszwalb(small, scale=scale, sigma=SIGMA, min_size=LEAST_SIZE, channel_axis=-1)[
            np.ix_(rows, columns)
        ]
        for scale in SCALES
    ]
    return segment_set(planes, REACH)


def _scaled(image: Array) -> Array:
    values = image.astype(np.float64)
    least, greatest = values.min(), values.max()
    if greatest == least:
        return np.zeros_like(values)
    scaled: Array = (values - least) / (greatest - least) * 2.0 - 1.0
    return scaled


def _nearest(length: int) -> Array:
    """Return which of 224 pixels is nearest to each of an axis; axes are independent."""
    from skimage.transform import resize

    places = resize(
        np.arange(SIDE, dtype=np.float64)[:, None], (length, 1), order=0, mode="constant",
        preserve_range=True, anti_aliasing=False,
    )  # fmt: skip
    return np.asarray(places[:, 0].astype(np.intp))
