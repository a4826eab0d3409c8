"""Figures of the examples: pictures one below the other, and the photos that they show."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.sample import InputName
from igcli.figures.caption import caption_strip
from igcli.inputs.readers.registry import list_inputs
from igcli.report.pictures.shown import ShownRun

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


def titled(picture: Image.Image, title: str) -> Image.Image:
    """Put a line of text above a picture."""
    strip = caption_strip([title], picture.width)
    canvas = Image.new("RGB", (picture.width, strip.height + picture.height), "white")
    canvas.paste(strip, (0, 0))
    canvas.paste(picture, (0, strip.height))
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
    problem, fix = f"--data {data} holds no photos", "name an image, or a folder of them"
    try:
        listing = list_inputs(data, out)
    except InputError as error:
        raise InputError(problem, error.cause or error.problem, fix) from error
    if not listing.resizable:
        raise InputError(problem, fix=fix)
    if len(listing.names) > _MOST:
        raise InputError(
            f"--data {data} holds {len(listing.names)} photos",
            f"an example is for {_MOST} at most",
            "give fewer; `igcli run` explains any number",
        )
    return listing.names
