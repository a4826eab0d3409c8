"""Scores: outputs that are probabilities already, although no softmax or sigmoid comes last."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.errors import ConfigError
from igcli.common.model_settings import ModelSettings
from igcli.models.open import open_model
from tests.models.tapes import assert_like_a_tape, filled

X = np.random.default_rng(0).uniform(0.0, 1.0, (3, 6, 6, 3)).astype(np.float32)
TOLD = "its outputs are probabilities, although no softmax or sigmoid is its last operation"


def ensemble(keras: Any, classes: int, activation: str | None) -> Any:
    layers = keras.layers
    picture = keras.Input((6, 6, 3))
    flat = layers.Flatten()(layers.Conv2D(4, 3, activation="tanh")(picture))
    several = [layers.Dense(classes, activation=activation)(flat) for _ in range(3)]
    return filled(keras.Model(picture, layers.Average()(several)))


def opened(model: Any, folder: Path, scores: str, saved: str = "m.keras") -> tuple[Any, list[str]]:
    path, notes = folder / saved, list[str]()
    model.save(path) if path.suffix else model.export(path, verbose=False)
    return open_model(path, ModelSettings(scores=scores), notes.append), notes


@pytest.mark.slow
@pytest.mark.parametrize("saved", ["m.keras", "m"])
def test_a_mean_of_softmaxes(keras: Any, tmp_path: Path, saved: str) -> None:
    model = ensemble(keras, 4, "softmax")
    found, notes = opened(model, tmp_path, "probability", saved)
    assert_like_a_tape(found, lambda x: model(x, training=False), X, 1)
    assert any(TOLD in note for note in notes)
    with pytest.raises(ConfigError, match="--scores logit can't be used with this model"):
        opened(model, tmp_path, "logit", saved)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [1, 4])
def test_a_mean_of_sigmoids(keras: Any, tmp_path: Path, classes: int) -> None:
    """Of one output it stands for two classes, as a sigmoid does."""
    model = ensemble(keras, classes, "sigmoid")
    found, notes = opened(model, tmp_path, "probability")
    wanted = np.asarray(model(X, training=False))
    wanted = np.concatenate([1 - wanted, wanted], 1) if classes == 1 else wanted
    np.testing.assert_allclose(found.scores(X), wanted, rtol=1e-5)
    assert any(TOLD in note for note in notes)


@pytest.mark.slow
def test_a_mean_of_logits_is_made_a_softmax(keras: Any, tmp_path: Path) -> None:
    model = ensemble(keras, 4, None)
    found, notes = opened(model, tmp_path, "probability")
    logits = np.float64(model(X, training=False))
    wanted = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(found.scores(X), wanted, rtol=1e-4)
    assert notes == []
