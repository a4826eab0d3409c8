"""The style of a picture (STYLES): signs, channels, colours and scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from igcli.common.arrays import Array
from igcli.figures.channels import SIGNS, of_sign, plane_of
from igcli.figures.colormaps import COLORMAPS, DIVERGING
from igcli.figures.ramp import Ramp
from igcli.figures.scale import CLIP_PERCENT, signed_scale

IMAGE, SHOWN, RUN, AUTO = "image", "shown", "run", "auto"
# How much of a row's mass may saturate on a sheet, where each has its own scale: on white, between
# others, a map of a photo is read by its darker dots.
ROW_CLIP_PERCENT = 10.0
_ONE_SIGN = ("positive", "negative", "absolute")


@dataclass(frozen=True, slots=True)
class Style:
    """One way to draw, and what it draws unless told otherwise.

    Attributes
    ----------
    signs : tuple of str
        What it can show, the default first.
    cmaps : tuple of str
        What it can be coloured in, its default first; empty where it has no colours of its own.
    by_sign : bool
        Whether the default colours go by the sign.
    both : str
        The default colours of both signs, where these differ from that of one; else empty.
    reduce : str
        One of REDUCTIONS.
    clip : float
        Percent of the absolute mass that saturates.
    alpha : float or None
        The opacity of what lies on top; None where nothing does.
    scale : str
        Whose numbers the scale is from.
    """

    signs: tuple[str, ...] = SIGNS
    cmaps: tuple[str, ...] = COLORMAPS
    by_sign: bool = True
    both: str = ""
    reduce: str = "sum"
    clip: float = CLIP_PERCENT
    alpha: float | None = None
    scale: str = IMAGE


def _first(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (name, *(n for n in names if n != name))


STYLES = {
    "photo": Style(
        signs=_first("absolute", SIGNS),
        cmaps=_first("inferno", COLORMAPS),
        by_sign=False,
        both="PiYG",
        clip=0.0,
        alpha=0.75,
    ),
    "outlines": Style(signs=_first("absolute", SIGNS), cmaps=(), clip=0.0),
    "overlay": Style(alpha=0.5),
    "heat": Style(),
    "mask": Style(signs=_first("absolute", _ONE_SIGN), cmaps=()),
    "alpha": Style(signs=_first("absolute", _ONE_SIGN), cmaps=()),
    "regions": Style(signs=_first("absolute", _ONE_SIGN)),
    "side-by-side": Style(alpha=0.5),
    "panel": Style(
        signs=("all",),
        cmaps=_first("PiYG", tuple(n for n in COLORMAPS if n in DIVERGING)),
        by_sign=False,
        clip=0.0,
        scale=AUTO,
    ),
    "tutorial": Style(
        signs=_first("absolute", SIGNS),
        cmaps=_first("inferno", COLORMAPS),
        by_sign=False,
        reduce="abs-sum",
        clip=0.0,
        alpha=0.4,
    ),
}
PANEL = "panel"
PHOTO, OUTLINES = "photo", "outlines"
# Drawn from the mass of each cell, without the cells' edges.
SMOOTH = frozenset({PHOTO, OUTLINES})
# Drawn from the mass of each region: no pixels are needed.
REGIONS = "regions"
# Of the common scale, what most maps must reach.
_READ = 0.25


@dataclass(frozen=True, slots=True)
class Look:
    """All settings of a picture.

    Attributes
    ----------
    style, sign, reduce, cmap : str
        Names from STYLES, SIGNS, REDUCTIONS and COLORMAPS; `cmap` is None for masks.
    clip : float
        Percent of the absolute mass beyond the scale, where that is not a number.
    alpha : float or None
        The opacity of what lies on top.
    scale : str or float
        ``image``, ``shown``, ``run`` or ``auto``, or the magnitude with full colour.
    size : int or None
        The least shorter side.
    caption : bool
        Whether text stands below.
    window : tuple of float or None
        Percentiles of the magnitudes: nothing is drawn below the first, colours are full above
        the second.
    """

    style: str = "overlay"
    sign: str = "all"
    reduce: str = "sum"
    cmap: str | None = "red-white-green"
    clip: float = CLIP_PERCENT
    alpha: float | None = 0.5
    scale: str | float = IMAGE
    size: int | None = None
    caption: bool = True
    window: tuple[float, float] | None = None

    @property
    def doubt(self) -> str:
        """What a reader may take these colours for, in the user's words; "" for nothing."""
        if self.cmap is None:
            return ""
        if self.sign == "all" and self.cmap not in DIVERGING:
            return (
                f"in --cmap {self.cmap} zero is no neutral colour: {', '.join(sorted(DIVERGING))} "
                "have one for both signs"
            )
        if self.sign == "absolute" and self.cmap in DIVERGING:
            return (
                f"--cmap {self.cmap} shows magnitudes in the colours of positive attributions: "
                "Blues or inferno stand for no sign"
            )
        return ""

    def plane(self, attribution: Array) -> Array:
        """Return what is drawn of a map: float64 (height, width)."""
        return of_sign(plane_of(attribution, self.reduce), self.sign)

    def top(self, plane: Array) -> float:
        """Return the magnitude with full colour, where this plane has a scale of its own."""
        if isinstance(self.scale, float):
            return self.scale
        if self.window is None:
            return signed_scale(plane, self.clip)
        magnitudes = np.abs(plane)
        return float(np.percentile(magnitudes, self.window[1]) or magnitudes.max())

    def in_window(self, plane: Array) -> Array:
        """Return a plane with zeros where the window begins above it."""
        if self.window is None:
            return plane
        magnitudes = np.abs(plane)
        return np.where(magnitudes < np.percentile(magnitudes, self.window[0]), 0.0, plane)

    def on_sheet(self, common: float, own: Sequence[float]) -> "Look":
        """Return a sheet's look with ``auto`` settled: one scale, or each row's own.

        Maps are read on one scale as long as most use a quarter of its colours: digits do. Those of
        photos have few pixels near the largest one of all, and would be pale.

        Parameters
        ----------
        common : float
            The largest magnitude of all maps.
        own : sequence of float
            The magnitude of each, beyond which `ROW_CLIP_PERCENT` of its mass lies.
        """
        if self.scale != AUTO:
            return self
        if not own or median(own) >= _READ * common:
            return replace(self, scale=SHOWN)
        return replace(self, scale=IMAGE, clip=ROW_CLIP_PERCENT)

    def ramp(self, top: float) -> Ramp:
        """Return the colours of a scale; a mask's go from black to white, alpha's from white."""
        if self.cmap is None:
            return Ramp("gray", self.sign, top, reverse=self.style == "alpha")
        return Ramp(self.cmap, self.sign, top)


OVERLAY = Look()
