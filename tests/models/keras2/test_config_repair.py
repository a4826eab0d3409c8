"""Repair rules on small configs in Keras 2's form; neither Keras nor TensorFlow is needed."""

import copy
from typing import Any

import pytest

from igcli.models.keras2.config_repair import HARD_SIGMOID, repair
from igcli.models.keras2.layer_graph import new_names
from igcli.models.keras2.operations import CannotRepair, foreign_operations
from igcli.models.keras2.weights import match

Config = dict[str, Any]


def layer(kind: str, name: str, *calls: Any, **config: Any) -> Config:
    node = {"class_name": kind, "config": {"name": name, **config}, "name": name}
    return node | {"inbound_nodes": list(calls)}


def entry(name: str = "x", shape: Any = (None, 4)) -> Config:
    return layer("InputLayer", name, batch_input_shape=list(shape), dtype="float32")


def graph(*layers: Config, outputs: Any = None, inputs: Any = None) -> Config:
    ends = {
        "input_layers": inputs or [[layers[0]["name"], 0, 0]],
        "output_layers": outputs or [[layers[-1]["name"], 0, 0]],
    }
    return {"class_name": "Functional", "config": {"name": "m", "layers": list(layers), **ends}}


def repaired_layer(kind: str, **config: Any) -> tuple[Config, list[str]]:
    """Repair one layer of a graph: its new class and config, and what was said."""
    model, notes = repair(graph(entry(), layer(kind, "l", [["x", 0, 0, {}]], **config)))
    found = model["config"]["layers"][1]
    own = {key: value for key, value in found["config"].items() if key != "name"}
    return {"class": found["class_name"], **own}, notes


def tensor(name: str, call: int = 0, output: int = 0) -> Config:
    inner = {"shape": [], "dtype": "float32", "keras_history": [name, call, output]}
    return {"class_name": "__keras_tensor__", "config": inner}


@pytest.mark.parametrize(
    ("kind", "config", "want", "notes"),
    [
        ("DepthwiseConv2D", {"groups": 1, "strides": 2}, {"strides": 2}, ["groups dropped"]),
        ("Conv2DTranspose", {"groups": 1}, {}, ["groups dropped"]),
        ("Conv2D", {"groups": 2}, {"groups": 2}, []),
        (
            "SeparableConv2D",
            {
                **{"groups": 1, "kernel_initializer": {}, "kernel_regularizer": None},
                **{"kernel_constraint": None, "pointwise_initializer": {}},
            },
            {"pointwise_initializer": "zeros"},
            ["groups dropped"],
        ),
        ("LSTM", {"time_major": False, "units": 3}, {"units": 3}, ["time_major dropped"]),
        (
            "MultiHeadAttention",
            {"query_shape": [1], "key_shape": [1], "value_shape": [1], "num_heads": 2},
            {"num_heads": 2},
            ["query_shape dropped"],
        ),
        ("Dense", {"batch_input_shape": [None, 4], "units": 2}, {"units": 2}, []),
        ("Dense", {"activation": "softmax_v2"}, {"activation": "softmax"}, []),
        ("Dense", {"dtype": "float64"}, {"dtype": "float64"}, []),
        (
            "Dense",
            {"dtype": {"class_name": "Policy", "config": {"name": "mixed_float16"}}},
            {"dtype": "mixed_float16"},
            ["dtype policy mixed_float16 rewritten"],
        ),
        (
            "Dense",
            {"kernel_initializer": {"class_name": "Constant"}, "kernel_regularizer": {"l2": 1}},
            {"kernel_initializer": "zeros", "kernel_regularizer": None},
            [],
        ),
        ("BatchNormalization", {"axis": [3], "renorm": False}, {"axis": 3}, ["renorm dropped"]),
        ("LayerNormalization", {"axis": [1, 2]}, {"axis": [1, 2]}, []),
        ("Embedding", {"input_length": 6, "output_dim": 2}, {"output_dim": 2}, []),
        ("SpatialDropout2D", {"trainable": True, "rate": 0.5}, {"rate": 0.5}, []),
    ],
)
def test_a_layer_keeps_all_but_what_keras_3_refuses(
    kind: str, config: Config, want: Config, notes: list[str]
) -> None:
    assert repaired_layer(kind, **config) == ({"class": kind, **want}, notes)


