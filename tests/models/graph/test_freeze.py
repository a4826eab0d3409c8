"""Frozen graphs against the models that they came from, in value and input gradient."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import InputSpec
from igcli.models.graph import freeze as frozen
from igcli.models.graph.freeze import freeze
from igcli.models.loaders.network import Loaded
from igcli.models.loaders.saved_model import load_saved_model
from igcli.models.selection.select import select

Function = Callable[[Any], Any]
SHAPE = (7, 8, 4)
FLOAT32, BFLOAT16 = ModelSettings(precision="float32"), ModelSettings(precision="bfloat16")


@pytest.fixture
def tf(keras: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(frozen, "has_gpu", lambda tf: False)
    return pytest.importorskip("tensorflow")


def loaded_from(
    function: Function, shape: tuple[int, ...] = SHAPE, dtype: str = "float32"
) -> Loaded:
    return Loaded(function, InputSpec("x", shape, np.dtype(dtype)), "y", "test")


def frozen_from(tf: Any, function: Function, *shape_and_dtype: Any) -> Loaded:
    return freeze(tf, loaded_from(function, *shape_and_dtype), FLOAT32, pytest.fail)


def inputs(loaded: Loaded) -> Array:
    x = np.random.default_rng(4).normal(size=(3, *(n or 1 for n in loaded.input.shape)))
    return x.astype(loaded.input.dtype)


def value_and_gradient(tf: Any, function: Function, x: Array) -> tuple[Array, Array]:
    """The value, and the gradient of Σ sin(value)."""

    @tf.function(autograph=False)  # type: ignore[untyped-decorator, unused-ignore]
    def run(rows: Any) -> Any:
        value = function(rows)
        return value, tf.gradients(tf.sin(value), rows)[0]

    value, gradient = run(tf.constant(x))
    return value.numpy(), gradient.numpy()


def check_equal(tf: Any, function: Function, *shape_and_dtype: Any) -> None:
    loaded = frozen_from(tf, function, *shape_and_dtype)
    x = inputs(loaded)
    wanted, results = (value_and_gradient(tf, f, x) for f in (function, loaded.function))
    for want, got in zip(wanted, results, strict=True):
        assert got.dtype == x.dtype
        assert np.abs(want).max() > 1e-4
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=2e-6 * np.abs(want).max())


def traced(tf: Any, loaded: Loaded, with_gradient: bool = False) -> list[Any]:
    """The operations of the frozen graph, which TensorFlow has not optimised any further."""

    def run(rows: Any) -> Any:
        value = loaded.function(rows)
        return tf.gradients(value, rows)[0] if with_gradient else value

    rows = tf.TensorSpec((None, *loaded.input.shape), loaded.input.dtype)
    concrete = tf.function(run, autograph=False).get_concrete_function(rows)
    operations: list[Any] = concrete.graph.get_operations()
    return operations


def kinds(tf: Any, function: Function, with_gradient: bool = False) -> Counter[str]:
    """How many operations of each kind the frozen function's result needs."""
    operations = traced(tf, frozen_from(tf, function), with_gradient)
    return Counter(op.type for op in operations)


def randomised(model: Any) -> Function:
    """The model in inference mode, with random weights; variances are positive."""
    random = np.random.default_rng(0)
    for variable in model.variables:
        if "seed" in variable.path:
            continue
        low, high = (0.5, 2.0) if "variance" in variable.path else (-1.0, 1.0)
        variable.assign(random.uniform(low, high, variable.shape))
    return lambda rows: model(rows, training=False)


def stacked(keras: Any, *layers: Any, dtype: str = "float32") -> Function:
    inputs = x = keras.Input(SHAPE, dtype=dtype)
    for layer in layers:
        x = layer(x)
    return randomised(keras.Model(inputs, x))


CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "same odd": {"kernel_size": 3, "padding": "same"},
    "same odd by odd": {"kernel_size": (1, 5), "padding": "same"},
    "same even": {"kernel_size": 2, "padding": "same"},
    "same even by odd": {"kernel_size": (4, 3), "padding": "same"},
    "same odd by even": {"kernel_size": (3, 4), "padding": "same"},
    "same, larger than the image": {"kernel_size": 11, "padding": "same"},
    "valid one pixel": {"kernel_size": 1},
    "valid": {"kernel_size": 3},
    "same strides": {"kernel_size": 3, "padding": "same", "strides": 2},
    "valid strides": {"kernel_size": 3, "strides": 2},
    "one pixel strides": {"kernel_size": 1, "strides": 2},
    "dilation": {"kernel_size": 3, "padding": "same", "dilation_rate": 2},
    "groups": {"kernel_size": 3, "padding": "same", "groups": 2},
    "groups one pixel": {"kernel_size": 1, "groups": 2},
}


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_convolutions(keras: Any, tf: Any, options: dict[str, Any]) -> None:
    check_equal(tf, stacked(keras, keras.layers.Conv2D(6, **options)))


@pytest.mark.parametrize(
    ("depth", "options"),
    [
        pytest.param(2, {}, id="groups"),
        pytest.param(4, {"dilations": 2}, id="dilation"),
        pytest.param(4, {"padding": [[0, 0], [2, 0], [0, 1], [0, 0]]}, id="explicit padding"),
    ],
)
def test_convolutions_without_keras(tf: Any, depth: int, options: dict[str, Any]) -> None:
    kernel = np.random.default_rng(2).normal(size=(3, 3, depth, 6)).astype(np.float32)
    options = {"strides": 1, "padding": "SAME"} | options
    check_equal(tf, lambda rows: tf.nn.conv2d(rows, kernel, **options))


def test_a_filter_that_is_computed_from_the_input(tf: Any) -> None:
    """A template's features as the filter of a search, and one that each input scales."""
    kernel = np.random.default_rng(2).normal(size=(3, 3, 4, 6)).astype(np.float32)

    def function(rows: Any) -> Any:
        features = tf.nn.conv2d(rows, kernel, 1, "SAME")
        template = tf.math.l2_normalize(features[:1, 2:5, 2:5], axis=[1, 2, 3])
        scaled = kernel[:, :, :, :1] * tf.reduce_mean(rows)
        found = tf.nn.conv2d(features, tf.transpose(template, [1, 2, 3, 0]), 1, "VALID")
        return found + tf.nn.conv2d(rows, scaled, 1, "VALID")

    check_equal(tf, function)


@pytest.mark.parametrize("name", ["same odd", "same odd by odd", "valid one pixel"])
def test_the_gradient_of_a_convolution_of_the_same_size_is_a_convolution(
    keras: Any, tf: Any, name: str
) -> None:
    function = stacked(keras, keras.layers.Conv2D(6, **CONVOLUTIONS[name]))
    (convolution,) = (op for op in traced(tf, frozen_from(tf, function)) if op.type == "Conv2D")
    assert convolution.get_attr("_gradient_op_type") == b"IgcliConv2D"
    assert "Conv2DBackpropInput" not in kinds(tf, function, with_gradient=True)
    assert kinds(tf, function, with_gradient=True)["Conv2D"] == 2


@pytest.mark.parametrize("name", ["same even", "valid", "valid strides"])
def test_other_convolutions_take_tensorflows_gradient(keras: Any, tf: Any, name: str) -> None:
    function = stacked(keras, keras.layers.Conv2D(6, **CONVOLUTIONS[name]))
    assert kinds(tf, function, with_gradient=True)["Conv2DBackpropInput"] == 1


def test_convolutions_on_a_gpu_keep_their_gradient(
    keras: Any, tf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen, "has_gpu", lambda tf: True)
    function = stacked(keras, keras.layers.Conv2D(6, 3, padding="same"))
    assert kinds(tf, function, with_gradient=True)["Conv2DBackpropInput"] == 1


