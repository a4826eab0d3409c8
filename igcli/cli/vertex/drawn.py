"""What is drawn: an ExplanationSpec's visualization as an ``igcli render`` command."""

from typing import Any

# What Vertex draws where the visualization leaves a key out.
DEFAULTS = {
    "type": "OUTLINES",
    "polarity": "POSITIVE",
    "colorMap": "PINK_GREEN",
    "clipPercentLowerbound": 62.0,
    "clipPercentUpperbound": 99.9,
    "overlayType": "NONE",
}
_SIGNS = {"POSITIVE": "positive", "NEGATIVE": "negative", "BOTH": "all"}
_CMAPS = {
    "PINK_GREEN": "PiYG",
    "PINK_WHITE_GREEN": "PiYG",
    "RED_GREEN": "red-white-green",
    "RED": "Reds",
    "GREEN": "Greens",
    "VIRIDIS": "viridis",
}
# Of pixels, by what lies below them.
_STYLES = {"NONE": "heat", "ORIGINAL": "overlay", "GRAYSCALE": "overlay", "MASK_BLACK": "mask"}
# A mask has no colours, and one sign; outlines have colours of their own.
_MASK, _OUTLINES = "mask", "outlines"


def render_command(visualization: dict[str, Any]) -> str:
    """Return the command that draws a run's maps as a visualization asks for.

    Parameters
    ----------
    visualization : dict
        Keys as in JSON; `DEFAULTS` stand for those that are missing.
    """
    asked = {**DEFAULTS, **visualization}
    style = _STYLES[asked["overlayType"]]
    if asked["type"] == "OUTLINES" and style != _MASK:
        style = _OUTLINES
    sign = _SIGNS[asked["polarity"]]
    if style == _MASK and sign == "all":
        sign = "absolute"
    words = [f"igcli render OUT --style {style} --sign {sign}"]
    if style not in (_MASK, _OUTLINES):
        words.append(f"--cmap {_CMAPS[asked['colorMap']]}")
    low, high = asked["clipPercentLowerbound"], asked["clipPercentUpperbound"]
    words.append(f"--window {low:g}:{high:g}")
    return " ".join(words)


def differs(visualization: dict[str, Any]) -> str:
    """Return what igcli's picture has otherwise than a visualization asks; "" for nothing."""
    asked = {**DEFAULTS, **visualization}
    if asked["overlayType"] == "MASK_BLACK":
        return "a mask has no colours" + (
            ", and counts both signs alike" if asked["polarity"] == "BOTH" else ""
        )
    if asked["type"] == "OUTLINES":
        return "outlines lie over the image, and have colours of their own"
    return "the image below is grey" if asked["overlayType"] == "ORIGINAL" else ""
