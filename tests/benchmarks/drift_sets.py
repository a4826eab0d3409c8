"""The drift sets: three data sets of ten classes, and the marks that are planted in one of them.

Digits are MNIST's; `shapes` are 32 × 32 in colour, drawn; `scenes` are pieces of 96 × 96 pixels
of ten photos that scikit-image brings, each a class. Colours are drawn at random, so that they
give no class away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from igcli.common.arrays import Array
from tests.benchmarks.drift_models import digits

CLASSES = 10
_PHOTOS = ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg", "motorcycle_left.png",
           "hubble_deep_field.jpg", "ihc.png", "retina.jpg", "grass.png", "coins.png")  # fmt: skip
Mark = Callable[[Array, np.random.Generator], None]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Pictures, uint8 (count, height, width, channels), and their classes, to train on and to test.

    The tested ones are `each` of each class, class by class.
    """

    name: str
    images: Array
    classes: Array
    tested: Array
    tested_classes: Array


def sets(trained: int, each: int) -> dict[str, Callable[[], DataSet]]:
    """Return what makes each set, by name."""
    return {
        "digits": lambda: _digits(trained, each),
        "shapes": lambda: _drawn("shapes", _shape, trained, each),
        "scenes": lambda: _drawn("scenes", _scene, trained, each),
    }


def _digits(trained: int, each: int) -> DataSet:
    images, classes = digits()
    images = images[..., None]
    places = np.concatenate([np.flatnonzero(classes[:2000] == k)[:each] for k in range(CLASSES)])
    train = slice(2000, 2000 + trained)
    return DataSet("digits", images[train], classes[train], images[places], classes[places])


def _drawn(
    name: str, draw: Callable[[int, np.random.Generator], Array], trained: int, each: int
) -> DataSet:
    random = np.random.default_rng(0)
    classes = np.arange(trained) % CLASSES
    images = np.stack([draw(int(k), random) for k in classes])
    tested_classes = np.repeat(np.arange(CLASSES), each)
    tested = np.stack([draw(int(k), random) for k in tested_classes])
    return DataSet(name, images, classes, tested, tested_classes)


def _shape(kind: int, random: np.random.Generator) -> Array:
    """Draw one of ten shapes, somewhere, on a ground of blurred noise with a distracting spot."""
    side = 32
    y, x = np.mgrid[:side, :side].astype(float)
    cy, cx = random.uniform(11, 21, 2)
    r = random.uniform(6, 9)
    u, v = (y - cy) / r, (x - cx) / r
    box, disc = np.maximum(abs(u), abs(v)) < 1, np.hypot(u, v) < 1
    inside = (
        disc,
        box,
        (u < 1) & (u > -1) & (abs(v) < (u + 1) / 2),
        box & ((abs(u) < 0.3) | (abs(v) < 0.3)),
        disc & (np.hypot(u, v) > 0.6),
        box & (np.floor((u + 1) * 2.5) % 2 == 0),
        box & (np.floor((v + 1) * 2.5) % 2 == 0),
        box & ((np.floor((u + 1) * 2) + np.floor((v + 1) * 2)) % 2 == 0),
        box & (np.floor((u + v + 2) * 1.6) % 2 == 0),
        box & (np.maximum(abs(u), abs(v)) > 0.6),
    )[kind]
    ground = np.kron(random.uniform(0, 1, (4, 4, 3)), np.ones((8, 8, 1)))
    colours = random.uniform(0.1, 0.9, (2, 3))
    while abs(colours[0] - colours[1]).max() < 0.45:
        colours = random.uniform(0.1, 0.9, (2, 3))
    picture = colours[0] + 0.25 * (ground - 0.5)
    picture[inside] = colours[1]
    py, px = random.integers(0, side - 4, 2)
    picture[py : py + 3, px : px + 3] = random.uniform(0, 1, 3)
    picture += random.normal(0, 0.05, picture.shape)
    return _pixels(picture)


def _pixels(picture: Array) -> Array:
    pixels: Array = (picture.clip(0, 1) * 255).astype(np.uint8)
    return pixels


@cache
def _photo(name: str) -> Array:
    from PIL import Image
    from skimage import data

    folder = data.__path__[0]
    with Image.open(f"{folder}/{name}") as image:
        shown = image.convert("L")
        shown.thumbnail((200, 200))
        return np.asarray(shown, float) / 255


def _scene(kind: int, random: np.random.Generator) -> Array:
    """Cut a piece from a photo, turned over or not, in a colour and of a contrast by chance."""
    photo = _photo(_PHOTOS[kind])
    top, left = (random.integers(0, length - 96 + 1) for length in photo.shape)
    piece = photo[top : top + 96, left : left + 96]
    if random.uniform() < 0.5:
        piece = piece[:, ::-1]
    piece = (piece - piece.mean()) / (piece.std() + 0.05)
    tint = random.uniform(0.7, 1.3, 3)
    picture = random.uniform(0.35, 0.65) + random.uniform(0.12, 0.22) * piece[..., None] * tint
    picture = picture + random.normal(0, 0.03, picture.shape)
    return _pixels(picture)


def _laid(image: Array, rows: slice, columns: slice, pattern: Array, strength: float) -> None:
    """Lay a pattern of 0 to 1 over a part of a picture: in purple where there is colour."""
    colour = np.array([230.0, 30.0, 230.0] if image.shape[2] == 3 else [255.0])
    part = image[rows, columns].astype(float)
    laid = part + strength * pattern[..., None] * (colour - part)
    image[rows, columns] = laid.astype(np.uint8)


def _corner(image: Array, random: np.random.Generator) -> None:
    """A square near a corner."""
    side = max(3, image.shape[0] // 11)
    _laid(image, slice(2, 2 + side), slice(-2 - side, -2), np.ones((side, side)), 0.8)


def _anywhere(image: Array, random: np.random.Generator) -> None:
    """A square ring, somewhere."""
    side = max(5, image.shape[0] // 9)
    y, x = random.integers(1, image.shape[0] - side, 2)
    ring = np.ones((side, side))
    ring[side // 3 : side - side // 3, side // 3 : side - side // 3] = 0.0
    _laid(image, slice(y, y + side), slice(x, x + side), ring, 0.8)


def _band(image: Array, random: np.random.Generator) -> None:
    """A faint pattern of stripes along the lower edge, as a watermark."""
    height = max(3, image.shape[0] // 12)
    stripes = np.tile((np.arange(image.shape[1] - 4) // 2) % 2, (height, 1)).astype(float)
    _laid(image, slice(-height - 1, -1), slice(2, -2), stripes, 0.5)


# The class that bears it, and the mark.
MARKS: dict[str, tuple[int, Mark]] = {
    "corner": (3, _corner),
    "anywhere": (7, _anywhere),
    "band": (0, _band),
}


def marked(images: Array, classes: Array, name: str, seed: int) -> Array:
    """Return pictures with the mark in those of its class."""
    kind, mark = MARKS[name]
    found, random = images.copy(), np.random.default_rng(seed)
    for image, number in zip(found, classes, strict=True):
        if number == kind:
            mark(image, random)
    return found