PADDED: dict[str, tuple[Any, dict[str, Any], bytes]] = {
    "same": (1, {"kernel_size": 3}, b"SAME"),
    "same, by two sides": ((2, 0), {"kernel_size": (5, 1)}, b"SAME"),
    "wider": (2, {"kernel_size": 3}, b"EXPLICIT"),
    "one side only": (((0, 1), (0, 1)), {"kernel_size": 3}, b"EXPLICIT"),
    "even kernel": (1, {"kernel_size": 2}, b"EXPLICIT"),
    "strides": (1, {"kernel_size": 3, "strides": 2}, b"EXPLICIT"),
    "same already": (1, {"kernel_size": 3, "padding": "same"}, b"SAME"),
}


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize(("width", "options", "padding"), PADDED.values(), ids=PADDED)
def test_zeros_around_are_the_convolutions_own(
    keras: Any, tf: Any, width: Any, options: dict[str, Any], padding: bytes, depthwise: bool
) -> None:
    layers = keras.layers
    if depthwise:
        convolution = layers.DepthwiseConv2D(**options)
    else:
        convolution = layers.Conv2D(6, **options)
    function = stacked(keras, layers.ZeroPadding2D(width), convolution)
    check_equal(tf, function)
    operations = traced(tf, frozen_from(tf, function))
    (got,) = (op for op in operations if op.type in {"Conv2D", "DepthwiseConv2dNative"})
    stays = depthwise and padding == b"EXPLICIT"
    assert got.get_attr("padding") == (b"VALID" if stays else padding)
    pads = sum(op.type == "Pad" for op in operations)
    assert pads == (stays or "padding" in options)


@pytest.mark.parametrize("pad", ["used twice", "of channels", "not zero", "before dilation"])
def test_other_padding_stays(tf: Any, pad: str) -> None:
    random = np.random.default_rng(3)
    widths = [[0, 0], [1, 1], [1, 1], [0, 2 if pad == "of channels" else 0]]
    kernel = random.normal(size=(3, 3, 4 + widths[3][1], 2)).astype(np.float32)

    def function(rows: Any) -> Any:
        padded = tf.pad(rows, widths, constant_values=0.5 if pad == "not zero" else 0.0)
        dilations = 2 if pad == "before dilation" else 1
        result = tf.nn.conv2d(padded, kernel, 1, "VALID", dilations=dilations)
        return result + tf.reduce_sum(padded) if pad == "used twice" else result

    if pad != "of channels":
        # TensorFlow's own optimiser takes that for padding in height and width, and fails.
        check_equal(tf, function)
    seen = kinds(tf, function)
    assert seen["Pad"] + seen["PadV2"] == 1


def normalisation(keras: Any, **options: Any) -> Any:
    return keras.layers.BatchNormalization(**options)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolution_and_batch_norm(
    keras: Any, tf: Any, center: bool, scale: bool, bias: bool, multiplier: int
) -> None:
    depthwise = keras.layers.DepthwiseConv2D(
        3, padding="same", depth_multiplier=multiplier, use_bias=bias
    )
    function = stacked(keras, depthwise, normalisation(keras, scale=scale, center=center))
    check_equal(tf, function)
    if not bias:
        seen = kinds(tf, function)
        assert (seen["DepthwiseConv2dNative"], seen["BiasAdd"]) == (1, 1)
        assert not seen.keys() & {"Mul", "AddV2", "FusedBatchNormV3"}


@pytest.mark.parametrize("bias", [True, False])
def test_convolution_and_batch_norm(keras: Any, tf: Any, bias: bool) -> None:
    convolution = keras.layers.Conv2D(6, 3, padding="same", use_bias=bias)
    function = stacked(keras, convolution, normalisation(keras))
    check_equal(tf, function)
    if not bias:
        seen = kinds(tf, function)
        assert (seen["Conv2D"], seen["BiasAdd"]) == (1, 1)
        assert not seen.keys() & {"Mul", "AddV2", "FusedBatchNormV3"}


