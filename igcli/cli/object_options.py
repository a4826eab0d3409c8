"""The options of objects, which say where they are: boxes or masks, shared by commands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from igcli.common.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])
_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


def _mask_value(ctx: click.Context, param: click.Parameter, value: str | None) -> int | str | None:
    """Read a pixel's value, or "target"."""
    if value is None or value == "target":
        return value
    if value.isdecimal() and len(value) < 10:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither a whole number nor target")


_OPTIONS = (
    click.option(
        "--boxes",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        help="Boxes in the original images' pixels: a CSV file with the columns id,x1,y1,x2,y2 "
        "and, if you like, class (x2 and y2 are the first outside), or a .json file as COCO has "
        "it.",
    ),
    click.option(
        "--masks",
        metavar="FOLDER",
        type=_FOLDER,
        help="PNG files as large as the original images and called as these are; all that is not 0 "
        "is the object.",
    ),
    click.option(
        "--mask-value",
        metavar="N|target",
        callback=_mask_value,
        help="With --masks: the object is where pixels are N; target: the number of the class that "
        "is explained.",
    ),
    click.option(
        "--any-class", is_flag=True, help="With --boxes: take those of other classes, too."
    ),
    click.option(
        "--upright",
        is_flag=True,
        help="Boxes and masks are in the pixels of images that were turned as EXIF says.  "
        "[default: in those of the files as they are stored]",
    ),
    click.option(
        "--images",
        metavar="FOLDER",
        type=_FOLDER,
        help="Where the images are now, by their ids or their names; their headers tell their "
        "sizes.  [default: where the run read them]",
    ),
    click.option(
        "--tolerance-px",
        metavar="N",
        type=click.FloatRange(0),
        default=15,
        show_default=True,
        help="A hit may be that far from the object, in pixels of the model's input.",
    ),
)


def object_options(function: F) -> F:
    """Add ``--boxes``, ``--masks`` and what says how they are read."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def check_objects(
    boxes: Path | None, masks: Path | None, mask_value: int | str | None, any_class: bool
) -> None:
    """Raise ConfigError for options that don't go together."""
    if boxes is not None and masks is not None:
        raise ConfigError("objects are in --boxes or in --masks", "it has both", "give one of them")
    if mask_value is not None and masks is None:
        raise ConfigError("--mask-value is of masks", "there is none", "leave it out")
    if any_class and boxes is None:
        raise ConfigError("--any-class is of boxes", "there is none", "leave it out")
