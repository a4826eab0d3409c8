"""Models of Keras that take or give a dict: their keys are names too."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.errors import ConfigError
from igcli.common.model_settings import ModelSettings
from igcli.models.open import describe_model, open_model
from tests.models.tapes import assert_like_a_tape, filled

X = np.random.default_rng(0).uniform(0.0, 1.0, (2, 6, 6, 1)).astype(np.float32)


def dense(keras: Any, picture: Any, **options: Any) -> Any:
    flat = keras.layers.Flatten()(keras.layers.Conv2D(3, 3, activation="tanh")(picture))
    return keras.layers.Dense(3, **options)(flat)


@pytest.mark.slow
def test_keys_of_outputs(keras: Any, tmp_path: Path) -> None:
    """They are not in the order of the alphabet, as Keras flattens them."""
    picture = keras.Input((6, 6, 1), name="picture")
    outputs = {n: dense(keras, picture, name=f"d{n[0]}") for n in ("zebra", "apple")}
    model = filled(keras.Model(picture, outputs))
    path = tmp_path / "m.keras"
    model.save(path)
    for key in outputs:
        for name in (key, f"d{key[0]}"):
            found = open_model(path, ModelSettings(output=name), pytest.fail)
            assert_like_a_tape(found, lambda x, k=key: model(x, training=False)[k], X, 1)
    with pytest.raises(ConfigError, match="did you mean 'zebra'"):
        open_model(path, ModelSettings(output="zebr"), pytest.fail)
    described = describe_model(path, ModelSettings(), pytest.fail)
    assert [(o.name, o.key) for o in described.outputs] == [("da", "apple"), ("dz", "zebra")]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
def test_keys_of_inputs_that_cross_their_names(keras: Any, tmp_path: Path) -> None:
    one, two = (keras.Input((6, 6, 1), name=name) for name in ("alpha", "beta"))
    x = keras.layers.Add()([dense(keras, one), keras.ops.square(dense(keras, two))])
    model = filled(keras.Model({"beta": one, "alpha": two}, keras.layers.Dense(2)(x)))
    path, notes = tmp_path / "m.keras", list[str]()
    model.save(path)
    found = open_model(path, ModelSettings(), notes.append)
    assert "inputs are called by their keys" in notes[0]
    names = [part.name for part in found.spec.parts]
    given = {"alpha": X, "beta": X[::-1].copy()}
    flat = np.concatenate([given[n].reshape(2, -1) for n in names], 1)
    np.testing.assert_allclose(found.scores(flat), model(given, training=False), rtol=1e-4)
