"""settle: a look, with what was not asked for by its style; and what is asked for in vain."""

from math import isfinite

from igcli.common.errors import ConfigError
from igcli.figures.channels import UNSIGNED
from igcli.figures.style import (
    AUTO,
    IMAGE,
    OUTLINES,
    OVERLAY,
    PANEL,
    PHOTO,
    REGIONS,
    ROW_CLIP_PERCENT,
    SHOWN,
    SMOOTH,
    STYLES,
    Look,
)

# Pictures with a shorter side are seen pixel by pixel: their maps, too.
LEAST_PHOTO = 64
_WINDOWED = ("photo", "overlay", "heat", "mask", "alpha")
_BY_SIGN = {
    "all": "red-white-green",
    "positive": "Greens",
    "negative": "Reds",
    "absolute": "Blues",
}


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
    window: tuple[float, float] | None = None,
) -> Look:
    """Fill in what is not asked for, by the style.

    Raises
    ------
    ConfigError
        When the style has no such sign, colours, opacity, scale or window.
    """
    usual = STYLES[style]
    sign, reduce = _signed(style, sign, reduce)
    if alpha is not None and usual.alpha is None:
        raise _refusal(f"--alpha {alpha:g}", style, "nothing in it lies over something else")
    if isinstance(scale, float):
        _check_number(scale, clip)
    if style == OUTLINES:
        _check_lines(window=window, clip=clip, scale=scale)
    _check_window(style, window, clip, scale)
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
        window=window,
    )


def settle_style(style: str, shape: tuple[int, ...]) -> str:
    """Return what ``auto`` is for pictures of a shape: a photo, or small ones as they are."""
    if style != AUTO:
        return style
    return PHOTO if min(shape[:2]) >= LEAST_PHOTO else OVERLAY.style


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
    if style in {REGIONS, *SMOOTH} and reduce is not None:
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
        if sign == "all" and usual.both:
            return usual.both
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


def _check_window(
    style: str,
    window: tuple[float, float] | None,
    clip: float | None,
    scale: str | float | None,
) -> None:
    """Raise ConfigError for a window that is none, or beside what it can't be together with."""
    if window is None:
        return
    low, high = window
    if style not in _WINDOWED:
        raise _refusal("--window", style, f"those that have one are {', '.join(_WINDOWED)}")
    if not 0.0 <= low < high <= 100.0:
        raise ConfigError(
            f"--window {low:g}:{high:g} is no window",
            fix="give two percentiles from 0 to 100, the lower one first",
        )
    for flag, value in (("--clip", clip), ("--scale", scale)):
        if value is not None:
            raise ConfigError(
                f"{flag} has no meaning with --window",
                "colours are full at its upper end, in each picture",
                "give one of them",
            )


def _check_lines(**given: object) -> None:
    """Raise ConfigError for what gives a scale to lines."""
    for name, value in given.items():
        if value is not None:
            raise _refusal(f"--{name}", OUTLINES, "lines have no scale")


def _refusal(what: str, style: str, cause: str) -> ConfigError:
    return ConfigError(
        f"{what} has no meaning for --style {style}", cause, "leave it out, or use another style"
    )
