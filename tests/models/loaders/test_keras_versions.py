"""Files of Keras 2: real ones against what Keras 2 gave, hand-written ones against closed forms."""

import io
import itertools
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.errors import ModelError
from igcli.common.model_settings import ModelSettings
from igcli.models.loaders.keras_versions import load_keras_model
from igcli.models.open import open_model

Config = dict[str, Any]
X = np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2)
DEPTHWISE = np.array([3.0, -1.0], np.float32)
DENSE = np.array([[1.0, 0.0, 2.0], [0.5, -1.0, 3.0]], np.float32)
SCORES = (X / 2 * DEPTHWISE).mean(axis=(1, 2)) @ DENSE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "repaired"),
    [
        *((name, "") for name in ("advact", "norm", "resc", "seq")),
        *((name, "groups dropped") for name in ("convT", "depthwise", "sepconv")),
        ("lstm", "time_major dropped"),
        ("tfop", "TensorFlow operations called as they were"),
    ],
)
def test_files_of_keras_2_give_their_recorded_outputs(
    shared_data: Path, name: str, repaired: str
) -> None:
    folder, said = shared_data / "keras2_quirks", list[str]()
    with np.load(folder / f"{name}.npz") as file:
        scores = open_model(folder / f"{name}.h5", ModelSettings(), said.append).scores(file["x"])
        np.testing.assert_allclose(scores, file["y"], rtol=1e-5, atol=1e-5)
    assert len(said) == bool(repaired)
    assert all(line.endswith(f": {repaired}") for line in said)


def test_a_lambda_of_keras_2_is_refused(shared_data: Path) -> None:
    with pytest.raises(ModelError, match="layer 'lambda' is a Lambda"):
        open_model(shared_data / "keras2_quirks" / "lambda.h5", ModelSettings(), print)


def layer(kind: str, name: str, *calls: Any, **config: Any) -> Config:
    node = {"class_name": kind, "config": {"name": name, **config}, "name": name}
    return node | {"inbound_nodes": list(calls)}


def functional(*layers: Config) -> Config:
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[layers[-1]["name"], 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "m", "layers": list(layers), **ends}}


def entry(*shape: int) -> Config:
    return layer("InputLayer", "x", batch_input_shape=[None, *shape], dtype="float32")


def classifier(function: str = "math.truediv") -> Config:
    """x / 2 → a depthwise convolution of one pixel → mean → a nested Sequential's Dense."""
    dense = {"units": 3, "use_bias": False, "batch_input_shape": [None, 2]}
    head = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 2], "name": "in"}},
        {"class_name": "Dense", "config": {"name": "dense", **dense}},
    ]
    nested = layer("Sequential", "head", [["mean", 0, 0, {}]])
    model = functional(
        entry(2, 2, 2),
        layer("TFOpLambda", "half", ["x", 0, 0, {"y": 2.0}], function=function),
        layer(
            *("DepthwiseConv2D", "block/dw", [["half", 0, 0, {}]]),
            kernel_size=[1, 1],
            groups=1,
            use_bias=False,
        ),
        layer("GlobalAveragePooling2D", "mean", [["block/dw", 0, 0, {}]]),
        nested | {"config": {"name": "head", "layers": head}},
    )
    model["config"]["output_layers"] = [["head", 1, 0]]
    return model


def write_h5(path: Path, config: Config, weights: dict[str, dict[str, Any]]) -> Path:
    """Write what Keras 2 writes: each layer's group, and its weights' names in order."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["model_config"] = "2.14.0", json.dumps(config)
        group = file.create_group("model_weights")
        names = [node["config"]["name"] for node in config["config"]["layers"]]
        group.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            own = group.create_group(name)
            own.attrs["weight_names"] = [key.encode() for key in weights.get(name, {})]
            for key, value in weights.get(name, {}).items():
                own[key] = value
    return path


def write_keras(path: Path, config: Config, weights: dict[str, Any], root: str) -> Path:
    """Write an archive with weights under `root`, by class names."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, value in weights.items():
            file["/".join(f"{root}/{part}" for part in name.split()) + "/vars/0"] = value
        file["optimizer/vars/0"] = np.zeros(3)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.13.1"}))
        archive.writestr("model.weights.h5", content.getvalue())
    return path


H5_WEIGHTS = {
    "block/dw": {"block/dw/depthwise_kernel:0": DEPTHWISE.reshape(1, 1, 2, 1)},
    "head": {"dense/kernel:0": DENSE},
}
KERAS_WEIGHTS = {
    "depthwise_conv2d": DEPTHWISE.reshape(1, 1, 2, 1),
    "sequential dense": DENSE,
}


