"""Originals: the sizes of image files and how they are turned, by their headers."""

from dataclasses import dataclass
from pathlib import Path

from igcli.common.errors import InputError, first_line, reason
from igcli.common.orientation import ORIENTATION
from igcli.common.placement import Size

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


def read_original(path: Path, hint: str = "") -> Original:
    """Return the size of an image file, and how it is turned; its pixels are not read.

    `hint` is told where it is gone.

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
            f"{path} can't be read: {reason(error)}{f' ({hint})' if hint else ''}"
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


def stretched_from(path: str, resize: str | None) -> Size | None:
    """Return the upright (width, height) of an image that was stretched to the model's size.

    None where its aspect was not changed, it is no image file, or it is not there any more.
    """
    if resize != "stretch":
        return None
    try:
        return read_original(Path(path)).upright_size
    except InputError:
        return None
