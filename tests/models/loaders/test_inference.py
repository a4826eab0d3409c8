"""Recurrent networks with dropout: frozen as others are, without a word, with a tape's numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.model_settings import ModelSettings
from igcli.models.open import open_model
from tests.models.tapes import assert_like_a_tape, filled

DROPOUT = {"dropout": 0.3, "recurrent_dropout": 0.2}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN", "Bidirectional", "RNN", "ConvLSTM1D"])
def test_recurrent_dropout_is_no_matter_at_inference(keras: Any, tmp_path: Path, kind: str) -> None:
    layers = keras.layers
    made = {
        "Bidirectional": lambda: layers.Bidirectional(layers.LSTM(3, **DROPOUT)),
        "RNN": lambda: layers.RNN([layers.LSTMCell(3, **DROPOUT), layers.GRUCell(2, **DROPOUT)]),
        "ConvLSTM1D": lambda: layers.ConvLSTM1D(2, 3, **DROPOUT),
    }
    shape = (4, 6, 2) if kind == "ConvLSTM1D" else (4, 3)
    layer = made.get(kind, lambda: getattr(layers, kind)(3, **DROPOUT))()
    stack = [keras.Input(shape), layer, layers.Flatten(), layers.Dense(2)]
    model = filled(keras.Sequential([*stack, layers.Softmax()]))
    model.save(tmp_path / "m.keras")
    loaded = open_model(tmp_path / "m.keras", ModelSettings(), pytest.fail)
    assert loaded.spec.tail == "softmax"
    x = np.random.default_rng(0).uniform(0.0, 1.0, (2, *shape)).astype(np.float32)
    assert_like_a_tape(loaded, lambda x: model(x, training=False), x, 1)
