"""Masks along the path: a baseline that a layer leaves out makes a jump, which no map has."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from tests.models.tapes import filled
from tests.system.tape_maps import Igcli, arrays, assert_map, explain, module, refusal

SERIES = np.random.default_rng(3).normal(0, 1, (3, 5, 3)).astype("float32")
PADDED = SERIES * (np.arange(5) < 3)[None, :, None].astype("float32")


@pytest.fixture(scope="module")
def masking(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A recurrent model behind a Masking layer of zeros, and its file."""
    inputs = keras.Input((5, 3))
    x = keras.layers.Masking(name="hide")(inputs)
    x = keras.layers.SimpleRNN(4, name="recurrent")(x)
    # With biases: without them the scores of zeros are those of nothing, and nothing jumps.
    model = filled(keras.Model(inputs, keras.layers.Dense(2, name="scores")(x)))
    path = tmp_path_factory.mktemp("masks") / "masking.keras"
    model.save(path)
    return model, path


def series(folder: Path, rows: Array) -> Path:
    np.save(folder / "rows.npy", rows)
    return folder / "rows.npy"


def held(model: Any, rows: Array) -> Callable[[Any], Any]:
    """Return the scores of a path on which these rows keep their own masks."""
    import tensorflow as tf

    mask = tf.constant((rows != 0.0).any(-1))

    def scores(x: Any) -> Any:
        x = x * tf.cast(mask, tf.float32)[..., None]
        return model.get_layer("scores")(model.get_layer("recurrent")(x, mask=mask))

    return scores


@pytest.mark.slow
def test_a_baseline_of_zeros_is_left_out(
    igcli: Igcli, masking: tuple[Any, Path], tmp_path: Path
) -> None:
    result = explain(igcli, masking[1], series(tmp_path, SERIES))
    assert result.exit_code == 0, result.output
    assert "doubt: the baseline is left out by layer 'hide' (what is 0)" in result.stderr
    assert "jumps by" in result.stderr and "--hold-mask" in result.stderr
    about = (masking[1].parent / "out-masking.keras" / "run.json").read_text()
    assert "left out by layer 'hide'" in about


@pytest.mark.slow
def test_padding_is_left_out_at_the_input_s_end(
    igcli: Igcli, masking: tuple[Any, Path], tmp_path: Path
) -> None:
    half = ("--baseline", "constant:0.5")
    result = explain(igcli, masking[1], series(tmp_path, PADDED), *half)
    assert "a part of the input itself, its padding, is left out by layer 'hide'" in result.stderr


@pytest.mark.parametrize("rows", [SERIES, PADDED], ids=["whole", "padded"])
@pytest.mark.slow
def test_held_masks(igcli: Igcli, masking: tuple[Any, Path], tmp_path: Path, rows: Array) -> None:
    model, path = masking
    inputs = series(tmp_path, rows)
    said = assert_map(igcli, path, inputs, "--hold-mask", function=held(model, rows), x=rows)
    assert "jumps" not in said
    assert "layer 'hide' (what is 0): every input keeps its own mask, at its baseline too" in said
    about = json.loads((path.parent / f"out-{path.name}" / "run.json").read_text())
    assert about["config"]["hold_mask"] is True


@pytest.mark.slow
def test_a_baseline_that_no_mask_leaves_out(
    igcli: Igcli, masking: tuple[Any, Path], tmp_path: Path
) -> None:
    model, path = masking
    said = assert_map(
        igcli,
        path,
        series(tmp_path, SERIES),
        "--baseline",
        "constant:0.5",
        function=lambda x: model(x, training=False),
        x=SERIES,
        baseline=0.5,
    )
    assert "mask" not in said and "jumps" not in said


@pytest.mark.slow
def test_masks_of_an_embedding(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    """Its mask comes from the tokens, which stay as they are along the path of its vectors."""
    tokens = keras.Input((5,), dtype="int32")
    x = keras.layers.Embedding(9, 3, mask_zero=True, name="words")(tokens)
    model = filled(keras.Model(tokens, keras.layers.Dense(2)(keras.layers.SimpleRNN(4)(x))))
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "tokens.npy", np.array([[1, 2, 3, 0, 0], [5, 6, 7, 8, 1]], np.int32))
    result = explain(igcli, tmp_path / "m.keras", tmp_path / "tokens.npy", "--layer", "words")
    assert result.exit_code == 0, result.output
    assert "mask" not in result.stderr and "jumps" not in result.stderr


@pytest.mark.slow
def test_a_comparison_in_a_saved_model(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    import tensorflow as tf

    weight = tf.constant([[0.3, 0.1], [0.2, 0.4], [0.3, 0.2]])

    def counted(x: Any) -> Any:
        there = tf.reduce_any(tf.not_equal(x, 0.0), -1, keepdims=True)
        return tf.reduce_sum(tf.nn.softplus(x @ weight) * tf.cast(there, tf.float32), 1)

    function = tf.function(counted, [tf.TensorSpec((None, 5, 3), tf.float32, "x")])
    tf.saved_model.save(module((), f=function), str(tmp_path / "m"), signatures=function)
    result = explain(igcli, tmp_path / "m", series(tmp_path, SERIES))
    assert "the baseline is left out by operation 'NotEqual' (what is 0)" in result.stderr


def test_nothing_to_hold(igcli: Igcli, small_model: Path, tmp_path: Path) -> None:
    said = refusal(igcli, small_model, arrays(tmp_path), "--hold-mask")
    assert "--hold-mask can't be used with" in said
    assert "compares 'image' with a number" in said