def test_batch_norm_comes_first_and_last(keras: Any, tf: Any) -> None:
    check_equal(
        tf,
        stacked(
            keras,
            normalisation(keras),
            keras.layers.ReLU(),
            keras.layers.Conv2D(3, 3),
            keras.layers.ReLU(),
            normalisation(keras, axis=1),
        ),
    )


def test_batch_norm_of_what_others_use_too(keras: Any, tf: Any) -> None:
    inputs = keras.Input(SHAPE)
    x = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)(inputs)
    y = keras.layers.Add()([normalisation(keras)(x), x, normalisation(keras)(x)])
    check_equal(tf, randomised(keras.Model(inputs, y)))


def test_one_batch_norm_used_twice(keras: Any, tf: Any) -> None:
    inputs = keras.Input(SHAPE)
    shared = normalisation(keras)
    layers = [keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False) for _ in range(2)]
    x = shared(layers[1](keras.ops.tanh(shared(layers[0](inputs)))))
    check_equal(tf, randomised(keras.Model(inputs, x)))


def test_one_convolution_and_batch_norm_used_twice(keras: Any, tf: Any) -> None:
    inputs = x = keras.Input(SHAPE)
    layers = keras.layers.Conv2D(4, 3, padding="same", use_bias=False), normalisation(keras)
    for layer in (*layers, keras.layers.Activation("tanh"), *layers):
        x = layer(x)
    check_equal(tf, randomised(keras.Model(inputs, x)))


def test_one_depthwise_filter_used_twice(keras: Any, tf: Any) -> None:
    inputs = keras.Input(SHAPE)
    shared = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)
    first = normalisation(keras)(shared(inputs))
    second = normalisation(keras)(shared(keras.ops.tanh(first)))
    check_equal(tf, randomised(keras.Model(inputs, second)))


RANDOM = np.random.default_rng(9)
CONSTANTS = {
    "number": np.float32(0.7),
    "one in a list": np.array([0.7], np.float32),
    "per channel": RANDOM.normal(size=4).astype(np.float32),
    "per channel, four axes": RANDOM.normal(size=(1, 1, 1, 4)).astype(np.float32),
    "per channel, two axes": RANDOM.normal(size=(1, 4)).astype(np.float32),
    "per column": RANDOM.normal(size=(8, 1)).astype(np.float32),
    "per pixel": RANDOM.normal(size=(7, 8, 4)).astype(np.float32),
    "per row of the image": RANDOM.normal(size=(1, 7, 1, 1)).astype(np.float32),
}


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("constant", CONSTANTS.values(), ids=CONSTANTS)
def test_constants_added_and_multiplied(tf: Any, constant: Array, depthwise: bool) -> None:
    kernel = np.random.default_rng(2).normal(size=(3, 3, 4, 1 if depthwise else 4))
    weights = tf.Variable(kernel.astype(np.float32))
    convolve = tf.nn.depthwise_conv2d if depthwise else tf.nn.conv2d

    def function(rows: Any) -> Any:
        x = convolve(rows, weights, [1, 1, 1, 1], "SAME")
        return tf.tanh(constant + x * constant) + rows

    check_equal(tf, function)


@pytest.mark.parametrize("operation", ["add", "multiply"])
@pytest.mark.parametrize("depthwise", [False, True])
def test_a_constant_that_makes_channels_out_of_one(
    tf: Any, operation: str, depthwise: bool
) -> None:
    constant = np.array([1.0, -2.0, 0.5, 3.0, 0.2], np.float32)
    weights = tf.Variable(np.random.default_rng(2).normal(size=(3, 3, 1, 1)).astype("f4"))
    convolve = tf.nn.depthwise_conv2d if depthwise else tf.nn.conv2d
    apply = {"add": tf.add, "multiply": tf.multiply}[operation]
    check_equal(
        tf, lambda rows: apply(convolve(rows, weights, [1, 1, 1, 1], "SAME"), constant), (6, 5, 1)
    )


