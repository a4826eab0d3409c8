"""The networks of the published examples, and the loop that trains them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.machine import cpus
from igcli.common.progress import Track
from igcli.models.runtime import choose_device, import_tensorflow, quiet_stderr


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a network is trained: in batches of `batch_size`, shuffled anew in each epoch.

    Attributes
    ----------
    optimizer, loss : str
        Keras' names.
    epochs, batch_size : int
        How long, and on how many rows at once.
    seed : int
        Of the first weights, the shuffling and the dropout.
    """

    optimizer: str
    loss: str
    epochs: int
    batch_size: int
    seed: int

    def batches(self, rows: int) -> int:
        """Return how many there are in all."""
        return self.epochs * -(-rows // self.batch_size)

    def order(self, rows: int) -> Iterator[Array]:
        """Yield the rows of each batch."""
        random = np.random.default_rng(self.seed)
        for _ in range(self.epochs):
            shuffled = random.permutation(rows)
            for start in range(0, rows, self.batch_size):
                yield shuffled[start : start + self.batch_size]


def train(
    build: Callable[[Any], Any],
    inputs: Sequence[Array],
    answers: Array,
    lesson: Lesson,
    path: Path,
    track: Track,
) -> None:
    """Train a network and save it, without its optimizer, as a .keras file.

    Parameters
    ----------
    build : callable
        The keras module → a new model; one of this module's functions.
    inputs : sequence of Array
        One array (n, …) for each of its inputs.
    answers : Array
        (n, …), what it should give.
    lesson : Lesson
        How.
    path : Path
        The file to write.
    track : Track
        Shows the progress, in batches.
    """
    with quiet_stderr():
        keras = _keras()
        keras.utils.set_random_seed(lesson.seed)
        model = build(keras)
        model.compile(optimizer=lesson.optimizer, loss=lesson.loss)
    given = list(inputs)
    order = track(lesson.order(len(answers)), lesson.batches(len(answers)))
    for rows in order:
        batch = [array[rows] for array in given]
        model.train_on_batch(batch if len(batch) > 1 else batch[0], answers[rows])
    bare = build(keras)
    bare.set_weights(model.get_weights())
    bare.save(path)


def _keras() -> Any:
    """Import Keras; on a CPU, give one operation all cores where TensorFlow is not in use yet."""
    tf = import_tensorflow()
    import keras

    choose_device(tf, "auto")
    # Where explanations came first, each operation keeps one thread: slower, not wrong.
    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(cpus())
    return keras


def digits_network(keras: Any, dtype: str = "float32") -> Any:
    """Build alibi's network for MNIST: (n, 28, 28, 1), 0 to 1 → the probabilities of ten digits.

    `dtype` is the input's; the layers' arithmetic is float32 in any case.
    """
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype=dtype),
            layers.Conv2D(64, 2, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.3),
            layers.Conv2D(32, 2, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, name="logits"),
            layers.Activation("softmax", name="softmax"),
        ],
        name="mnist",
    )


def flowers_network(keras: Any) -> Any:
    """Build hiranumn's network for irises: four numbers → one probability."""
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(1), layers.Activation("sigmoid")], name="iris"
    )


def two_branches_network(keras: Any, sizes: dict[str, int]) -> Any:
    """Build a network of one input of each name and size, a branch for each → one number."""
    layers = keras.layers
    inputs = [keras.Input((size,), name=name) for name, size in sizes.items()]
    branches = [layers.Dense(32, activation="tanh")(entry) for entry in inputs]
    joined = layers.Dense(32, activation="tanh")(layers.Concatenate()(branches))
    return keras.Model(inputs, layers.Dense(1)(joined), name="two_inputs")
