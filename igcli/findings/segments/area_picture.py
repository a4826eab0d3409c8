"""The picture of areas: the photo, and beside it each area's value as one shade."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.cells import nearest
from igcli.common.placement import Size
from igcli.common.png import note, png_bytes
from igcli.figures.colorbar import bar_of
from igcli.figures.draw import composed
from igcli.figures.overlay import COMPRESSION
from igcli.figures.pixels import grey_of
from igcli.figures.ramp import Ramp
from igcli.figures.smoothed.photo import beside, image_at, pane_size
from igcli.findings.segments.areas import Ranking

STYLE = "xrai"
_CMAP = "inferno"
_OPACITY = 0.7
_LINE = (20, 20, 20)
_UNSEEN = 128
# Outside the best areas the photo is grey, and so much lighter.
_FADED = 0.7


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a picture has beside its map and photo.

    Attributes
    ----------
    title : str
        The explanation's id.
    lines : tuple of str
        The caption.
    top : float or None
        The share of the picture's area that is shown, the best; None for all, coloured.
    aspect : Size or None
        The (width, height) of the image before it was stretched, where it was.
    settings : dict
        What the file says of how it was made.
    """

    title: str
    lines: tuple[str, ...]
    top: float | None
    aspect: Size | None
    settings: dict[str, Any]


def drawn_png(ranked: Ranking, image: Array | None, drawing: Drawing) -> bytes:
    """Return a PNG file: the photo left, areas right; areas alone where there is no photo."""
    pane = pane_size(ranked.numbers.shape, drawing.aspect)
    photo = _photo(image, ranked.numbers.shape, pane)
    ranks = _enlarged(ranked.rank_plane, pane)
    # By places, not values: a few pixels may have a value many times that of all others.
    ramp = Ramp(_CMAP, "positive", 1.0)
    bar = None
    if drawing.top is None:
        bar = bar_of(ramp, "share of the area that has less attribution a pixel", [])
        right = _coloured(_enlarged(ranked.standing, pane), photo, ramp)
        right[_edges(ranks)] = _LINE
    else:
        best = _enlarged(ranked.top(drawing.top), pane)
        grey = (1.0 - _FADED) * grey_of(photo) + _FADED * 255.0
        right = np.where(best[..., None], photo, np.rint(grey)).astype(np.uint8)
    pixels = right if image is None else beside(photo, right)
    lines = [*drawing.lines, _best_in_words(ranked), _shown_in_words(ranked, drawing.top)]
    canvas = composed(pixels, bar, lines, framed=False, least=0)
    return png_bytes(note(canvas, drawing.settings), drawing.title, COMPRESSION)


def _photo(image: Array | None, shape: tuple[int, ...], pane: Size) -> Array:
    if image is None:
        return np.full((pane[1], pane[0], 3), _UNSEEN, np.uint8)
    return image_at(image, pane)


def _enlarged(plane: Array, pane: Size) -> Array:
    """Return a plane at another size; each pixel has the number of the one that it lies in."""
    rows, columns = map(nearest, plane.shape, reversed(pane))
    return np.asarray(plane[np.ix_(rows, columns)])


def _coloured(plane: Array, photo: Array, ramp: Ramp) -> Array:
    mixed = _OPACITY * ramp.colours(plane) + (1.0 - _OPACITY) * grey_of(photo)
    return np.rint(mixed).astype(np.uint8)


def _edges(ranks: Array) -> Array:
    """Return where a pixel's right or lower neighbour is of another rank."""
    edges = np.zeros(ranks.shape, bool)
    edges[:-1] |= ranks[:-1] != ranks[1:]
    edges[:, :-1] |= ranks[:, :-1] != ranks[:, 1:]
    return edges


def _best_in_words(ranked: Ranking) -> str:
    best = [area for area in ranked.areas if area.rank == 1]
    first, share = best[0], sum(area.count for area in best) / ranked.numbers.size
    error = "" if np.isnan(first.error) else f" +- {first.error:.1g}"
    tied = f", tied with {len(best) - 1}" if len(best) > 1 else ""
    return f"best: {first.value:.3g}{error} a pixel{tied}; {share:.1%} of the area"


def _shown_in_words(ranked: Ranking, top: float | None) -> str:
    if top is None:
        values = len({area.rank for area in ranked.areas})
        return f"{len(ranked.areas)} regions, {values} told apart"
    best = ranked.top(top)
    shown = int(ranked.numbers[best].max()) + 1
    return f"the best {shown} of {len(ranked.areas)} regions: {best.mean():.1%} of the area"
