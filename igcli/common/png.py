"""PNG files that say how they were drawn."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, PngImagePlugin

from igcli import __version__

_SOFTWARE = "Software"
_SETTINGS = "igcli"
_TITLE = "Title"
_US = "igcli"


def note(picture: Image.Image, settings: dict[str, Any]) -> Image.Image:
    """Attach the settings that a picture was drawn with; `save_png` writes them."""
    picture.info[_SETTINGS] = json.dumps(settings, allow_nan=False)
    return picture


def save_png(
    picture: Image.Image, path: Path | BinaryIO, title: str, compress_level: int = 6
) -> None:
    """Write a picture with what `note` attached and a title, the image's id."""
    text = PngImagePlugin.PngInfo()
    text.add_text(_SOFTWARE, f"{_US} {__version__}")
    text.add_text(_TITLE, title.encode("utf-8", "replace").decode())
    if _SETTINGS in picture.info:
        text.add_text(_SETTINGS, picture.info[_SETTINGS])
    picture.save(path, format="PNG", pnginfo=text, compress_level=compress_level)


def png_bytes(picture: Image.Image, title: str, compress_level: int = 6) -> bytes:
    """Return what `save_png` would write."""
    file = BytesIO()
    save_png(picture, file, title, compress_level)
    return file.getvalue()


def is_ours(path: Path) -> bool:
    """Tell whether a file is a picture that `save_png` wrote."""
    try:
        with Image.open(path) as picture:
            return str(picture.info.get(_SOFTWARE, "")).startswith(f"{_US} ")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def drawn_with(path: Path) -> dict[str, Any] | None:
    """Return the settings that a picture of igcli's was drawn with; None for another file."""
    if not is_ours(path):
        return None
    try:
        with Image.open(path) as picture:
            found = json.loads(str(picture.info.get(_SETTINGS, "null")))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