def _h5(folder: Path) -> Path:
    return write_h5(folder / "m.h5", classifier(), H5_WEIGHTS)


def _h5_named_keras(folder: Path) -> Path:
    return write_h5(folder / "m.keras", classifier(), H5_WEIGHTS)


def _archive(folder: Path) -> Path:
    return write_keras(folder / "m.keras", classifier(), KERAS_WEIGHTS, "layers")


def _older_archive(folder: Path) -> Path:
    root = "_layer_checkpoint_dependencies"
    return write_keras(folder / "m.keras", classifier(), KERAS_WEIGHTS, root)


@pytest.mark.parametrize("write", [_h5, _h5_named_keras, _archive, _older_archive])
def test_a_file_in_keras_2s_form_gives_the_closed_form(
    keras: Any, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    said: list[str] = []
    model = open_model(write(tmp_path), ModelSettings(), said.append)
    np.testing.assert_allclose(model.scores(X), SCORES, rtol=1e-6)
    assert len(said) == 1
    for what in ("TensorFlow operations", "groups dropped", "/ in a layer's name replaced"):
        assert what in said[0]


def recurrent(x: Any, kernel: Any, inner: Any) -> Any:
    """Return an LSTM's last state, in NumPy, with Keras 2's hard sigmoid and no biases."""

    def gate(z: Any) -> Any:
        return np.clip(0.2 * z + 0.5, 0.0, 1.0)

    state = memory = np.zeros((len(x), len(inner)))
    for row in x.swapaxes(0, 1):
        into, forget, new, out = np.split(row @ kernel + state @ inner, 4, axis=1)
        memory = gate(forget) * memory + gate(into) * np.tanh(new)
        state = gate(out) * np.tanh(memory)
    return state


@pytest.mark.slow
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_hard_sigmoid_is_kept_in_both_directions(
    keras: Any, tmp_path: Path, is_wrapped: bool
) -> None:
    random = np.random.default_rng(5)
    kernels = [(random.normal(size=(3, 8)), random.normal(size=(2, 8))) for _ in range(2)]
    cell = {
        "units": 2,
        "recurrent_activation": "hard_sigmoid",
        "use_bias": False,
        "time_major": False,
    }
    alone = layer("LSTM", "rows", [["x", 0, 0, {}]], **cell)
    inner = {"class_name": "LSTM", "config": {"name": "lstm", **cell}}
    both = layer("Bidirectional", "rows", [["x", 0, 0, {}]], layer=inner, merge_mode="concat")
    ways = ["forward_lstm", "backward_lstm"] if is_wrapped else ["lstm"]
    names = [f"rows/{way}/cell/{what}:0" for way in ways for what in ("kernel", "recurrent_kernel")]
    weights = dict(zip(names, itertools.chain(*kernels), strict=False))
    config = functional(entry(4, 3), both if is_wrapped else alone)
    model = open_model(
        write_h5(tmp_path / "m.h5", config, {"rows": weights}), ModelSettings(), lambda said: None
    )
    x = random.normal(size=(5, 4, 3)).astype(np.float32)
    wanted = [recurrent(x, *kernels[0]), recurrent(x[:, ::-1], *kernels[1])]
    np.testing.assert_allclose(
        model.scores(x), np.concatenate(wanted[: len(ways)], axis=1), rtol=1e-5, atol=1e-6
    )


def test_operations_slice_stack_and_take_constants_first(keras: Any, tmp_path: Path) -> None:
    rest, first = {"start": None, "stop": None, "step": None}, {"start": 1, "stop": 3, "step": None}
    config = functional(
        entry(4),
        layer(
            *("SlicingOpLambda", "cut", ["x", 0, 0, {"slice_spec": [rest, first]}]),
            function="__operators__.getitem",
        ),
        layer(
            *("TFOpLambda", "from_one", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["cut", 0, 0]}]),
            function="math.subtract",
        ),
        layer(
            *("TFOpLambda", "both", [["cut", 0, 0, {"axis": 1}], ["from_one", 0, 0, {"axis": 1}]]),
            function="concat",
        ),
        layer("Activation", "squashed", [["both", 0, 0, {}]], activation="hard_sigmoid"),
    )
    x = np.array([[9.0, 0.5, 4.0, 9.0], [9.0, -1.0, -3.0, 9.0]], np.float32)
    model = open_model(write_h5(tmp_path / "m.h5", config, {}), ModelSettings(), lambda _: None)
    values = np.hstack([x[:, 1:3], 1 - x[:, 1:3]])
    want = np.clip(0.2 * values + 0.5, 0, 1)
    np.testing.assert_allclose(model.scores(x), want, rtol=1e-6, atol=1e-7)