def test_constants_that_are_needed_elsewhere_too(tf: Any) -> None:
    random = np.random.default_rng(2)
    filters, depthwise = (random.normal(size=(3, 3, 4, n)).astype("f4") for n in (4, 1))
    shift, scale = (random.normal(size=(1, 1, 1, 4)).astype("f4") for _ in range(2))

    def function(rows: Any) -> Any:
        kernel, bias = tf.constant(depthwise), tf.constant(shift)
        x = tf.nn.depthwise_conv2d(rows, kernel, [1, 1, 1, 1], "SAME") * scale
        x += tf.nn.depthwise_conv2d(tf.tanh(rows), kernel, [1, 1, 1, 1], "SAME")
        x = tf.tanh(tf.nn.conv2d(x, filters, 1, "SAME") + bias)
        return x + tf.nn.conv2d(rows[..., :1], bias, 1, "SAME")

    check_equal(tf, function)


@pytest.mark.slow
def test_fused_batch_norm_of_a_saved_model(tf: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    numbers = [random.uniform(0.5, 2.0, 4).astype(np.float32) for _ in range(4)]

    class Fused(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weights = [tf.Variable(value) for value in numbers]
            self.filters = tf.Variable(random.normal(size=(3, 3, 4, 1)).astype(np.float32))

        @tf.function(input_signature=[tf.TensorSpec((None, *SHAPE), tf.float32)])
        def __call__(self, rows: Any) -> Any:
            x = tf.nn.depthwise_conv2d(rows, self.filters, [1, 1, 1, 1], "SAME")
            x = self.normalised(tf.nn.relu(self.normalised(x)))
            return tf.reduce_mean(x, (1, 2))

        def normalised(self, x: Any) -> Any:
            scale, offset, mean, variance = self.weights
            y, *_ = tf.compat.v1.nn.fused_batch_norm(
                x, scale, offset, mean, variance, epsilon=0.01, is_training=False
            )
            return y

    module = Fused()
    tf.saved_model.save(module, str(tmp_path), signatures=module.__call__)
    opened = select(tf, tmp_path, load_saved_model(tmp_path, FLOAT32, pytest.fail), FLOAT32)
    loaded = freeze(tf, opened, FLOAT32, pytest.fail)
    x = inputs(loaded)
    for want, got in zip(
        value_and_gradient(tf, module, x),
        value_and_gradient(tf, loaded.function, x),
        strict=True,
    ):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=2e-6 * np.abs(want).max())
    seen = Counter(op.type for op in traced(tf, loaded))
    assert not seen.keys() & {"FusedBatchNorm", "FusedBatchNormV3"}
    assert (seen["BiasAdd"], seen["Mul"], seen["AddV2"]) == (1, 1, 1)


def test_batch_norm_of_a_batch_is_left_alone(tf: Any) -> None:
    ones, zeros = tf.ones(4), tf.zeros(4)

    def function(rows: Any) -> Any:
        return tf.compat.v1.nn.fused_batch_norm(rows, ones, zeros, is_training=True)[0]

    check_equal(tf, function)


def test_float64_stays_float64(keras: Any, tf: Any) -> None:
    layers = [
        keras.layers.Conv2D(4, 3, padding="same", use_bias=False, dtype="float64"),
        normalisation(keras, dtype="float64"),
        keras.layers.DepthwiseConv2D(3, use_bias=False, dtype="float64"),
        normalisation(keras, dtype="float64"),
    ]
    function = stacked(keras, *layers, dtype="float64")
    check_equal(tf, function, SHAPE, "float64")
    x = np.random.default_rng(4).normal(size=(3, *SHAPE))
    want, got = (
        value_and_gradient(tf, f, x)[1]
        for f in (function, frozen_from(tf, function, SHAPE, "float64").function)
    )
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    "activation", ["silu", "gelu", "relu6", "hard_silu", "softplus", "selu", "softmax"]
)
def test_activations(keras: Any, tf: Any, activation: str) -> None:
    layer = keras.layers.Conv2D(6, 3, padding="same", activation=activation)
    check_equal(tf, stacked(keras, layer, keras.layers.GlobalAveragePooling2D()))


