"""The original images that locate needs: their sizes and how they are turned, by their headers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.common.errors import InputError, first_line, reason
from igcli.common.orientation import ORIENTATION
from igcli.common.placement import RESIZE, Size
from igcli.findings.geometry import Outline

# Chunks of a PNG that may say how it is turned. Pillow unpacks the whole picture to look for them.
_MAY_TELL = frozenset({b"eXIf", b"iTXt", b"tEXt", b"zTXt"})
_WIDTH, _HEIGHT = 256, 257
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Original:
    """An image as its file has it.

    Attributes
    ----------
    size : Size
        (width, height) of what is stored, before it is turned.
    orientation : int
        How EXIF says that it is to be turned.
    """

    size: Size
    orientation: int = 1

    @property
    def upright_size(self) -> Size:
        """Its (width, height) once it is turned."""
        return self.size[::-1] if self.orientation >= 5 else self.size


def read_original(path: Path) -> Original:
    """Return the size of an image file, and how it is turned; its pixels are not read.

    Raises
    ------
    InputError
        When it is gone, or Pillow does not know it.
    """
    from PIL import Image

    try:
        with path.open("rb") as file, Image.open(file) as image:
            # Of a TIFF, Pillow may tell the size that it has once it is turned.
            tags = getattr(image, "tag_v2", {})
            size = (tags.get(_WIDTH, image.width), tags.get(_HEIGHT, image.height))
            orientation = 1
            if image.format != "PNG" or _png_may_tell(path):
                orientation = int(image.getexif().get(ORIENTATION, 1))
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {reason(error)} (--images says where it is now)"
        ) from error
    except Exception as error:
        raise InputError(f"{path} can't be read: {first_line(error)}") from error
    orientation = orientation if orientation in range(1, 9) else 1
    return Original(size, orientation)


def _png_may_tell(path: Path) -> bool:
    """Tell whether a PNG has a chunk that may say how it is turned."""
    with path.open("rb") as file:
        if file.read(len(_PNG)) != _PNG:
            return True
        while len(head := file.read(8)) == 8:
            if head[4:] in _MAY_TELL:
                return True
            file.seek(int.from_bytes(head[:4]) + 4, 1)
    return False


@dataclass(frozen=True, slots=True)
class Way:
    """The way from original images to the model's input.

    Attributes
    ----------
    resize : str or None
        How they were resized; None for arrays, which are the model's input.
    target : Size
        The (width, height) of the model's input.
    images : Path or None
        The folder where they are now, by their ids or their file names; None where they are where
        the run read them.
    upright : bool
        Whether objects are in the pixels of the image once it is turned as EXIF says.
    """

    resize: str | None
    target: Size
    images: Path | None
    upright: bool

    def original(self, identity: str, path: str) -> Original:
        """Return the original of an input; raise InputError where it can't be read."""
        if self.resize is None:
            return Original(self.target)
        if self.images is None:
            return read_original(Path(path))
        by_name = self.images / Path(path).name
        by_id = self.images / identity
        return read_original(by_name if by_name.exists() and not by_id.exists() else by_id)

    def size_for_objects(self, original: Original) -> Size:
        """Return the size of the image whose pixels objects are counted in."""
        return original.upright_size if self.upright else original.size

    def place(self, outline: Outline, original: Original) -> Outline:
        """Return an object's outline in the model's input."""
        if self.resize is None:
            return outline
        if not self.upright:
            outline = outline.upright(original.size, original.orientation)
        placement = RESIZE[self.resize](original.upright_size, self.target)
        return outline.placed(placement, self.target)


def resize_of(about: dict[str, Any]) -> str | None:
    """Return how a run resized its inputs; None where it did not.

    Raises
    ------
    ValueError
        When that can't be told.
    """
    resize = about["settled"]["resize"]
    if resize is not None and resize not in RESIZE:
        raise ValueError(f"its resize is {resize!r}")
    return None if resize is None else str(resize)
