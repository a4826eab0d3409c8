"""The original images that locate needs: where they are, and the way from them to the model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.common.geometry import Outline
from igcli.common.originals import Original, read_original
from igcli.common.placement import RESIZE, Size

_HINT = "--images says where it is now"


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
            return read_original(Path(path), _HINT)
        by_name = self.images / Path(path).name
        by_id = self.images / identity
        found = by_name if by_name.exists() and not by_id.exists() else by_id
        return read_original(found, _HINT)

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
