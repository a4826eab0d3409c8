"""Where a layer's cells lie, against the centres of what they see: convolutions of ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from igcli.common.register import Register
from igcli.models.graph.strides import register_of

SHAPE = (48, 64, 2)
Build = Callable[[Any, Any], Any]


def deep(layers: Any, x: Any) -> Any:
    for _ in range(3):
        x = layers.Conv2D(3, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    return x


def placed(build: Build, keras: Any, shape: tuple[int, ...] = SHAPE) -> tuple[Register | None, Any]:
    import tensorflow as tf

    image = keras.Input(shape)
    model = keras.Model(image, build(keras.layers, image))
    function = tf.function(lambda x: model(x, training=False), autograph=False)
    traced = function.get_concrete_function(tf.TensorSpec((None, *shape)))
    return register_of(traced.outputs[0], traced.inputs[0]), model


def seen_by(model: Any, cell: tuple[int, int]) -> tuple[float, float]:
    """Return the centre of the pixels that a cell sees, all weights one."""
    import tensorflow as tf

    for variable in model.trainable_variables:
        variable.assign(tf.ones_like(variable))
    x = tf.ones((1, *SHAPE))
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(model(x, training=False)[0, cell[0], cell[1]])
    sizes = np.abs(tape.gradient(value, x).numpy()[0]).sum(axis=2)
    down, right = (
        (np.arange(n) + 0.5) @ sizes.sum(axis=1 - axis) / sizes.sum()
        for axis, n in enumerate(sizes.shape)
    )
    return float(down), float(right)


@pytest.mark.parametrize(
    "build",
    [
        lambda k, x: k.Conv2D(3, 3, strides=2, padding="same")(x),
        lambda k, x: k.Conv2D(3, 4, strides=2, padding="valid")(x),
        lambda k, x: k.Conv2D(3, 3, dilation_rate=2, padding="same")(x),
        lambda k, x: k.DepthwiseConv2D(4, dilation_rate=3, padding="same")(x),
        lambda k, x: k.AveragePooling2D(3, 2, padding="same")(x),
        lambda k, x: k.SeparableConv2D(4, 3, strides=2, padding="valid")(x),
        lambda k, x: k.Conv2DTranspose(3, 3, strides=2, padding="same")(x),
        lambda k, x: k.UpSampling2D(2, interpolation="bilinear")(x),
        lambda k, x: k.Cropping2D(((1, 2), (3, 4)))(k.ZeroPadding2D(((0, 1), (2, 3)))(x)),
        deep,
    ],
)
def test_cells_lie_at_the_centre_of_what_they_see(build: Build, keras: Any) -> None:
    found, model = placed(build, keras)
    assert found is not None and found.followed
    cell = (3, 4) if build is deep else (11, 15)
    down, right = (s + i * d for s, i, d in zip(found.starts, cell, found.steps, strict=True))
    assert (down, right) == pytest.approx(seen_by(model, cell), abs=1e-4)


def test_three_strides_move_cells_by_half_a_cell(keras: Any) -> None:
    """Padding comes after, where the sides are even: spread evenly they would be at 4."""
    found, _ = placed(deep, keras)
    assert found == Register((7.5, 7.5), (8.0, 8.0))


def test_rows_that_are_repeated_lie_side_by_side(keras: Any) -> None:
    found, _ = placed(lambda k, x: k.UpSampling2D(2)(x), keras)
    assert found == Register((0.25, 0.25), (0.5, 0.5))


def test_what_is_not_followed_is_spread_evenly_or_nowhere(keras: Any) -> None:
    def tiles(layers: Any, x: Any) -> Any:
        x = layers.Reshape((12, 4, 16, 4, 2))(x)
        return layers.Reshape((12, 16, 32))(layers.Permute((1, 3, 2, 4, 5))(x))

    found, _ = placed(tiles, keras)
    assert found == Register((2.0, 2.0), (4.0, 4.0), followed=False)
    assert placed(lambda k, x: k.Permute((3, 1, 2))(x), keras)[0] is None
    assert placed(lambda k, x: k.Dense(4)(k.GlobalAveragePooling2D()(x)), keras)[0] is None
