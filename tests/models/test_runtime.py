"""Devices and precision, chosen on a TensorFlow that is made up."""

from types import SimpleNamespace
from typing import Any

import pytest

from igcli.common.errors import ConfigError
from igcli.models.runtime import choose_device, has_gpu, set_precision


class FakeTensorFlow:
    """Has so many GPUs, and remembers which were made visible."""

    def __init__(self, gpus: int, in_use: bool = False) -> None:
        self.gpus = [f"GPU {n}" for n in range(gpus)]
        self.visible: list[str] | None = None
        self.in_use = in_use
        self.tensor_float: bool | None = None
        self.config = SimpleNamespace(
            list_physical_devices=lambda kind: {"GPU": self.gpus}[kind],
            get_visible_devices=lambda kind: {"GPU": self.visible}[kind],
            set_visible_devices=self._show,
            experimental=SimpleNamespace(enable_tensor_float_32_execution=self._allow),
        )

    def _show(self, devices: list[str], kind: str) -> None:
        assert kind == "GPU"
        if self.in_use:
            raise RuntimeError("Visible devices cannot be modified after being initialized")
        self.visible = devices

    def _allow(self, allowed: bool) -> None:
        self.tensor_float = allowed


@pytest.mark.parametrize(
    ("gpus", "device", "want"),
    [
        (0, "auto", []),
        (0, "cpu", []),
        (2, "auto", ["GPU 0"]),
        (2, "cpu", []),
        (2, "gpu", ["GPU 0"]),
        (2, "gpu:0", ["GPU 0"]),
        (2, "gpu:1", ["GPU 1"]),
    ],
)
def test_one_device_is_visible(gpus: int, device: str, want: list[str]) -> None:
    tf = FakeTensorFlow(gpus)
    choose_device(tf, device)
    assert tf.visible == want
    assert has_gpu(tf) is bool(want)


@pytest.mark.parametrize(
    ("gpus", "device", "why"),
    [
        (0, "gpu", "sees no GPU"),
        (0, "gpu:1", "sees no GPU"),
        (2, "gpu:2", "sees 2 GPUs"),
    ],
)
def test_a_gpu_that_is_not_there(gpus: int, device: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"--device {device} .*{why}"):
        choose_device(FakeTensorFlow(gpus), device)


@pytest.mark.parametrize("device", ["auto", "cpu", "gpu"])
def test_a_choice_that_comes_too_late(device: str) -> None:
    with pytest.raises(ConfigError, match=f"--device {device} .*cannot be modified") as refused:
        choose_device(FakeTensorFlow(1, in_use=True), device)
    assert "start a new process" in str(refused.value)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_tensor_float_is_off_unless_asked_for(device: str, precision: str) -> None:
    tf: Any = FakeTensorFlow(1)
    choose_device(tf, device)
    set_precision(tf, precision)
    assert tf.tensor_float is False


def test_tensor_float_needs_a_gpu() -> None:
    tf = FakeTensorFlow(1)
    choose_device(tf, "gpu")
    set_precision(tf, "tf32")
    assert tf.tensor_float is True
    tf = FakeTensorFlow(1)
    choose_device(tf, "cpu")
    with pytest.raises(ConfigError, match="--precision tf32"):
        set_precision(tf, "tf32")
    assert tf.tensor_float is None