@pytest.mark.slow
def test_loops_and_conditions(keras: Any, tf: Any) -> None:
    inputs = keras.Input((6, 4))
    check_equal(tf, randomised(keras.Model(inputs, keras.layers.LSTM(3)(inputs))), (6, 4))
    check_equal(
        tf, lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.sin(x), lambda: tf.cos(x)), (6,)
    )


def test_functions_that_call_functions(tf: Any) -> None:
    inner = tf.function(lambda rows: tf.nn.relu(rows) * 2.0, autograph=False)
    check_equal(tf, lambda rows: inner(inner(rows)) + rows, (6,))
    assert not kinds(tf, lambda rows: inner(inner(rows))).keys() & {
        "PartitionedCall", "StatefulPartitionedCall",
    }  # fmt: skip


def test_too_many_weights_are_called_as_they_are(
    keras: Any, tf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen, "_MOST_BYTES", 5 * 4)
    weights = tf.Variable(tf.ones((3, 2)))
    loaded = loaded_from(lambda rows: rows @ weights, (3,))
    notes: list[str] = []
    assert freeze(tf, loaded, FLOAT32, notes.append) is loaded
    (note,) = notes
    assert "of weights are too much to inline" in note and "called as it is" in note
    with pytest.raises(ConfigError, match="--precision bfloat16 .* too much"):
        freeze(tf, loaded, BFLOAT16, pytest.fail)
    monkeypatch.setattr(frozen, "_MOST_BYTES", 6 * 4)
    assert freeze(tf, loaded, FLOAT32, pytest.fail) is not loaded