@pytest.mark.parametrize(
    ("kind", "config", "want"),
    [
        ("ThresholdedReLU", {"theta": 0.5}, {"class": "ReLU", "threshold": 0.5}),
        ("RandomFlip", {"mode": "horizontal", "seed": None}, {"class": "Identity"}),
        (
            "RandomCrop",
            {"height": 6, "width": 5, "seed": 3, "rng_type": "stateful"},
            {"class": "Resizing", "height": 6, "width": 5, "crop_to_aspect_ratio": True},
        ),
    ],
)
def test_a_layer_that_keras_3_runs_otherwise_becomes_one_that_it_runs_the_same(
    kind: str, config: Config, want: Config
) -> None:
    found, notes = repaired_layer(kind, **config)
    assert found == want
    assert len(notes) == 1


def test_hard_sigmoid_is_the_one_of_keras_2_which_keras_3_changed_silently() -> None:
    found, notes = repaired_layer("LSTM", recurrent_activation="hard_sigmoid", activation="tanh")
    assert found["recurrent_activation"]["config"] == HARD_SIGMOID
    assert found["activation"] == "tanh"
    assert notes == ["Keras 2's hard_sigmoid kept"]


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("DepthwiseConv2D", {"groups": 3}, "layer 'l': groups=3"),
        ("GRU", {"time_major": True}, "layer 'l': time_major=True"),
        ("BatchNormalization", {"axis": [1, 2]}, r"layer 'l': axis=\[1, 2\]"),
        (
            "UpSampling2D",
            {"interpolation": "area"},
            "layer 'l': Keras 3 has no interpolation 'area'",
        ),
        ("LayerScale", {"init": 1}, "layer 'l': a LayerScale that is not ConvNeXt's"),
        ("Dense", {"dtype": {"name": "x"}}, "its config is malformed"),
    ],
)
def test_an_option_that_changes_numbers_is_not_dropped(
    kind: str, config: Config, message: str
) -> None:
    with pytest.raises(CannotRepair, match=message):
        repaired_layer(kind, **config)


def test_layers_inside_of_wrappers_and_stacks_are_repaired() -> None:
    cell = {"class_name": "LSTMCell", "config": {"kernel_initializer": {}}}
    stack = {"class_name": "StackedRNNCells", "config": {"cells": [cell, cell]}}
    inner = {"class_name": "RNN", "config": {"cell": stack, "time_major": False}}
    found, notes = repaired_layer("Bidirectional", layer=inner)
    assert "time_major" not in found["layer"]["config"]
    cells = found["layer"]["config"]["cell"]["config"]["cells"]
    assert [made["config"] for made in cells] == [{"kernel_initializer": "zeros"}] * 2
    assert {made["module"] for made in cells} == {"keras.layers"}
    assert notes == ["time_major dropped"]


def test_the_given_config_is_left_as_it_was() -> None:
    config = graph(entry(), layer("DepthwiseConv2D", "a/b", [["x", 0, 0, {}]], groups=1))
    before = copy.deepcopy(config)
    repair(config)
    assert config == before


def test_an_input_layer_and_the_ends_are_written_for_keras_3() -> None:
    model, notes = repair(graph(entry(), layer("Dense", "d", [["x", 0, 0, {}]])))
    assert model["module"] == "keras.src.models.functional"
    first, second = model["config"]["layers"]
    assert first["config"]["batch_shape"] == [None, 4]
    assert second["inbound_nodes"] == [{"args": [tensor("x")], "kwargs": {}}]
    assert model["config"]["input_layers"] == ["x", 0, 0]
    assert model["config"]["output_layers"] == ["d", 0, 0]
    assert notes == []


def test_several_tensors_and_tensors_among_the_keywords_are_found() -> None:
    call = [["a", 0, 0, {"mask": ["b", 0, 0], "rate": 2, "scale": None}], ["b", 0, 0, {}]]
    model, _ = repair(graph(entry("a"), entry("b"), layer("Add", "s", call)))
    want = {"args": [[tensor("a"), tensor("b")]], "kwargs": {"mask": tensor("b"), "rate": 2}}
    assert model["config"]["layers"][2]["inbound_nodes"] == [want]


