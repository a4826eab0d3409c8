"""Captions: lines of text, titles and labels in pictures, in Pillow's own font."""

import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

SIZE = 12
MARGIN = 5
INK = (0, 0, 0)
_OF_WIDTH, _OF_HEIGHT = 40, 12


@cache
def font(size: int = SIZE) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of a size in pixels."""
    return ImageFont.load_default(size)


def text_size(width: int, height: int) -> int:
    """Return the size of letters that can be read below a picture of this size."""
    return max(SIZE, min(width // _OF_WIDTH, height // _OF_HEIGHT))


def line_height(size: int) -> int:
    """Return the distance from one line to the next."""
    return size * 4 // 3


def caption_strip(
    lines: list[str], width: int, size: int = SIZE, margin: int = MARGIN
) -> Image.Image:
    """Draw lines of text, black on white, `width` pixels wide; what does not fit is cut."""
    line = line_height(size)
    strip = Image.new("RGB", (width, line * len(lines) + 2 * MARGIN), "white")
    draw = ImageDraw.Draw(strip)
    for i, text in enumerate(lines):
        fitted = fit_text(text, width - 2 * margin, size)
        draw.text((margin, MARGIN + i * line), fitted, fill=INK, font=font(size))
    return strip


def fit_text(text: str, width: int, size: int = SIZE) -> str:
    """Cut a text with "..." so that it is at most `width` pixels wide, as the font can write it."""
    text = plain(text)
    if len(text) <= width and font(size).getlength(text) <= width:
        return text
    text = text[:width]
    while text and font(size).getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."


def plain(text: str) -> str:
    """Return a text without accents, on one line: Pillow's font has boxes for accented letters."""
    if text.isascii() and text.isprintable():
        return text
    letters = unicodedata.normalize("NFKD", text)
    kept = (c if c.isprintable() else " " for c in letters if not unicodedata.combining(c))
    return "".join(kept)


def upright(text: str, height: int, size: int = SIZE) -> Image.Image:
    """Draw a text that is read from below, centred in `height` pixels, black on white."""
    fitted = fit_text(text, height, size)
    strip = Image.new("RGB", (height, line_height(size)), "white")
    draw = ImageDraw.Draw(strip)
    draw.text((height / 2, 0), fitted, fill=INK, font=font(size), anchor="ma")
    return strip.transpose(Image.Transpose.ROTATE_90)