def test_the_weights_of_a_large_model_are_shared_by_all_functions(
    keras: Any, tf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def function() -> Function:
        layers = keras.layers
        same = layers.Conv2D(16, 3, padding="same", activation="relu")
        return stacked(keras, same, layers.Conv2D(12, 2), layers.Flatten(), layers.Dense(2))

    def held(loaded: Loaded) -> list[Any]:
        return [op for op in traced(tf, loaded, with_gradient=True) if op.type == "Const"]

    inlined = held(frozen_from(tf, function()))
    monkeypatch.setattr(frozen, "_MOST_CONSTANTS", 0)
    monkeypatch.setattr(frozen, "_LARGE_BYTES", 1000)
    check_equal(tf, function())
    loaded = frozen_from(tf, function())
    size = max(np.prod(op.outputs[0].shape.as_list() or [1]) for op in held(loaded))
    assert size <= 250 < max(np.prod(op.outputs[0].shape.as_list() or [1]) for op in inlined)
    backwards = Counter(op.type for op in traced(tf, loaded, with_gradient=True))
    # The convolution of the same size takes the forward kernel, the other one its own gradient.
    assert (backwards["Conv2D"], backwards["Conv2DBackpropInput"]) == (3, 1)


def dense(keras: Any, tail: str | None, activation: str = "tanh") -> Function:
    inputs = keras.Input((12,))
    x = keras.layers.Dense(16, activation=activation)(inputs)
    x = keras.layers.Activation(tail)(keras.layers.Dense(3)(x))
    return randomised(keras.Model(inputs, x))


def lowered(tf: Any, function: Function, *shape_and_dtype: Any) -> Loaded:
    return freeze(tf, loaded_from(function, *shape_and_dtype), BFLOAT16, pytest.fail)


def check_near(tf: Any, function: Function, loaded: Loaded) -> Array:
    x = inputs(loaded)
    value, gradient = value_and_gradient(tf, function, x)
    low_value, low_gradient = value_and_gradient(tf, loaded.function, x)
    assert low_value.dtype == low_gradient.dtype == value.dtype
    np.testing.assert_allclose(low_value, value, atol=0.02 * np.abs(value).max())
    assert np.corrcoef(gradient.ravel(), low_gradient.ravel())[0, 1] > 0.99
    return low_value


@pytest.mark.parametrize("activation", ["tanh", "relu", "silu", "gelu"])
@pytest.mark.parametrize("tail", [None, "sigmoid", "softmax"])
def test_bfloat16_is_near_float32(keras: Any, tf: Any, tail: str | None, activation: str) -> None:
    function = dense(keras, tail, activation)
    loaded = lowered(tf, function, (12,))
    scores = check_near(tf, function, loaded)
    if tail == "softmax":
        np.testing.assert_allclose(scores.sum(axis=1), 1.0, rtol=0, atol=1e-6)
    ops = traced(tf, loaded)
    assert {op.outputs[0].dtype for op in ops if op.type == "MatMul"} == {tf.bfloat16}
    tails = [op for op in ops if op.type in {"Softmax", "Sigmoid"} and op.name.startswith("tail")]
    assert [op.outputs[0].dtype for op in tails] == [tf.float32] * (tail is not None)


def test_bfloat16_keeps_the_gradient_of_a_softmax_that_is_sure(tf: Any) -> None:
    """Scores within 1e-4 of 1, which bfloat16 can't tell from 1."""
    weights = tf.Variable([[10.0, 0.0], [0.0, 10.0]])
    loaded = lowered(tf, lambda rows: tf.nn.softmax(rows @ weights), (2,))
    x = np.array([[1.0, 0.0]], np.float32)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator, unused-ignore]
    def gradient(rows: Any) -> Any:
        return tf.gradients(loaded.function(rows)[:, 0], rows)[0]

    p = 1.0 / (1.0 + np.exp(-10.0))
    want = 10.0 * p * (1.0 - p)
    np.testing.assert_allclose(gradient(tf.constant(x)).numpy(), [[want, -want]], rtol=0.01)


def test_bfloat16_of_convolutions(keras: Any, tf: Any) -> None:
    function = stacked(
        keras,
        keras.layers.Conv2D(6, 3, padding="same", use_bias=False),
        normalisation(keras),
        keras.layers.ReLU(),
        keras.layers.DepthwiseConv2D(3, use_bias=False),
        normalisation(keras),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    )
    check_near(tf, function, lowered(tf, function))


def test_bfloat16_leaves_a_float64_model_as_it_is(keras: Any, tf: Any) -> None:
    inputs_ = keras.Input((12,), dtype="float64")
    outputs = keras.layers.Dense(3, activation="softmax", dtype="float64")(inputs_)
    function = randomised(keras.Model(inputs_, outputs))
    loaded = lowered(tf, function, (12,), "float64")
    x = inputs(loaded)
    for want, got in zip(
        value_and_gradient(tf, function, x),
        value_and_gradient(tf, loaded.function, x),
        strict=True,
    ):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_bfloat16_of_mixed_precision(keras: Any, tf: Any, policy: str) -> None:
    features = keras.Input((12,))
    x = keras.layers.Dense(16, activation="tanh", dtype=policy)(features)
    x = keras.layers.Dense(3, dtype=policy)(x)
    x = keras.layers.Activation("softmax", dtype="float32")(x)
    function = randomised(keras.Model(features, x))
    scores = check_near(tf, function, lowered(tf, function, (12,)))
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, rtol=0, atol=1e-6)


def test_bfloat16_of_images_that_are_resized(keras: Any, tf: Any) -> None:
    function = stacked(
        keras,
        keras.layers.UpSampling2D(2, interpolation="bilinear"),
        keras.layers.Conv2D(3, 3),
        keras.layers.GlobalAveragePooling2D(),
    )
    check_near(tf, function, lowered(tf, function))