def test_the_states_of_a_recurrent_layer_become_its_initial_state() -> None:
    call = [["a", 0, 0, {}], ["b", 0, 0, {}], ["b", 0, 0, {}]]
    model, _ = repair(graph(entry("a"), entry("b"), layer("LSTM", "l", call)))
    states = {"initial_state": [tensor("b"), tensor("b")]}
    want = {"args": [tensor("a")], "kwargs": states}
    assert model["config"]["layers"][2]["inbound_nodes"] == [want]


@pytest.mark.parametrize(("kind", "end"), [("Functional", 2), ("Sequential", 1)])
def test_calls_of_a_nested_model_count_from_nought(kind: str, end: int) -> None:
    inner = graph(entry("i"), layer("Dense", "d", [["i", 0, 0, {}]]))["config"]
    calls = [[["x", 0, 0, {}]], [["n", 1, 0, {}]]]
    nested = layer(kind, "n", *calls) | {"config": inner | {"name": "n"}}
    model, _ = repair(graph(entry(), nested, outputs=[["n", 2, 0]]))
    made = model["config"]["layers"][1]
    assert [call["args"] for call in made["inbound_nodes"]] == [[tensor("x")], [tensor("n")]]
    assert model["config"]["output_layers"] == ["n", end, 0]


def test_slashes_leave_the_names_and_all_that_refers_to_them() -> None:
    model, notes = repair(
        graph(
            entry("a/x"),
            layer("Dense", "a/d", [["a/x", 0, 0, {}]]),
            layer("Dense", "a.d", [["a/d", 0, 0, {}]]),
        )
    )
    names = [made["name"] for made in model["config"]["layers"]]
    assert names == ["a.x", "a.d_", "a.d"]
    assert model["config"]["layers"][2]["inbound_nodes"][0]["args"] == [tensor("a.d_")]
    assert model["config"]["input_layers"] == ["a.x", 0, 0]
    assert notes == ["/ in a layer's name replaced"] * 2


def test_names_that_differ_only_in_the_slash_stay_apart() -> None:
    layers = [{"config": {"name": name}, "class_name": "D"} for name in ("a/b", "a.b", "a/b.")]
    assert new_names(layers) == {"a/b": "a.b_", "a.b": "a.b", "a/b.": "a.b."}


