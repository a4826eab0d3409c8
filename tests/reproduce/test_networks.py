"""Training: batches, seeds, what is learned and what is saved."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.progress import untracked
from igcli.reproduce.networks import (
    Lesson,
    digits_network,
    flowers_network,
    train,
    two_branches_network,
)


def test_each_epoch_shows_every_row_once_in_another_order() -> None:
    lesson = Lesson("sgd", "mse", 3, 4, seed=0)
    assert lesson.batches(10) == 9
    batches = [list(rows) for rows in lesson.order(10)]
    assert [len(rows) for rows in batches] == [4, 4, 2] * 3
    epochs = [sum(batches[i : i + 3], []) for i in (0, 3, 6)]
    assert all(sorted(rows) == list(range(10)) for rows in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    other = Lesson("sgd", "mse", 3, 4, seed=1)
    assert [list(rows) for rows in other.order(10)] != batches


@pytest.mark.slow
def test_what_is_learned_is_saved_without_the_optimizer(keras: Any, tmp_path: Path) -> None:
    x = (10.0 * np.random.default_rng(0).normal(size=(200, 4))).astype(np.float32)
    answers = (x[:, :1] > 0).astype(np.float32)
    totals = []

    def track(items: Any, total: int, done: int = 0, unit: str = "") -> Any:
        totals.append(total)
        return items

    weights = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        lesson = Lesson("sgd", "binary_crossentropy", 20, 10, seed)
        path = tmp_path / f"{name}.keras"
        train(flowers_network, [x], answers, lesson, path, track)
        model = keras.models.load_model(path)
        assert not model.compiled
        weights.append(model.get_weights()[0].ravel())
    assert totals == [400] * 3
    # The first number decides, and the others don't.
    assert weights[0][0] > 5 * np.abs(weights[0][1:]).max()
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.abs(weights[0] - weights[2]).max() > 1e-3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_network_of_the_mnist_example(keras: Any, dtype: str) -> None:
    model = digits_network(keras, dtype)
    assert model.inputs[0].dtype == dtype and model.inputs[0].shape == (None, 28, 28, 1)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == [
        "Conv2D", "MaxPooling2D", "Dropout", "Conv2D", "MaxPooling2D", "Dropout", "Flatten",
        "Dense", "Dropout", "Dense", "Activation",
    ]  # fmt: skip
    # 64·(4+1) + 32·(4·64+1) + 256·(7·7·32+1) + 10·(256+1)
    assert model.count_params() == 412_778
    assert [layer.name for layer in model.layers[-2:]] == ["logits", "softmax"]


def test_two_branches_are_two_named_inputs(keras: Any, tmp_path: Path) -> None:
    build = partial(two_branches_network, sizes={"left": 2, "right": 3})
    inputs = [np.ones((4, 2), np.float32), np.ones((4, 3), np.float32)]
    answers = np.ones((4, 1), np.float32)
    path = tmp_path / "two.keras"
    train(build, inputs, answers, Lesson("sgd", "mse", 1, 2, 0), path, untracked)
    model = keras.models.load_model(path)
    assert [(i.name, i.shape) for i in model.inputs] == [("left", (None, 2)), ("right", (None, 3))]
