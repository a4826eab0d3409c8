"""Node gradients on the device give what they give in numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.adaptive import Adaptive
from igcli.attribution.batches import Batches, Batching
from igcli.attribution.fixed import FixedRule
from igcli.attribution.integral import Job
from igcli.attribution.methods import Method
from igcli.attribution.node_gradients import HostGradients
from igcli.attribution.path import StraightLine
from igcli.attribution.quadrature import RULES
from igcli.common.model_settings import ModelSettings
from igcli.models.device_gradients import DeviceGradients
from igcli.models.loaders.keras_file import load_keras
from igcli.models.runtime import import_tensorflow
from igcli.models.selection.select import select
from igcli.models.tensorflow_model import TensorFlowModel
from tests.problems import Quickening

GRADIENTS = np.random.default_rng(0).normal(size=(6, 50)).astype(np.float32)


def test_device_and_host_measure_alike(keras: Any) -> None:
    device, host = DeviceGradients(50), HostGradients(50)
    for row in GRADIENTS:
        for store in (device, host):
            norm, total = store.append(row.reshape(5, 10))
            assert norm == pytest.approx(np.abs(row).sum(), rel=1e-5)
            assert total == pytest.approx(row.sum(), abs=1e-4)
    combined = 0.5 * GRADIENTS[1] - GRADIENTS[4]
    for store in (device, host):
        norms = store.l1_norms([[1, 4], [2, 3]], [0.5, -1.0])
        assert norms[0] == pytest.approx(np.abs(combined).sum(), rel=1e-5)
        other = 0.5 * GRADIENTS[2] - GRADIENTS[3]
        assert norms[1] == pytest.approx(np.abs(other).sum(), rel=1e-5)
        for weights in (np.arange(6.0), np.array([0.0, 1.0, 7.0, 3.0, 4.0, -5.0])):
            want = np.abs(weights @ GRADIENTS).sum()
            assert store.l1_norm_of_sum("a", weights) == pytest.approx(want, rel=1e-5)
        np.testing.assert_allclose(store.combine(np.arange(6.0)), np.arange(6.0) @ GRADIENTS)
        assert store.nbytes >= 6 * 50 * 4
    nodes, scale = [0, 2, 5, 1, 3], np.array([1.0, 2, 0.5, 3])
    for at_least in (0.0, np.inf):
        want = host.jump_error(nodes, scale, 500.0, at_least)
        assert device.jump_error(nodes, scale, 500.0, at_least) == pytest.approx(want, rel=1e-5)


@pytest.mark.slow
def test_a_path_refined_on_the_device_equals_one_refined_in_numpy(small_model: Path) -> None:
    tf = import_tensorflow()
    loaded = select(
        tf, small_model, load_keras(small_model, ModelSettings(), print), ModelSettings()
    )
    x = np.random.default_rng(2).uniform(size=(3, 8, 8, 3)).astype(np.float32)
    jobs = [Job(i, StraightLine(image, np.zeros_like(image)), 1) for i, image in enumerate(x)]
    results = []
    for on_device in (True, False):
        model = TensorFlowModel(small_model, loaded, ModelSettings(), on_device=on_device)
        method = Adaptive("adaptive", Accuracy(0.002, 5, 256), memory=2**20)
        done = method.integrate(Batches(model, Batching(4, 2)), jobs)
        results.append(sorted(done, key=lambda integral: integral.key))
    for device, host in zip(*results, strict=True):
        assert device.steps == host.steps
        assert device.error_estimate == pytest.approx(host.error_estimate, rel=1e-3)
        np.testing.assert_allclose(device.attribution, host.attribution, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("on_device", [False, True])
@pytest.mark.parametrize(
    "method",
    [
        FixedRule("gausslegendre", RULES["gausslegendre"](20), memory=0),
        Adaptive("adaptive", Accuracy(0.002, 5, 256), memory=2**20),
    ],
    ids=lambda method: method.name,
)
def test_a_path_gone_at_another_pace_has_the_same_integral(
    small_model: Path, method: Method, on_device: bool
) -> None:
    loaded = select(
        import_tensorflow(),
        small_model,
        load_keras(small_model, ModelSettings(), print),
        ModelSettings(),
    )
    model = TensorFlowModel(small_model, loaded, ModelSettings(), on_device=on_device)
    x = np.random.default_rng(2).uniform(size=(8, 8, 3)).astype(np.float32)
    line = StraightLine(x, np.zeros_like(x))
    jobs = [Job(0, line, 1), Job(1, Quickening(line), 1)]
    done = method.integrate(Batches(model, Batching(16, 2)), jobs)
    straight, other = (i.attribution for i in sorted(done, key=lambda integral: integral.key))
    assert straight is not None and other is not None
    off = np.abs(straight - other).sum() / np.abs(straight).sum()
    assert off < (1e-4 if method.tolerance is None else 0.002)