@pytest.mark.parametrize(
    "layers",
    [
        [layer("Dense", "d", batch_input_shape=[None, 4])],
        [layer("Model", "n") | {"config": graph(entry())["config"]}],
    ],
)
def test_a_sequential_model_without_an_input_layer_gets_one(layers: list[Config]) -> None:
    model, _ = repair({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    first = model["config"]["layers"][0]
    assert (first["class_name"], first["config"]["batch_shape"]) == ("InputLayer", [None, 4])
    assert repair({"class_name": "Sequential", "config": layers})[0]["config"]["layers"][0] == first


def operation(function: str, call: Any, kind: str = "TFOpLambda") -> tuple[Config, Any]:
    made = layer(kind, "op", call, function=function)
    model, notes = repair(graph(entry("x"), entry("y"), made))
    assert notes == ["TensorFlow operations called as they were"]
    found = model["config"]["layers"][2]
    assert found["config"]["function"] == function
    return found["config"]["arguments"], found["inbound_nodes"][0]["args"][0]


@pytest.mark.parametrize(
    ("function", "call", "first", "rest", "tensors"),
    [
        ("math.truediv", ["x", 0, 0, {"y": 255.0, "name": None}], {"tensor": 0}, {"y": 255.0}, "x"),
        (
            *("math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["x", 0, 0]}]),
            *(1.0, {"y": {"tensor": 0}}, "x"),
        ),
        (
            *("concat", [["x", 0, 0, {"axis": -1}], ["y", 0, 0, {"axis": -1}]]),
            *([{"tensor": 0}, {"tensor": 1}], {"axis": -1}, "xy"),
        ),
        ("stack", [["x", 0, 0, {"axis": 1}]], [{"tensor": 0}], {"axis": 1}, "x"),
        (
            *("reshape", ["x", 0, 0, {"shape": [["y", 0, 0], 3]}]),
            *({"tensor": 0}, {"shape": [{"tensor": 1}, 3]}, "xy"),
        ),
        (
            "__operators__.getitem",
            [
                *("x", 0, 0),
                {
                    "slice_spec": [
                        {"class_name": "__ellipsis__"},
                        {"start": 1, "stop": None, "step": 2},
                        None,
                    ]
                },
            ],
            {"tensor": 0},
            {"slice_spec": [{"ellipsis": True}, {"slice": [1, None, 2]}, None]},
            "x",
        ),
        (
            *("reshape", ["x", 0, 0, {"shape": {"class_name": "TensorShape", "items": [2]}}]),
            *({"tensor": 0}, {"shape": [2]}, "x"),
        ),
    ],
)
def test_the_arguments_of_an_operation(
    function: str, call: Any, first: Any, rest: Config, tensors: str
) -> None:
    arguments, found = operation(function, call)
    assert arguments == {"first": first, "rest": rest}
    assert found == [tensor(name) for name in tensors]


@pytest.mark.parametrize(
    ("function", "call", "message"),
    [
        ("io.write_file", ["x", 0, 0, {}], "tf.io.write_file is not among"),
        ("py_function", ["x", 0, 0, {}], "tf.py_function is not among"),
        ("__init__.__globals__", ["x", 0, 0, {}], "tf.__init__.* is not among"),
        ("math.abs", ["x", 0, 0, {"y": {"what": 1}}], "tf.math.abs has an argument of an unknown"),
        ("einsum", ["_CONSTANT_VALUE", -1, "bi,bj->bij", {}], "Keras 2 left an argument of tf.ein"),
        ("__operators__.eq", ["x", 0, 0, {}], "Keras 2 left an argument of tf.__operators__.eq"),
    ],
)
def test_operations_that_are_not_repeated(function: str, call: Any, message: str) -> None:
    with pytest.raises(CannotRepair, match=f"layer 'op': {message}"):
        operation(function, call)


def test_foreign_operations_are_found_at_any_depth() -> None:
    inner = graph(entry(), layer("TFOpLambda", "bad", ["x", 0, 0, {}], function="io.read_file"))
    good = layer("TFOpLambda", "good", ["x", 0, 0, {}], function="math.abs")
    raw = layer("TensorFlowOpLayer", "raw", ["x", 0, 0, {}], node_def={})
    nested = layer("Functional", "n") | {"config": inner["config"]}
    found = list(foreign_operations(graph(entry(), good, nested, raw)))
    assert found == [("bad", "io.read_file"), ("raw", "raw_ops")]


def test_weights_are_matched_by_name_where_the_order_differs() -> None:
    saved = [("a/gamma:0", (2,)), ("b/gamma:0", (2,)), ("a/mean:0", (2,)), ("b/mean:0", (2,))]
    model = [(f"m/{name}", (2,)) for name in ("b/mean", "b/gamma", "a/gamma", "a/mean")]
    assert match("n", saved, model) == [3, 1, 0, 2]


@pytest.mark.parametrize(
    ("saved", "model", "want"),
    [
        # Equal names: a Bidirectional's two cells, in order.
        (["f/cell/kernel:0", "b/cell/kernel:0"], ["x/cell/kernel", "y/cell/kernel"], [0, 1]),
        (["mean:0", "variance:0"], ["norm/variance", "norm/mean"], [1, 0]),
        (["d/depthwise_kernel:0", "d/bias:0"], ["d/kernel", "d/bias"], [0, 1]),
        (["scale/gamma:0"], ["scale/variable"], [0]),
    ],
)
def test_weights_whose_layers_are_named_otherwise(
    saved: list[str], model: list[str], want: list[int]
) -> None:
    assert match("n", [(n, (2,)) for n in saved], [(n, (2,)) for n in model]) == want


@pytest.mark.parametrize(
    ("saved", "model", "message"),
    [
        ([("d/kernel:0", (2,))], [("d/kernel", (3,))], r"is \(3,\) in the model, \(2,\) in"),
        ([("d/kernel:0", (2,))], [], "layer 'n' has the weights"),
        ([("d/k:0", (2,)), ("d/b:0", (2,))], [("d/k", (2,)), ("d/c", (2,))], "d/b .* d/c"),
    ],
)
def test_weights_that_do_not_fit(saved: Any, model: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        match("n", saved, model)
