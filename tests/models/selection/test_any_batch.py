"""Any batch: models whose file names a batch size, and whether their rows are independent."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import InputSpec
from igcli.models.loaders.network import Network
from igcli.models.loaders.saved_model import load_saved_model
from igcli.models.selection.any_batch import opened
from tests.system.tape_maps import module

SHAPE = (9, 9, 3)


@pytest.fixture
def tf(keras: Any) -> Any:
    return pytest.importorskip("tensorflow")


def scores(tf: Any, image: Any, size: float, template: bool, masked: bool) -> Any:
    """Pixels of 0 to `size`, filtered by a place of the batch's first picture, or by a constant."""
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 2)).astype(np.float32)
    features = tf.nn.relu(tf.nn.conv2d(image / size, kernel, 1, "SAME") + 0.5)
    found = features[0, 2:7, 2:7, :, None] if template else tf.ones((5, 5, 2, 1))
    logits = tf.reshape(tf.nn.conv2d(features, found, 2, "VALID"), (-1, 9))
    return tf.concat([logits, 0.0 * logits[:, :1] - 1e9], 1) if masked else logits


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("size", [1.0, 255.0])
@pytest.mark.parametrize("template", [True, False])
def test_a_batch_of_one(tf: Any, size: float, template: bool, masked: bool) -> None:
    network = Network(
        lambda tensors: [scores(tf, tensors[0], size, template, masked)],
        (InputSpec("x", SHAPE, np.dtype("float32")),),
        ("y",),
        "test",
        batch=1,
    )
    assert opened(tf, network).batch == (1 if template else None)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("size", [1.0, 255.0])
@pytest.mark.parametrize("template", [True, False])
def test_a_batch_of_one_in_a_saved_model(
    tf: Any, tmp_path: Path, size: float, template: bool, masked: bool
) -> None:
    spec = tf.TensorSpec((1, *SHAPE), name="image")
    signature = tf.function(
        lambda image: scores(tf, image, size, template, masked), input_signature=[spec]
    )
    tf.saved_model.save(module([], f=signature), str(tmp_path / "m"), signatures=signature)
    network = load_saved_model(tmp_path / "m", ModelSettings(), pytest.fail)
    assert network.batch == (1 if template else None)
