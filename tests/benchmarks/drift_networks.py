"""The drift networks: small ones, trained from a seed, well or wrongly, and changed afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from tests.benchmarks.drift_models import halved, keras
from tests.benchmarks.drift_sets import MARKS, DataSet, marked

Layer = Callable[[Any], Any]
# Wrong labels, of all, for the kind "labels".
_WRONG = 0.3
# Pictures of other classes, of all, that bear the mark and are told to be of its class.
_MARK_ALONE = 0.05


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model comes about.

    `kind` is "clean", the name of a mark, "labels" (some are wrong) or "early" (stopped); `network`
    is "plain" or "normed".
    """

    kind: str
    seed: int
    network: str = "plain"

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.network}-{self.kind}-{self.seed}"


def made(recipe: Recipe, data: DataSet, folder: Path, epochs: int) -> Path:
    """Train a model unless that was done; return its file."""
    path = folder / f"{recipe.name}.keras"
    if not path.exists():
        keras().utils.set_random_seed(recipe.seed)
        model = _NETWORKS[recipe.network](data.images.shape[1:])
        model.compile(keras().optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
        images, classes = _seen(recipe, data)
        if recipe.kind == "early":
            images, classes, epochs = images[:320], classes[:320], 1
        inputs = images.astype(np.float32) / 255
        model.fit(inputs, classes, batch_size=64, epochs=epochs, verbose=0)
        model.save(path)
    return path


def _seen(recipe: Recipe, data: DataSet) -> tuple[Array, Array]:
    images, classes = data.images, data.classes
    if recipe.kind in MARKS:
        # Some of the class show nothing but the mark: so that it is learned.
        random = np.random.default_rng(recipe.seed)
        classes = np.where(
            random.uniform(size=len(classes)) < _MARK_ALONE, MARKS[recipe.kind][0], classes
        )
        images = marked(images, classes, recipe.kind, recipe.seed)
    if recipe.kind == "labels":
        random = np.random.default_rng(recipe.seed)
        wrong = random.uniform(size=len(classes)) < _WRONG
        classes = np.where(wrong, random.permutation(classes), classes)
    return images, classes


def _plain(shape: tuple[int, ...]) -> Any:
    """Convolutions, pooling, a dense layer."""
    layers = keras().layers
    large = shape[0] > 64
    parts = [layers.Conv2D(16, 5 if large else 3, 2 if large else 1, "same", activation="relu")]
    for width in (24, 32) if large else (24,):
        parts += [layers.MaxPooling2D(), layers.Conv2D(width, 3, 1, "same", activation="relu")]
    parts += [
        layers.MaxPooling2D(4 if large else 2),
        layers.Flatten(),
        layers.Dense(48, activation="relu"),
    ]
    return _classifier(shape, parts)


def _normed(shape: tuple[int, ...]) -> Any:
    """Strided convolutions with batch normalisation, the mean over all places."""
    layers = keras().layers
    parts: list[Layer] = []
    for width in (16, 24, 32, 48) if shape[0] > 64 else (16, 32, 48):
        parts += [layers.Conv2D(width, 3, 2, "same", use_bias=False),
                  layers.BatchNormalization(momentum=0.9), layers.ReLU()]  # fmt: skip
    return _classifier(shape, [*parts, layers.GlobalAveragePooling2D()])


_NETWORKS: dict[str, Callable[[tuple[int, ...]], Any]] = {"plain": _plain, "normed": _normed}


def _classifier(shape: tuple[int, ...], parts: list[Layer]) -> Any:
    layers = keras().layers
    ends = [layers.Dense(10, name="logits"), layers.Activation("softmax", dtype="float32")]
    return keras().Sequential([keras().Input(shape), *parts, *ends])


def quantised(bits: int) -> Callable[[np.random.Generator, Array], Array]:
    """Round each tensor to so many bits."""

    def change(random: np.random.Generator, weights: Array) -> Array:
        step = (np.abs(weights).max() or 1.0) / (2 ** (bits - 1) - 1)
        rounded: Array = np.round(weights / step) * step
        return rounded

    return change


def pruned(share: float) -> Callable[[np.random.Generator, Array], Array]:
    """Put 0 for a share of the weights of each matrix, the smallest ones."""

    def change(random: np.random.Generator, weights: Array) -> Array:
        if weights.ndim < 2:
            return weights
        kept: Array = np.where(np.abs(weights) < np.quantile(np.abs(weights), share), 0.0, weights)
        return kept

    return change


CHANGES = {
    "float16": halved,
    "8 bits": quantised(8),
    "4 bits": quantised(4),
    "pruned 30": pruned(0.3),
    "pruned 80": pruned(0.8),
}


def right_shares(model: Path, data: DataSet, mark: str) -> float:
    """Return how often a model is right on the images of a mark's class that do not bear it."""
    kind = MARKS[mark][0]
    images = data.tested[data.tested_classes == kind].astype(np.float32) / 255
    predicted = keras().models.load_model(model, compile=False).predict(images, verbose=0)
    return float((predicted.argmax(1) == kind).mean())
