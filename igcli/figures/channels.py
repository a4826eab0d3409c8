"""The channels of a map reduced to one number per pixel, and the signs that count."""

from collections.abc import Callable

import numpy as np

from igcli.common.arrays import Array

SIGNS = ("all", "positive", "negative", "absolute")


def _largest(channels: Array) -> Array:
    """Return the channel that is largest in magnitude, with its sign."""
    places = np.abs(channels).argmax(axis=2)[..., None]
    return np.take_along_axis(channels, places, axis=2)[..., 0]


REDUCTIONS: dict[str, Callable[[Array], Array]] = {
    "sum": lambda channels: channels.sum(axis=2),
    "abs-sum": lambda channels: np.abs(channels).sum(axis=2),
    "max": _largest,
    "l2": lambda channels: np.sqrt((channels**2).sum(axis=2)),
}
# What they give has lost its sign.
UNSIGNED = frozenset({"abs-sum", "l2"})
_OF_CHANNELS = {
    "sum": "channel sum",
    "abs-sum": "sum of |channels|",
    "max": "largest channel",
    "l2": "L2 over channels",
}


def plane_of(attribution: Array, reduce: str) -> Array:
    """Reduce a map (height, width) or (height, width, channels) to float64 (height, width)."""
    values = attribution.astype(np.float64)
    return REDUCTIONS[reduce](values if values.ndim == 3 else values[..., None])


def of_sign(plane: Array, sign: str) -> Array:
    """Return a plane with zeros for the sign that is not asked for; `absolute` drops the sign."""
    if sign == "positive":
        return np.maximum(plane, 0.0)
    if sign == "negative":
        return np.minimum(plane, 0.0)
    return np.abs(plane) if sign == "absolute" else plane


def label(sign: str, reduce: str, channels: int) -> str:
    """Say what the numbers of a colour bar are."""
    if channels == 1:
        plain = {"all": "attribution", "absolute": "|attribution|"}
        return plain.get(sign, f"{sign} attribution")
    what = _OF_CHANNELS[reduce]
    if sign == "absolute":
        return f"attribution: {what if reduce in UNSIGNED else f'|{what}|'}"
    return f"{'' if sign == 'all' else sign + ' '}attribution: {what}"
