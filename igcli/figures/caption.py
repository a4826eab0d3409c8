"""A strip of text to stand below a picture."""

from functools import cache

from PIL import Image, ImageDraw, ImageFont

_SIZE = 12
_LINE = 16
_MARGIN = 5


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_SIZE)


def caption_strip(lines: list[str], width: int) -> Image.Image:
    """Draw lines of text, black on white, `width` pixels wide; what does not fit is cut."""
    strip = Image.new("RGB", (width, _LINE * len(lines) + 2 * _MARGIN), "white")
    draw = ImageDraw.Draw(strip)
    for i, line in enumerate(lines):
        text = fit_text(line, width - 2 * _MARGIN)
        draw.text((_MARGIN, _MARGIN + i * _LINE), text, fill="black", font=_font())
    return strip


def fit_text(text: str, width: int) -> str:
    """Cut a text with "..." so that it is at most `width` pixels wide."""
    if len(text) <= width and _font().getlength(text) <= width:
        return text
    text = text[:width]
    while text and _font().getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
