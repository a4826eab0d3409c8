"""The interval of a statistic: what other images of the same kind might have given."""

from functools import lru_cache

import numpy as np

from igcli.common.arrays import Array

# Of a statistic over images drawn again, the middle 95 %.
_DRAWS, _TAILS = 400, (2.5, 97.5)
# Of more images so many are drawn: their interval is then made as narrow as that of all.
_MOST = 2000


@lru_cache(maxsize=32)
def _drawn(count: int) -> Array:
    drawn: Array = np.random.default_rng(count).integers(0, count, (_DRAWS, min(count, _MOST)))
    return drawn


@lru_cache(maxsize=16)
def weights(count: int) -> tuple[Array, float]:
    """Return how often each image is drawn, float32 (draws, images), and how much wider that is.

    The second number is what an interval that comes of these draws is to be multiplied by: of many
    images only some are drawn.
    """
    drawn = _drawn(count)
    found = np.zeros((len(drawn), count), np.float32)
    np.add.at(found, (np.arange(len(drawn))[:, None], drawn), 1.0)
    return found, float(np.sqrt(min(1.0, _MOST / count)))


def interval(values: Array, name: str) -> tuple[float, float]:
    """Return the bootstrap interval of a statistic, or of "share", a mean.

    Images are drawn again, with replacement, always in the same way.

    Parameters
    ----------
    values : Array
        (images,), not empty; may be infinite.
    name : str
        A statistic as `igcli.comparison.drift.thresholds.statistic` knows it.
    """
    count = len(values)
    of_draws = _along(values[_drawn(count)], name)
    low, high = (float(np.percentile(of_draws, tail, method="nearest")) for tail in _TAILS)
    if count > _MOST:
        middle, narrower = float(np.median(of_draws)), float(np.sqrt(_MOST / count))
        if np.isfinite([low, middle, high]).all():
            low, high = (middle + narrower * (end - middle) for end in (low, high))
    return low, high


def _along(drawn: Array, name: str) -> Array:
    """Return a statistic of each row."""
    if name in {"", "mean"}:
        means: Array = drawn.mean(axis=1)
        return means
    percent = {"min": 0.0, "max": 100.0, "median": 50.0}.get(name)
    percent = float(name[1:]) if percent is None else percent
    place = percent / 100.0 * (drawn.shape[1] - 1)
    ends = [int(np.floor(place)), int(np.ceil(place))]
    below, above = np.partition(drawn, ends, axis=1)[:, ends].T
    part = place - np.floor(place)
    # An infinite number times 0 would be none.
    between: Array = below if part == 0.0 else below * (1.0 - part) + above * part
    return between