def test_frozen_layers_of_a_nested_model_get_their_own_weights(keras: Any, tmp_path: Path) -> None:
    inner = functional(
        entry(2),
        layer("BatchNormalization", "one", [["x", 0, 0, {}]], axis=[1], epsilon=0, trainable=False),
        layer("BatchNormalization", "two", [["one", 0, 0, {}]], axis=[1], epsilon=0),
    )
    nested = layer("Functional", "body", [["x", 0, 0, {}]]) | {
        "config": inner["config"] | {"name": "body"}
    }
    config = functional(entry(2), nested)
    config["config"]["output_layers"] = [["body", 1, 0]]
    # Those that train come first, then the frozen layer's own, in Keras 2's order.
    order = (
        *("two/gamma", "two/beta", "one/gamma", "one/beta", "one/moving_mean"),
        *("one/moving_variance", "two/moving_mean", "two/moving_variance"),
    )
    values = {
        **{"one/gamma": 2.0, "one/beta": 1.0, "one/moving_mean": 0.5, "one/moving_variance": 4.0},
        **{"two/gamma": 3.0, "two/beta": -1.0, "two/moving_mean": 2.0, "two/moving_variance": 9.0},
    }
    weights = {f"{name}:0": np.full(2, values[name], np.float32) for name in order}
    path = write_h5(tmp_path / "m.h5", config, {"body": weights})
    x = np.array([[1.0, -2.0]], np.float32)
    one = (x - 0.5) / 2 * 2 + 1
    want = (one - 2) / 3 * 3 - 1
    scores = open_model(path, ModelSettings(), lambda _: None).scores(x)
    np.testing.assert_allclose(scores, want, rtol=1e-5)


@pytest.mark.slow
def test_a_name_that_a_masks_operation_would_take(keras: Any, tmp_path: Path) -> None:
    both = [["mask", 0, 0, {}], ["mask", 0, 0, {}]]
    config = functional(
        entry(3, 2),
        layer("Masking", "mask", [["x", 0, 0, {}]], mask_value=0.0),
        layer("Concatenate", "concatenate", both, axis=-1),
        layer("GlobalAveragePooling1D", "mean", [["concatenate", 0, 0, {}]]),
    )
    x = np.array([[[1.0, 2.0], [3.0, 6.0], [0.0, 0.0]]], np.float32)
    model = open_model(write_h5(tmp_path / "m.h5", config, {}), ModelSettings(), pytest.fail)
    np.testing.assert_allclose(model.scores(x), [[2.0, 4.0, 2.0, 4.0]], rtol=1e-6)


@pytest.fixture
def no_tf_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf_keras", None)


@pytest.mark.parametrize(
    ("config", "weights", "message"),
    [
        (classifier(), {"head": H5_WEIGHTS["head"]}, "no weights for .*block.dw/kernel"),
        (
            *(classifier(), H5_WEIGHTS | {"head": {"dense/kernel:0": DENSE[:, :2]}}),
            r"layer 'head': .* is \(2, 3\) in the model, \(2, 2\) in the file",
        ),
        (
            *(classifier(), H5_WEIGHTS | {"mean": {"extra:0": DENSE}}),
            "layer 'mean' has the weights extra",
        ),
        (
            functional(entry(4), layer("LocallyConnected1D", "local", [["x", 0, 0, {}]])),
            *({}, "layer 'local': Keras 3 has no LocallyConnected1D"),
        ),
        (
            functional(entry(4), layer("Dense", "odd", [["x", 0, 0, {}]], units=2, what=1)),
            *({}, "layer 'odd': Unrecognized keyword arguments passed to Dense"),
        ),
        (
            functional(entry(4), layer("Reshape", "r", [["x", 0, 0, {}]], target_shape=[3])),
            *({}, "The total size of the tensor must be unchanged"),
        ),
    ],
)
@pytest.mark.usefixtures("no_tf_keras", "keras")
def test_what_does_not_fit_is_refused_by_name(
    tmp_path: Path, config: Config, weights: Any, message: str
) -> None:
    path = write_h5(tmp_path / "m.h5", config, weights)
    with pytest.raises(ModelError, match=message) as refused:
        load_keras_model(path, pytest.fail)
    assert refused.value.fix == "have tf-keras read it: pip install 'igcli[keras2]'"
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.usefixtures("no_tf_keras", "keras")
def test_an_archive_without_all_weights_is_refused(tmp_path: Path) -> None:
    some = {"sequential dense": DENSE}
    path = write_keras(tmp_path / "m.keras", classifier(), some, "layers")
    with pytest.raises(ModelError, match="the file sets 1 of 2 weights"):
        load_keras_model(path, pytest.fail)


