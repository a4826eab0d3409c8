"""The pictures of locate: the worst located maps over their images, the objects outlined."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.errors import OutputError, reason
from igcli.common.explanation import Explanation
from igcli.common.geometry import Outline
from igcli.common.png import drawn_with, note, save_png
from igcli.common.progress import Track
from igcli.common.shapes import with_channels
from igcli.common.text import on_one_line
from igcli.figures.caption import caption_strip, text_size
from igcli.figures.overlay import COMPRESSION, blend
from igcli.figures.pixels import enlarge
from igcli.findings.locate_results import Findings, Located
from igcli.findings.locate_search import LocateRequest, Search, search_for
from igcli.store.files import whole_file
from igcli.store.run import StoredRun

# What tells them from a run's other pictures.
_SETTINGS = {"style": "locate"}
_LINE, _BESIDE = (255, 255, 255), (0, 0, 0)


def check_folder(folder: Path) -> None:
    """Raise OutputError where pictures can't go: among files that are none of its own."""
    try:
        entries = sorted(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise OutputError(f"--pictures {folder} can't be used", reason(error)) from error
    strange = [path.name for path in entries if drawn_with(path) != _SETTINGS]
    if strange:
        raise OutputError(
            f"--pictures {folder} holds other files",
            f"{strange[0]} is no picture of igcli locate's",
            "name a new folder",
        )


def draw_worst(
    run: StoredRun,
    request: LocateRequest,
    found: Findings,
    folder: Path,
    count: int,
    track: Track,
) -> int:
    """Draw the worst located explanations, 001.png the worst; return how many these were.

    Those drawn into the folder before are removed.
    """
    worst = found.measured[:count]
    search = search_for(run, request)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        drawn = zip(
            worst, _maps_and_images(run, [image.row for image in worst], search), strict=True
        )
        for place, (image, (plane, pixels)) in enumerate(track(drawn, len(worst)), start=1):
            outlines = search.outline(run.input_of(image.row), image.row)
            assert outlines is not None
            picture = _drawn(plane, pixels, outlines[1], image)
            with whole_file(folder / f"{place:03d}.png", synced=False) as temporary:
                save_png(picture, temporary, image.row.id, COMPRESSION)
    except OSError as error:
        raise OutputError(f"--pictures {folder} can't be written", reason(error)) from error
    return len(worst)


def _maps_and_images(
    run: StoredRun, rows: Sequence[Explanation], search: Search
) -> Iterator[tuple[Array, Array]]:
    """Yield each row's map, (height, width), and its image, black where none is stored."""
    black = np.zeros(with_channels(search.regions.shape), np.uint8)[..., :1]
    if not run.kept.pixels:
        for masses in run.masses(rows):
            positive, negative = masses.astype(np.float64)
            yield search.regions.spread(positive - negative), black
        return
    for maps, image in zip(run.maps(rows), run.images(rows), strict=True):
        is_its = image is not None and run.layout.pictured == search.picture
        plane = search.regions.pixels(maps[search.picture].astype(np.float64))
        yield plane, image if is_its and image is not None else black


def _drawn(plane: Array, image: Array, outline: Outline, located: Located) -> Image.Image:
    pixels = enlarge(blend(plane, image))
    height, width = pixels.shape[:2]
    # An edge for each pixel that is drawn, in the model's pixels.
    ys = np.linspace(0.0, plane.shape[0], height + 1)
    xs = np.linspace(0.0, plane.shape[1], width + 1)
    within = outline.shares(ys, xs) >= 0.5
    line = within & ~_shrunk(within)
    beside = _grown(within) & ~within
    pixels = pixels.copy()
    pixels[line], pixels[beside] = _LINE, _BESIDE
    said = ", ".join(f"{name} {located.values[name]:.3g}" for name in ("inside", "lift", "rank"))
    hit = "a hit" if located.values["hit"] else "no hit"
    lines = [on_one_line(located.row.id), f"{said}, {hit}"]
    strip = caption_strip(lines, width, text_size(width, height))
    canvas = Image.new("RGB", (width, height + strip.height), "white")
    canvas.paste(Image.fromarray(pixels), (0, 0))
    canvas.paste(strip, (0, height))
    return note(canvas, _SETTINGS)


def _grown(mask: Array) -> Array:
    """Return a mask with the pixels beside it, at its sides."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def _shrunk(mask: Array) -> Array:
    """Return a mask without the pixels at its edge, the picture's edge among them."""
    framed = np.pad(mask, 1)
    shrunk: Array = ~_grown(~framed)[1:-1, 1:-1]
    return shrunk
