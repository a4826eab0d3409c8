"""Figures one below the other, and which photos are in them."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from igcli.errors import InputError
from igcli.inputs.readers import list_inputs
from igcli.records import Explanation, InputName
from igcli.render.source import ShownRun

_MOST = 24
_GAP = 24
# The shorter side of a photo in a figure: two pixels for each of 224.
SIDE = 448


def stacked(pictures: Sequence[Image.Image]) -> Image.Image:
    """Put pictures one below the other, on white."""
    width = max(picture.width for picture in pictures)
    height = sum(picture.height for picture in pictures) + _GAP * (len(pictures) - 1)
    canvas = Image.new("RGB", (width, height), "white")
    top = 0
    for picture in pictures:
        canvas.paste(picture, (0, top))
        top += picture.height + _GAP
    return canvas


def explained(run: ShownRun) -> list[Explanation]:
    """Return the rows that did not fail."""
    return [row for row in run.rows if row.status == "ok"]


def photos_in(data: Path, out: Path) -> Sequence[InputName]:
    """List the photos of an example, those in OUT aside.

    Raises
    ------
    InputError
        When there are none, or more than figures can show.
    """
    listing = list_inputs(data, out)
    if not listing.resizable:
        raise InputError(f"--data {data} holds no photos", fix="name an image, or a folder of them")
    if len(listing.names) > _MOST:
        raise InputError(
            f"--data {data} holds {len(listing.names)} photos",
            f"an example is for {_MOST} at most",
            "give fewer; `igcli run` explains any number",
        )
    return listing.names