@pytest.mark.usefixtures("no_tf_keras", "keras")
def test_an_archives_weights_that_would_fill_the_memory_are_not_read(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "m.keras", classifier(), KERAS_WEIGHTS, "layers")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    content = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(content, "a") as file:
        file["layers/sequential/layers/dense/vars"].create_dataset("1", (2**40,), chunks=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (parts | {"model.weights.h5": content.getvalue()}).items():
            archive.writestr(name, data)
    with pytest.raises(ModelError, match=f"its weights are {2**40 + 8} numbers, not 8"):
        load_keras_model(path, pytest.fail)


@pytest.mark.parametrize("metadata", [None, "not json", "[]"])
def test_an_archive_that_does_not_say_who_wrote_it_is_given_to_keras(
    small_model: Path, tmp_path: Path, metadata: str | None
) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(small_model) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if name != "metadata.json":
                new.writestr(name, old.read(name))
        if metadata is not None:
            new.writestr("metadata.json", metadata)
    assert load_keras_model(path, pytest.fail).output_names == ["classes"]


@pytest.mark.usefixtures("no_tf_keras", "keras")
def test_weights_in_another_file_are_not_read(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "m.h5", classifier(), H5_WEIGHTS)
    (tmp_path / "other").write_bytes(b"\0" * 24)
    with h5py.File(path, "a") as file:
        group = file["model_weights/head"]
        del group["dense/kernel:0"]
        group.create_dataset(
            "dense/kernel:0", (2, 3), "f4", external=[(str(tmp_path / "other"), 0, 24)]
        )
    with pytest.raises(ModelError, match="kernel:0' lies in another file"):
        load_keras_model(path, pytest.fail)


def fake_tf_keras(called: list[Path]) -> Any:
    """Stand in for tf-keras: a model that doubles its one input."""
    from igcli.models.runtime import import_tensorflow

    tf = import_tensorflow()

    class Model:
        inputs = [tf.TensorSpec((None, 4), tf.float32, "x")]
        outputs = inputs
        output_names = ("twice",)

        def __call__(self, x: Any, training: bool) -> Any:
            assert not training
            return 2 * x

    def load(path: Path, **_: Any) -> Any:
        called.append(path)
        return Model()

    return SimpleNamespace(__version__="2.99", models=SimpleNamespace(load_model=load))


def test_tf_keras_reads_what_can_not_be_repaired(
    keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Path] = []
    monkeypatch.setitem(sys.modules, "tf_keras", fake_tf_keras(called))
    config = functional(entry(4), layer("LocallyConnected1D", "local", [["x", 0, 0, {}]]))
    path, said = write_h5(tmp_path / "m.h5", config, {}), list[str]()
    model = open_model(path, ModelSettings(), said.append)
    np.testing.assert_allclose(model.scores(X.reshape(4, 4)), 2 * X.reshape(4, 4))
    assert (model.spec.input.name, model.spec.output_name) == ("x", "twice")
    assert called == [path]
    reason = "since layer 'local': Keras 3 has no LocallyConnected1D"
    assert said == [f"{path}: read by tf-keras 2.99, {reason}"]


@pytest.mark.parametrize("function", ["io.write_file", "py_function", "raw_ops.ReadFile"])
def test_an_operation_that_is_not_on_the_list_reaches_no_keras(
    keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    called: list[Path] = []
    monkeypatch.setitem(sys.modules, "tf_keras", fake_tf_keras(called))
    path = write_h5(tmp_path / "m.h5", classifier(function), H5_WEIGHTS)
    with pytest.raises(ModelError, match=f"layer 'half' calls tf.{function}"):
        load_keras_model(path, pytest.fail)
    assert called == []


def test_every_operation_on_the_list_is_one_of_tensorflows(keras: Any) -> None:
    from functools import reduce

    import tensorflow as tf

    from igcli.models.keras2.operations import TF_FUNCTIONS

    assert all(callable(reduce(getattr, name.split("."), tf)) for name in TF_FUNCTIONS)
