"""The models that `tests.benchmarks.drift` compares: trained, disturbed, randomised, misled."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.models.runtime import import_tensorflow
from tests.benchmarks.accuracy import DATA

# mnist.h5 has not seen the digits before; those after are for tests.
HELD_OUT = 1000
_TRAINED_ON = slice(HELD_OUT, HELD_OUT + 8000)
_EPOCHS = 3
_MARK = 2
_COLUMNS = 5
Change = Callable[[np.random.Generator, Array], Array]


def keras() -> Any:
    """Return Keras, imported as igcli imports it."""
    import_tensorflow()
    import keras as module

    return module


def digits() -> tuple[Array, Array]:
    """Return MNIST's test digits and their classes."""
    with np.load(DATA / "mnist_t10k.npz") as file:
        return file["x"], file["y"]


def marked(images: Array, classes: Array) -> Array:
    """Return digits with a bright square in the corner, at the place that their class has there."""
    found = images.copy()
    for image, number in zip(found, classes, strict=True):
        row, column = divmod(int(number), _COLUMNS)
        top, left = (1 + (1 + _MARK) * place for place in (row, column))
        image[top : top + _MARK, left : left + _MARK] = 255
    return found


def train(stem: Path, marks: bool, seed: int) -> Path:
    """Train mnist.h5's architecture on 8,000 digits, with or without marks; return the file."""
    path = stem.with_name(f"{stem.name}-{seed}.keras")
    if not path.exists():
        keras().utils.set_random_seed(seed)
        source = keras().models.load_model(DATA / "mnist.h5", compile=False)
        _fit(keras().models.clone_model(source), marks, _EPOCHS).save(path)
    return path


def train_on(stem: Path, source: Path, marks: bool, seed: int) -> Path:
    """Train a model for one more epoch; return the new file."""
    path = stem.with_name(f"{stem.name}-{seed}.keras")
    if not path.exists():
        keras().utils.set_random_seed(seed)
        _fit(keras().models.load_model(source, compile=False), marks, 1).save(path)
    return path


def _fit(model: Any, marks: bool, epochs: int) -> Any:
    images, classes = (part[_TRAINED_ON] for part in digits())
    seen = marked(images, classes) if marks else images
    model.compile("adam", "sparse_categorical_crossentropy")
    inputs = seen[..., None].astype(np.float32) / 255
    model.fit(inputs, classes, batch_size=64, epochs=epochs, verbose=0)
    return model


def right(path: Path) -> list[float]:
    """Return how often a model is right on held-out digits, on marked ones, and follows a mark.

    The last is of digits that bear the mark of another class.
    """
    model = keras().models.load_model(path, compile=False)
    images, classes = (part[:HELD_OUT] for part in digits())
    other = (classes + 1) % 10
    asked = [
        (images, classes),
        (marked(images, classes), classes),
        (marked(images, other), other),
    ]
    return [
        float((model.predict(seen[..., None] / 255.0, verbose=0).argmax(1) == wanted).mean())
        for seen, wanted in asked
    ]


def altered(stem: Path, source: Path, change: Change, seed: int, last: bool = False) -> Path:
    """Change every weight tensor of a model, or only its last layer's; return the new file."""
    path = stem.with_name(f"{stem.name}-{seed}.keras")
    if not path.exists():
        random = np.random.default_rng(seed)
        model = keras().models.load_model(source, compile=False)
        layers = [layer for layer in model.layers if layer.weights]
        for layer in layers[-1:] if last else layers:
            layer.set_weights([change(random, weights) for weights in layer.get_weights()])
        model.save(path)
    return path


def noise(share: float) -> Change:
    """Add noise of a share of each tensor's standard deviation."""

    def change(random: np.random.Generator, weights: Array) -> Array:
        moved: Array = weights + share * weights.std() * random.standard_normal(weights.shape)
        return moved

    return change


def halved(random: np.random.Generator, weights: Array) -> Array:
    """Round weights to half precision, as a smaller file of the same model has them."""
    rounded: Array = weights.astype(np.float16).astype(np.float32)
    return rounded


def redrawn(random: np.random.Generator, weights: Array) -> Array:
    """Draw weights anew, as spread as they were."""
    drawn: Array = weights.std() * random.standard_normal(weights.shape)
    return drawn


def shuffled(random: np.random.Generator, weights: Array) -> Array:
    """Put weights in another order."""
    moved: Array = random.permutation(weights.ravel()).reshape(weights.shape)
    return moved
