"""Densities with images, made so that what is in them is known: contents, styles, marks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.regions import Regions
from igcli.findings.densities import Densities

SIDE = 14
CELL = 2
KINDS = ("noise", "blobs", "photos")


@dataclass(frozen=True)
class Planted:
    """A made set: its densities, and the rows that bear the mark."""

    densities: Densities
    marked: Array
    place: tuple[int, int]


def planted(
    kind: str,
    share: float,
    seed: int,
    count: int = 1200,
    classes: int = 3,
    has_images: bool = True,
    moves: bool = False,
) -> Planted:
    """Make a set whose class 0 bears a mark on a share of its images, at one place or at any.

    `noise` has nothing else; `blobs` has a bright content at a place of each class, which moves
    and comes in two styles; `photos` has rough images and attention to the middle.
    """
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = _images(random, kind, labels)
    mass = random.gamma(0.6, 1.0, (count, SIDE, SIDE)) * _weights(random, kind, images)
    mass /= mass.sum(axis=(1, 2), keepdims=True)
    place = (int(random.integers(SIDE)), int(random.choice([0, 1, SIDE - 2, SIDE - 1])))
    own = np.flatnonzero(labels == 0)
    marked = np.sort(random.choice(own, round(share * len(own)), replace=False))
    for row in marked:
        r, c = (int(random.integers(SIDE)), int(random.integers(SIDE))) if moves else place
        mass[row] *= 1.0 - (weight := random.uniform(0.2, 0.5))
        mass[row, r, c] += weight
        images[row, CELL * r : CELL * (r + 1), CELL * c : CELL * (c + 1)] = 250
    positive = random.uniform(0.5, 1.0, mass.shape)
    values = np.stack([mass * positive, -mass * (1.0 - positive)], axis=3).astype(np.float32)
    pictures = images[..., None].astype(np.uint8) if has_images else None
    return Planted(_densities(values, labels, pictures), marked, place)


def _images(random: np.random.Generator, kind: str, labels: Array) -> Array:
    count, side = len(labels), SIDE * CELL
    if kind == "noise":
        return random.integers(0, 256, (count, side, side)).astype(np.float32)
    if kind == "photos":
        rough = random.uniform(0, 255, (count, 4, 4))
        return np.kron(rough, np.ones((7, 7))).astype(np.float32)
    y, x = np.mgrid[:side, :side]
    centre = random.normal(0.0, 1.5, (count, 2)) + 8.0 + 6.0 * np.stack(
        [labels % 3, labels // 3], axis=1
    )  # fmt: skip
    style = random.integers(0, 2, count)
    wide = np.where(style, 3.0, 1.5)
    away = ((y - centre[:, :1, None]) / wide[:, None, None]) ** 2
    away = away + ((x - centre[:, 1:, None]) / wide[::-1][:, None, None]) ** 2
    return np.asarray(255.0 * np.exp(-0.5 * away), np.float32)


def _weights(random: np.random.Generator, kind: str, images: Array) -> Array:
    count = len(images)
    if kind == "noise":
        return np.ones((count, SIDE, SIDE))
    if kind == "blobs":
        cells = images.reshape(count, SIDE, CELL, SIDE, CELL).mean(axis=(2, 4))
        return np.asarray(cells / 255.0 + 0.002)
    y, x = np.mgrid[:SIDE, :SIDE]
    centre = random.normal(6.5, 2.0, (count, 2))
    away = (y - centre[:, :1, None]) ** 2 + (x - centre[:, 1:, None]) ** 2
    return np.asarray(np.exp(-away / 20.0) + 0.02)


def _densities(values: Array, labels: Sequence[int] | Array, pictures: Array | None) -> Densities:
    rows = [
        Explanation(i, f"{i:05}.png", "", "", prediction=int(label), truth=int(label),
                    truth_name=f"class {label}", correct=True, error_estimate=0.01)
        for i, label in enumerate(labels)
    ]  # fmt: skip
    regions = Regions((SIDE * CELL, SIDE * CELL, 1), CELL)
    errors = np.full(len(rows), 0.01)
    return Densities(rows, values, errors, regions, "regions", pictures, None, {})
