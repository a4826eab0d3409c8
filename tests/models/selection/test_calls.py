"""The calls of shared layers: in the model's own order, each with what it comes from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import Result

from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import LayerCall
from igcli.models.open import describe_model, open_model
from igcli.models.selection.calls import calls_of
from igcli.models.selection.layers import find_layer
from tests.models.tapes import filled

Igcli = Callable[..., Result]


def siamese(keras: Any) -> Any:
    """enc(left), then enc(right); right is used first. Keras runs enc(right) before enc(left)."""
    left, right = (keras.Input((6, 6, 1), name=name) for name in ("left", "right"))
    enc = keras.layers.Conv2D(2, 3, activation="softplus", name="enc")
    first, second = enc(left), enc(right)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")
    far = keras.layers.Subtract()([pooled(first), pooled(second)])
    return keras.Model([left, right], keras.layers.Dense(1, activation="sigmoid")(far))


def twice(keras: Any) -> Any:
    """enc(enc(x)), the inner call first."""
    x = keras.Input((4,), name="x")
    enc = keras.layers.Dense(4, activation="tanh", name="enc")
    return keras.Model(x, keras.layers.Dense(1)(enc(keras.layers.ReLU(name="relu")(enc(x)))))


def nested(keras: Any) -> Any:
    """A nested model, called on b and then on a, that calls its own layer twice."""
    inner_input = keras.Input((4,), name="z")
    enc = keras.layers.Dense(4, activation="tanh", name="enc")
    inner = keras.Model(inner_input, enc(enc(inner_input)), name="inner")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    second, first = inner(b), inner(a)
    return keras.Model([a, b], keras.layers.Dense(1)(keras.layers.Add()([first, second])))


def three(keras: Any) -> Any:
    """Calls at three depths, the deepest last in the model's order."""
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    enc = keras.layers.Dense(4, activation="tanh", name="enc")
    first, second = enc(x), enc(y)
    third = enc(keras.layers.Add(name="sum")([first, second]))
    both = keras.layers.Concatenate()([second, first, third])
    return keras.Model([x, y], keras.layers.Dense(1)(both))


CALLS: list[tuple[Callable[[Any], Any], str, list[tuple[tuple[str, ...], tuple[str, ...]]]]] = [
    (siamese, "enc", [(("left",), ("left",)), (("right",), ("right",))]),
    (siamese, "pool", [(("left",), ("enc",)), (("right",), ("enc",))]),
    (twice, "enc", [(("x",), ("x",)), (("x",), ("relu",))]),
    (three, "enc", [(("x",), ("x",)), (("y",), ("y",)), (("x", "y"), ("sum",))]),
    (
        nested,
        "inner/enc",
        [
            (("b",), ("b", "z")), (("b",), ("b", "enc")),
            (("a",), ("a", "z")), (("a",), ("a", "enc")),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(("build", "name", "wanted"), CALLS)
def test_calls_come_in_the_models_order(
    keras: Any,
    tmp_path: Path,
    build: Callable[[Any], Any],
    name: str,
    wanted: list[tuple[tuple[str, ...], tuple[str, ...]]],
    suffix: str,
) -> None:
    path = tmp_path / f"m{suffix}"
    build(keras).save(path)
    model = keras.models.load_model(path)
    calls = calls_of(model, find_layer(path, model, name))
    assert [(call.inputs, call.on) for call in calls] == wanted
    info = describe_model(path, ModelSettings(), pytest.fail)
    (layer,) = (layer for layer in info.layers if layer.name == name)
    assert layer.calls == tuple(
        LayerCall(f"{name}:{i}", inputs, on) for i, (inputs, on) in enumerate(wanted)
    )
    assert layer.shape != "?"


def test_a_layer_of_ones_own_shows_no_calls(keras: Any) -> None:
    x = keras.Input((3,))
    model = keras.Sequential([x, keras.layers.Dense(2)])
    assert calls_of(model, keras.layers.Dense(1)) == ()
    assert calls_of(object(), None) == ()


@pytest.mark.slow
@pytest.mark.parametrize("build", [siamese, three])
def test_a_layers_maps_are_of_the_calls_that_they_are_named_by(
    keras: Any, tmp_path: Path, build: Callable[[Any], Any]
) -> None:
    path = tmp_path / "m.keras"
    model = filled(build(keras))
    model.save(path)
    enc = model.get_layer("enc")
    random = np.random.default_rng(0)
    given = [random.normal(size=(2, *t.shape[1:])).astype(np.float32) for t in model.inputs]
    notes: list[str] = []
    loaded = open_model(path, ModelSettings(layer="enc"), notes.append)
    read = np.concatenate([x.reshape(2, -1) for x in given], axis=1)
    points = loaded.enter(read)
    outputs = [np.asarray(enc(x)) for x in given]
    if build is three:
        outputs.append(np.asarray(enc(outputs[0] + outputs[1])))
    wanted = np.concatenate([x.reshape(2, -1) for x in outputs], axis=1)
    np.testing.assert_allclose(points[:, : wanted.shape[1]], wanted, rtol=1e-5, atol=1e-6)
    scores = np.asarray(model(given)).ravel()
    np.testing.assert_allclose(loaded.scores(points)[:, -1], scores, rtol=1e-5, atol=1e-6)
    assert [call.inputs for call in loaded.spec.calls][:2] == [(t.name,) for t in model.inputs]
    assert len(notes) == 1 and "enc is called" in notes[0]


@pytest.mark.slow
def test_run_and_inspect_say_where_each_call_comes_from(
    keras: Any, igcli: Igcli, tmp_path: Path
) -> None:
    filled(siamese(keras)).save(tmp_path / "m.keras")
    left, right = np.zeros((2, 1, 6, 6, 1), np.float32)
    left[:, :3, :3], right[:, 3:, 3:] = 1.0, 2.0
    np.savez(tmp_path / "x.npz", left=left, right=right)
    out = tmp_path / "out"
    run = igcli("run", tmp_path / "m.keras", tmp_path / "x.npz", "-o", out, "--layer", "enc")
    assert run.exit_code == 0, run.output
    assert "enc is called 2 times: enc:0 from left, enc:1 from right" in run.stderr
    with h5py.File(out / "attributions.h5") as file:
        maps = {name: np.abs(map_[0]) for name, map_ in file["attributions"].items()}
    assert maps["enc:0"][0, 0].sum() > 0.0 and maps["enc:1"][0, 0].sum() == 0.0
    assert maps["enc:1"][3, 3].sum() > 0.0 and maps["enc:0"][3, 3].sum() == 0.0
    settled = json.loads((out / "run.json").read_text())["settled"]
    assert settled["explained"] == {"enc:0": [4, 4, 2], "enc:1": [4, 4, 2]}
    assert settled["calls"] == {
        "enc:0": {"inputs": ["left"], "on": ["left"]},
        "enc:1": {"inputs": ["right"], "on": ["right"]},
    }
    words = igcli("inspect", tmp_path / "m.keras").stdout
    assert "enc: Conv2D, 4 × 4 × 2, called 2 times: enc:0 from left, enc:1 from right" in words
    planned = igcli("inspect", tmp_path / "m.keras", tmp_path / "x.npz", "--layer", "enc").stdout
    assert "enc:0 from left: 4 × 4 × 2" in planned
