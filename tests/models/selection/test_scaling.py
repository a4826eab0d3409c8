"""What a model does to pixels itself: by layers at any depth, by operations, in a SavedModel."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.model_settings import ModelSettings
from igcli.common.own_scaling import OwnScaling
from igcli.models.open import describe_model
from igcli.models.selection.layers import layer_infos


def built(keras: Any, first: Callable[[Any], Any]) -> Any:
    x = keras.Input((8, 8, 3))
    out = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(first(x)))
    return keras.Model(x, keras.layers.Dense(2)(out))


def nested(keras: Any, layer: Any) -> Any:
    x = keras.Input((8, 8, 3))
    inner = keras.Model(x, layer(x), name="inner")
    y = keras.Input((8, 8, 3))
    return keras.Model(y, keras.layers.Conv2D(3, 1)(inner(y)), name="outer")


def normalization(keras: Any, mean: float, deviation: float) -> Any:
    many = [deviation**2] * 3
    return keras.layers.Normalization(mean=[mean] * 3, variance=many, name="norm")


def batch_norm(keras: Any, mean: float, variance: float) -> Any:
    model = built(keras, keras.layers.BatchNormalization(name="bn", epsilon=0.0))
    numbers = np.ones(3), np.zeros(3), np.full(3, mean), np.full(3, variance)
    model.get_layer("bn").set_weights(numbers)
    return model


def bgr(keras: Any, x: Any) -> Any:
    return x[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)


def one_blur_for_all(keras: Any, x: Any) -> Any:
    """Blur by a depthwise layer whose numbers were put there."""
    shares = np.outer([1, 2, 1], [1, 2, 1])[..., None, None] / 16.0
    layer = keras.layers.DepthwiseConv2D(3, use_bias=False, trainable=False)
    blurred = layer(x)
    layer.set_weights([np.tile(shares, (1, 1, 3, 1))])
    return blurred


CASES: dict[str, tuple[Callable[[Any], Any], str, float, float]] = {
    "layer": (lambda k: built(k, k.layers.Rescaling(1 / 255, name="s")), "s", 0.0, 1.0),
    "after augmentation": (
        lambda k: built(k, lambda x: k.layers.Rescaling(1 / 255, name="s")(
            k.layers.Resizing(6, 6)(k.layers.RandomFlip()(x)))), "s", 0.0, 1.0,
    ),
    "two deep": (
        lambda k: built(k, nested(k, k.layers.Rescaling(1 / 127.5, -1, name="deep"))),
        "deep", -1.0, 1.0,
    ),
    "normalization two deep": (
        lambda k: built(k, nested(k, normalization(k, 127.5, 51.0))), "norm", -2.5, 2.5,
    ),
    "means alone": (lambda k: built(k, normalization(k, 120.0, 1.0)), "norm", -120.0, 135.0),
    "batch norm of pixels": (lambda k: batch_norm(k, 110.0, 2500.0), "bn", -2.2, 2.9),
    "operations": (lambda k: built(k, lambda x: x / 127.5 - 1), "truediv", -1.0, 1.0),
    "bgr and means": (lambda k: built(k, lambda x: bgr(k, x)), "", -116.779, 138.221),
    "for 0 to 1": (lambda k: built(k, k.layers.Rescaling(2.0, offset=-1)), "none", -1.0, 509.0),
    "norm of 0 to 1": (lambda k: built(k, normalization(k, 0.5, 0.25)), "none", -2.0, 1018.0),
    "batch norm of 0 to 1": (lambda k: batch_norm(k, 0.5, 0.0625), "none", -2.0, 1018.0),
    "untrained batch norm": (lambda k: batch_norm(k, 0.0, 1.0), "none", 0.0, 255.0),
    "behind weights": (
        lambda k: built(k, lambda x: k.layers.Rescaling(1 / 255)(k.layers.Conv2D(3, 1)(x))),
        "none", 0.0, 255.0,
    ),
    "behind trained filters": (
        lambda k: built(k, lambda x: k.layers.Rescaling(1 / 255)(k.layers.DepthwiseConv2D(3)(x))),
        "none", 0.0, 255.0,
    ),
    "after means of pixels": (
        lambda k: built(k, lambda x: k.layers.Rescaling(1 / 255, name="s")(
            k.layers.AveragePooling2D(2)(x))), "s", 0.0, 1.0,
    ),
    "after largest pixels": (
        lambda k: built(k, lambda x: k.layers.Rescaling(1 / 127.5, -1, name="s")(
            k.layers.MaxPooling2D(2)(x))), "s", -1.0, 1.0,
    ),
    "after a blur": (
        lambda k: built(k, lambda x: k.layers.Rescaling(1 / 255, name="s")(
            one_blur_for_all(k, x))), "s", 0.0, 1.0,
    ),
    "norm of dark pixels": (lambda k: built(k, normalization(k, 12.0, 12.0)), "norm", -1.0, 20.25),
    "norm of very dark pixels": (
        lambda k: built(k, normalization(k, 12.0, 4.0)), "norm", -3.0, 60.75,
    ),
    "root": (lambda k: built(k, lambda x: k.ops.sqrt(x + 0.375) / 16), "dd", 0.0383, 0.9988),
    "logarithm": (lambda k: built(k, lambda x: k.ops.log1p(x) / 5.545), "1p", 0.0, 1.0),
    "negative of pixels": (lambda k: built(k, lambda x: 255.0 - x), "ub", 255.0, 0.0),
    "for -1 to 1": (lambda k: built(k, k.layers.Rescaling(0.5, offset=0.5)), "none", 0.5, 128.0),
    "gamma of 0 to 1": (lambda k: built(k, lambda x: x**2), "none", 0.0, 65025.0),
    "cut off at 1": (lambda k: built(k, lambda x: k.ops.clip(x, 0, 1) * 2), "none", 0.0, 2.0),
    "plain": (lambda k: built(k, lambda x: x), "none", 0.0, 255.0),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_models_own_scaling_of_pixels(keras: Any, tmp_path: Path, case: str) -> None:
    make, name, low, high = CASES[case]
    make(keras).save(tmp_path / "m.keras")
    found = describe_model(tmp_path / "m.keras", ModelSettings(), pytest.fail).own
    assert found.name == "" if name == "none" else found.name.endswith(name) and found.name
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-3)
    assert found.family == "" and not found.unclear


@pytest.mark.parametrize("curve", ["log1p", "sqrt"])
def test_a_curve_that_is_right_for_both_ranges_is_unclear(
    keras: Any, tmp_path: Path, curve: str
) -> None:
    built(keras, getattr(keras.ops, curve)).save(tmp_path / "m.keras")
    found = describe_model(tmp_path / "m.keras", ModelSettings(), pytest.fail).own
    assert not found.name and "may both be what it is for" in found.unclear


def of_module(folder: Path, scaled: Callable[[Any], Any]) -> OwnScaling:
    """Return what is found of a SavedModel: a convolution behind some operations."""
    import tensorflow as tf

    class Module(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            self.weights = tf.Variable(np.ones((3, 3, 3, 2), np.float32))

        @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 3), tf.float32)])
        def __call__(self, x: Any) -> Any:
            return tf.reduce_mean(tf.nn.conv2d(scaled(x), self.weights, 1, "SAME"), (1, 2))

    tf.saved_model.save(Module(), str(folder))
    return describe_model(folder, ModelSettings(), pytest.fail).own


def test_operations_in_a_saved_model(keras: Any, tmp_path: Path) -> None:
    found = of_module(tmp_path / "m", lambda x: (x - 127.5) * (1.0 / 127.5))
    assert found.name in {"sub", "mul"}
    assert (found.low, found.high) == pytest.approx((-1.0, 1.0), abs=1e-3)


def blur_and_divide(x: Any) -> Any:
    import tensorflow as tf

    filters = np.full((3, 3, 3, 1), 1 / 9, np.float32)
    return tf.nn.depthwise_conv2d(x, filters, [1, 1, 1, 1], "SAME") / 255.0


def row_by_row(x: Any) -> Any:
    import tensorflow as tf

    return tf.map_fn(lambda row: row / 255.0, x)


def on_condition(x: Any) -> Any:
    import tensorflow as tf

    return tf.cond(tf.reduce_max(x) > 0, lambda: x / 255.0, lambda: x / 255.0)


def where_larger_than_1(x: Any) -> Any:
    import tensorflow as tf

    return tf.cond(tf.reduce_max(x) > 1, lambda: x / 255.0, lambda: x)


@pytest.mark.parametrize(
    ("scaled", "is_scaling"),
    [
        (blur_and_divide, True),
        (row_by_row, True),
        (on_condition, True),
        (where_larger_than_1, False),
    ],
)
def test_filters_loops_and_conditions(
    keras: Any, tmp_path: Path, scaled: Callable[[Any], Any], is_scaling: bool
) -> None:
    found = of_module(tmp_path / "m", scaled)
    assert (bool(found.name), found.unclear) == (is_scaling, "")
    assert (found.low, found.high) == pytest.approx((0.0, 1.0), abs=1e-3)


def test_what_can_not_be_looked_into_is_unclear(keras: Any, tmp_path: Path) -> None:
    import tensorflow as tf

    found = of_module(tmp_path / "m", lambda x: tf.cumsum(x, axis=1) / 255.0)
    assert not found.name and "can't be looked into" in found.unclear


def test_each_picture_has_its_own(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    photo, depth = keras.Input((8, 8, 3), name="photo"), keras.Input((8, 8, 1), name="depth")
    table = keras.Input((4,), name="table")
    scaled = layers.Rescaling(1 / 255, name="s")(photo)
    seen = [layers.Flatten()(layers.Conv2D(2, 3)(x)) for x in (scaled, depth)]
    out = layers.Dense(2)(layers.Concatenate()([*seen, table]))
    keras.Model([photo, depth, table], out).save(tmp_path / "m.keras")
    found = describe_model(tmp_path / "m.keras", ModelSettings(), pytest.fail).own
    assert not found.name
    assert [(name, of.name) for name, of in found.inputs] == [("photo", "s"), ("depth", "")]


def test_an_exported_keras_model(keras: Any, tmp_path: Path) -> None:
    model = built(keras, nested(keras, normalization(keras, 127.5, 51.0)))
    model.export(str(tmp_path / "m"), verbose=False)
    found = describe_model(tmp_path / "m", ModelSettings(), pytest.fail).own
    assert "norm" in found.name and "Call" not in found.name
    assert (found.low, found.high) == pytest.approx((-2.5, 2.5), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("is_exported", [False, True])
def test_a_family_inside_a_transfer_learning_model(
    keras: Any, tmp_path: Path, is_exported: bool
) -> None:
    body = keras.applications.MobileNetV2(
        weights=None, input_shape=(32, 32, 3), alpha=0.35, include_top=False, pooling="avg"
    )
    model = keras.Sequential([keras.Input((32, 32, 3)), body, keras.layers.Dense(2)])
    if is_exported:
        model.export(str(tmp_path / "m"), verbose=False)
    else:
        model.save(tmp_path / "m.keras")
    path = tmp_path / ("m" if is_exported else "m.keras")
    assert describe_model(path, ModelSettings(), pytest.fail).own == OwnScaling(
        family="MobileNetV2"
    )


def test_what_takes_integers_scales_no_pixels(keras: Any, tmp_path: Path) -> None:
    tokens = keras.Input((5,), dtype="int32")
    embedded = keras.layers.Embedding(7, 2)(tokens)
    keras.Model(tokens, keras.layers.Flatten()(embedded)).save(tmp_path / "m.keras")
    found = describe_model(tmp_path / "m.keras", ModelSettings(), pytest.fail).own
    assert found == OwnScaling()
    assert layer_infos(None) == ()


@pytest.mark.parametrize(
    ("name", "family"), [("vi_t_backbone", "keras-hub"), ("my_backbone", ""), ("backbone", "")]
)
def test_a_backbone_of_keras_hub_in_an_export(
    keras: Any, tmp_path: Path, name: str, family: str
) -> None:
    x = keras.Input((8, 8, 3))
    body = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten()], name=name)
    model = keras.Model(x, keras.layers.Dense(2)(body(x)))
    model.export(str(tmp_path / "m"), verbose=False)
    assert describe_model(tmp_path / "m", ModelSettings(), pytest.fail).own.family == family
