"""Models of TensorFlow 1: conditions on is_training, variables that are no resources."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.system.tape_maps import SIZE, Igcli, arrays, assert_map, pixels

X = pixels() / np.float32(255)
RANDOM = np.random.default_rng(3)
KERNEL = RANDOM.normal(0, 0.3, (3, 3, 3, 5)).astype(np.float32)
WEIGHT = RANDOM.normal(0, 0.2, (180, 3)).astype(np.float32)


def plain(x: Any) -> Any:
    """The model at inference, of operations alone."""
    import tensorflow as tf

    features = tf.nn.softplus(tf.nn.conv2d(x, KERNEL, 1, "VALID"))
    return tf.nn.softmax(tf.reshape(features, (-1, 180)) @ WEIGHT)


def save(path: Path, resources: bool) -> Path:
    import tensorflow as tf

    old = tf.compat.v1
    with tf.Graph().as_default(), old.Session() as session:
        x = old.placeholder(tf.float32, (None, SIZE, SIZE, 3), "images")
        training = old.placeholder_with_default(False, (), "is_training")
        kernel = old.get_variable("kernel", initializer=KERNEL, use_resource=resources)
        weight = old.get_variable("weight", initializer=WEIGHT, use_resource=resources)
        features = tf.nn.softplus(tf.nn.conv2d(x, kernel, 1, "VALID"))
        features = tf.cond(
            training, lambda: tf.nn.dropout(features, 0.5), lambda: tf.identity(features)
        )
        scores = tf.nn.softmax(tf.matmul(tf.reshape(features, (-1, 180)), weight))
        session.run(old.global_variables_initializer())
        signature = old.saved_model.predict_signature_def({"images": x}, {"scores": scores})
        builder = old.saved_model.Builder(str(path))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return path


@pytest.mark.slow
@pytest.mark.parametrize("resources", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_condition_on_is_training(
    keras: Any, igcli: Igcli, tmp_path: Path, resources: bool
) -> None:
    model = save(tmp_path / "m", resources)
    said = assert_map(igcli, model, arrays(tmp_path), function=plain, x=X)
    assert "inlined" not in said


@pytest.mark.slow
@pytest.mark.parametrize("resources", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_condition_of_switch_and_merge(
    keras: Any, igcli: Igcli, tmp_path: Path, resources: bool
) -> None:
    import tensorflow as tf

    tf.compat.v1.disable_control_flow_v2()
    try:
        model = save(tmp_path / "m", resources)
    finally:
        tf.compat.v1.enable_control_flow_v2()
    assert_map(igcli, model, arrays(tmp_path), function=plain, x=X)
