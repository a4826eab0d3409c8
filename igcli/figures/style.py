"""The style of a picture (STYLES): signs, channels, colours and scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from statistics import median

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.figures.channels import SIGNS, UNSIGNED, of_sign, plane_of
from igcli.figures.colormaps import COLORMAPS, DIVERGING
from igcli.figures.ramp import Ramp
from igcli.figures.scale import CLIP_PERCENT, signed_scale

IMAGE, SHOWN, RUN, AUTO = "image", "shown", "run", "auto"
# How much of a row's mass may saturate on a sheet, where each has its own scale: on white, between
# others, a map of a photo is read by its darker dots.
ROW_CLIP_PERCENT = 10.0
_BY_SIGN = {
    "all": "red-white-green",
    "positive": "Greens",
    "negative": "Reds",
    "absolute": "Blues",
}
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
    reduce: str = "sum"
    clip: float = CLIP_PERCENT
    alpha: float | None = None
    scale: str = IMAGE


def _first(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (name, *(n for n in names if n != name))


STYLES = {
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
        return self.scale if isinstance(self.scale, float) else signed_scale(plane, self.clip)

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


def settle_look(
    style: str = "overlay",
    sign: str | None = None,
    reduce: str | None = None,
    cmap: str | None = None,
    clip: float | None = None,
    alpha: float | None = None,
    scale: str | float | None = None,
    size: int | None = None,
    caption: bool = True,
) -> Look:
    """Fill in what is not asked for, by the style.

    Raises
    ------
    ConfigError
        When the style has no such sign, colours, opacity or scale.
    """
    usual = STYLES[style]
    sign, reduce = _signed(style, sign, reduce)
    if alpha is not None and usual.alpha is None:
        raise _refusal(f"--alpha {alpha:g}", style, "nothing in it lies over something else")
    if isinstance(scale, float):
        _check_number(scale, clip)
    if scale == AUTO and style != PANEL:
        raise _refusal("--scale auto", style, "each picture has a scale of its own")
    if style == PANEL:
        scale, clip = _of_sheet(scale, clip)
    return Look(
        style=style,
        sign=sign,
        reduce=reduce,
        cmap=_coloured(style, sign, cmap),
        clip=usual.clip if clip is None else clip,
        alpha=usual.alpha if alpha is None else alpha,
        scale=usual.scale if scale is None else scale,
        size=size,
        caption=caption,
    )


def _of_sheet(scale: str | float | None, clip: float | None) -> tuple[str | float, float | None]:
    """Return a sheet's scale, one for all where that or a clip is asked for, and its clip."""
    if scale is None:
        return (AUTO if clip is None else SHOWN), clip
    return scale, ROW_CLIP_PERCENT if scale == IMAGE and clip is None else clip


def _signed(style: str, sign: str | None, reduce: str | None) -> tuple[str, str]:
    usual = STYLES[style]
    if sign is not None and sign not in usual.signs:
        cause = f"it shows {' or '.join(usual.signs)}"
        if style == PANEL:
            cause = "it shows all, positive and negative side by side"
        raise _refusal(f"--sign {sign}", style, cause)
    if style == REGIONS and reduce is not None:
        raise _refusal(
            f"--reduce {reduce}", style, "what lies in a region is one number for each sign"
        )
    if reduce is None:
        reduce = "sum" if sign and sign != "absolute" else usual.reduce
    if reduce in UNSIGNED:
        if "absolute" not in usual.signs or sign not in {None, "absolute"}:
            what = f"--style {style}" if sign is None else f"--sign {sign}"
            raise ConfigError(
                f"--reduce {reduce} has no sign for {what} to show",
                fix="use --reduce sum or max, or --sign absolute",
            )
        sign = "absolute"
    return sign or usual.signs[0], reduce


def _coloured(style: str, sign: str, cmap: str | None) -> str | None:
    usual = STYLES[style]
    if cmap is None:
        if not usual.cmaps:
            return None
        return _BY_SIGN[sign] if usual.by_sign else usual.cmaps[0]
    if not usual.cmaps:
        raise _refusal(f"--cmap {cmap}", style, "it has the image's own colours")
    if cmap not in usual.cmaps:
        cause = f"zero needs a neutral middle: {', '.join(usual.cmaps)}"
        raise _refusal(f"--cmap {cmap}", style, cause)
    return cmap


def _check_number(scale: float, clip: float | None) -> None:
    if not isfinite(scale) or scale <= 0.0:
        raise ConfigError(f"--scale {scale:g} is no scale", fix="give a number above 0")
    if clip is not None:
        raise ConfigError(
            f"--clip {clip:g} has no meaning with --scale {scale:g}",
            "colours are full at that number",
            "give one of them",
        )


def _refusal(what: str, style: str, cause: str) -> ConfigError:
    return ConfigError(
        f"{what} has no meaning for --style {style}", cause, "leave it out, or use another style"
    )
