"""What a model file holds: layers by name, and whether it scales pixels itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.model_settings import ModelSettings
from igcli.models.open import describe_model
from igcli.models.selection.layers import layer_infos


def test_layers_of_nested_models_have_paths(keras: Any, tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")], name="inner")
    x = keras.Input((None, 3), name="x")
    outputs = keras.layers.TimeDistributed(inner, name="each")(x)
    keras.Model(x, [outputs, keras.layers.Softmax(name="soft")(outputs)]).save(tmp_path / "m.keras")
    info = describe_model(tmp_path / "m.keras", ModelSettings(), pytest.fail)
    assert [(layer.name, layer.shape) for layer in info.layers][:2] == [
        ("x", "any × 3"), ("each", "any × 2"),
    ]  # fmt: skip
    assert [(o.shape, o.tail) for o in info.outputs] == [
        ((None, 2), "none"),
        ((None, 2), "softmax"),
    ]
    model = keras.Sequential([keras.Input((3,)), inner])
    assert [layer.name for layer in layer_infos(model)] == ["inner", "inner/d"]


def test_a_model_that_can_not_be_explained_is_described(keras: Any, tmp_path: Path) -> None:
    tokens = keras.Input((4,), dtype="int32", name="tokens")
    keras.Model(tokens, keras.layers.Embedding(9, 2)(tokens)).save(tmp_path / "m.keras")
    (spec,) = describe_model(tmp_path / "m.keras", ModelSettings(), pytest.fail).inputs
    assert (spec.name, spec.declared, spec.is_integer) == ("tokens", "int32", True)
    assert spec.dtype == np.float32
