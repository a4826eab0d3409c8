"""What the scans let through: Keras' own layers, what the user vouches for, and real files."""

import json
from pathlib import Path
from typing import Any

import pytest

from igcli.common.errors import ModelError
from igcli.models.scan.config import Trust, check_config
from igcli.models.scan.files import scan_h5, scan_keras
from igcli.models.scan.saved_model_graph import scan_saved_model
from tests.models.scan.hostile import (
    DENSE,
    archive,
    function,
    graph,
    hdf5,
    layer,
    node,
    saved_model,
    sequential,
    signature,
)

ENOUGH = 10_000
PATH = Path("m.keras")

GOOD: dict[str, Any] = {
    "plain": DENSE,
    "registered by Keras": {**DENSE, "class_name": "Keras>Dense"},
    "with its module": {**DENSE, "module": "keras.layers", "registered_name": None},
    "policy": layer(
        "Dense",
        units=2,
        dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
    ),
    "activation function": layer(
        "Activation",
        activation={"module": "builtins", "class_name": "function", "config": "gelu"},
    ),
    "operation": {
        "class_name": "Multiply",
        "module": "keras.src.ops.numpy",
        "registered_name": "Multiply",
        "config": {"name": "x"},
        "inbound_nodes": [
            {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}}]}
        ],
    },
    "slice": {"class_name": "__slice__", "config": {"start": None, "stop": 3, "step": None}},
    "tuple": {"class_name": "__tuple__", "items": [1, 2]},
    "wrapped cells": layer(
        "RNN", cell=layer("StackedRNNCells", cells=[layer("LSTMCell", units=2), layer("GRUCell")])
    ),
    "function of TensorFlow": layer("TFOpLambda", function="math.truediv"),
    "operator of TensorFlow": layer("SlicingOpLambda", function="__operators__.getitem"),
    "of many inputs": {
        **layer("Concatenate", axis=-1),
        "build_config": {"input_shape": [[None, 8, 8, 64]] * 20},
    },
    "compiled with its own loss": DENSE,
    "a long seed": layer("Dropout", rate=0.5, seed=2**62),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_keras_defines_passes(name: str) -> None:
    config = sequential(GOOD[name])
    config["compile_config"] = {"loss": {"class_name": "function", "module": "mine", "config": "f"}}
    check_config(PATH, json.dumps(config), ENOUGH)


@pytest.mark.parametrize(
    ("inner", "name"),
    [
        (layer("Mine"), "Mine"),
        ({**layer("Mine"), "module": "my.layers", "registered_name": "my>Mine"}, "my>Mine"),
        (layer("Dense", units=2, activation="mine"), "mine"),
        (
            layer(
                "Activation",
                activation={"class_name": "function", "module": "my", "config": "mine"},
            ),
            "mine",
        ),
    ],
)
def test_names_of_the_user_pass_and_no_others(inner: Any, name: str) -> None:
    text = json.dumps(sequential(inner))
    with pytest.raises(ModelError):
        check_config(PATH, text, ENOUGH)
    with pytest.raises(ModelError):
        check_config(PATH, text, ENOUGH, Trust(names=frozenset({"other"})))
    check_config(PATH, text, ENOUGH, Trust(names=frozenset({name})))


def test_a_name_of_the_user_does_not_let_a_lambda_pass() -> None:
    with pytest.raises(ModelError, match="is a Lambda"):
        check_config(
            PATH, json.dumps(sequential(layer("Lambda"))), 0, Trust(names=frozenset({"Lambda"}))
        )


def test_trust_lifts_what_code_and_size_refuse() -> None:
    for inner in (layer("Lambda"), layer("Dense", units=2**30), layer("Mine")):
        check_config(PATH, json.dumps(sequential(inner)), 0, Trust(allow_unsafe=True))


@pytest.mark.parametrize(("held", "fits"), [(2**21, True), (2**19, False)])
def test_weights_are_compared_with_what_the_file_holds(held: int, fits: bool) -> None:
    # 1,024 × 1,024 weights behind a pooling, a flattening and a padding: 16 × 16 × 4 numbers.
    config = sequential(
        layer("Reshape", target_shape=[32, 32, 4]),
        layer("MaxPooling2D", pool_size=[2, 2], strides=None, padding="valid"),
        layer("Conv2D", filters=4, kernel_size=[3, 3], strides=[1, 1], padding="same"),
        layer("Flatten"),
        layer("Dense", units=1024),
        inputs=4096,
    )
    text = json.dumps(config)
    if fits:
        check_config(PATH, text, held)
        return
    with pytest.raises(ModelError, match=r"1,048,\d+ weights"):
        check_config(PATH, text, held - 2**16)


def test_good_files_pass(tmp_path: Path) -> None:
    archive(tmp_path / "m.keras", sequential(DENSE), **{"assets/a/vocabulary.txt": b"a"})
    scan_keras(tmp_path / "m.keras")
    hdf5(tmp_path / "m.h5", sequential(DENSE))
    scan_h5(tmp_path / "m.h5")
    saves = function(
        "__inference__traced_save_1", node("s", "SaveV2"), node("m", "ShardedFilename")
    )
    body = function("f", node("a", "AssertV2"), node("t", "TensorListReserve"))
    beside = (node("v", "VarHandleOp"), node("save", "SaveV2"), node("y", "Identity", ("v",)))
    saved_model(
        tmp_path / "m",
        graph(*beside, functions=(saves, body)),
        meta=signature("y"),
        files=("variables/variables.index",),
    )
    scan_saved_model(tmp_path / "m")


def test_trust_lets_any_op_pass(tmp_path: Path) -> None:
    saved_model(tmp_path / "m", graph(node("evil", "PyFunc")))
    with pytest.raises(ModelError, match="PyFunc"):
        scan_saved_model(tmp_path / "m")
    scan_saved_model(tmp_path / "m", allow_unsafe=True)


def test_real_models_pass(shared_data: Path) -> None:
    # Models lie at the top and among those of Keras 2; a run's attributions.h5 is none.
    for path in [*shared_data.glob("*.h5"), *shared_data.glob("keras2_quirks/*.h5")]:
        if path.name == "lambda.h5":
            with pytest.raises(ModelError, match="layer 'lambda' is a Lambda"):
                scan_h5(path)
        else:
            scan_h5(path)
    scan_saved_model(shared_data / "mnist_keras2_savedmodel")
