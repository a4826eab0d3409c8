"""The runtime: TensorFlow imported once, quietly, with the settings that igcli needs."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from igcli.common.errors import ConfigError, IgcliError, ModelError
from igcli.common.machine import cpus

_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "GRPC_VERBOSITY": "ERROR",
    # On by itself where a CPU has AVX-512 VNNI; without it TensorFlow has no gradient of a grouped
    # or a dilated convolution on a CPU.
    "TF_ENABLE_ONEDNN_OPTS": "1",
}
_MOST_STREAMS = 32
_GPU_STREAMS = 2


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what C++ code prints to file descriptor 2; show it if the block fails.

    TensorFlow prints before any of its log levels take effect, so only the descriptor helps.
    """
    if sys.stderr is None:
        # Closed by whoever started the process: there is nothing to keep quiet.
        yield
        return
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except IgcliError:
            raise
        except Exception:
            held.seek(0)
            with suppress(OSError):
                os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@contextmanager
def no_collections() -> Iterator[None]:
    """Collect no garbage in between: what is made is kept, and each collection walks all of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def import_tensorflow() -> Any:
    """Return the tensorflow module; raise ModelError where it can't be imported.

    On a CPU each operation gets one thread (`streams` batches run beside each other instead):
    1.3 to 1.5 times faster than one batch at a time with all threads.
    """
    # Keras reads KERAS_BACKEND when it is first imported; a user's keras.json may name another.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    for key, value in _ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    try:
        with quiet_stderr(), no_collections():
            import tensorflow as tf
    except ImportError as error:
        raise ModelError(
            "TensorFlow can't be imported", str(error), "reinstall it: pip install tensorflow"
        ) from error
    # The half million objects of its modules live as long as the process: every later collection
    # would walk them all.
    gc.freeze()
    # A host program that has used TensorFlow already keeps its own settings.
    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(-(-cpus() // _MOST_STREAMS))
        tf.config.threading.set_inter_op_parallelism_threads(min(cpus(), _MOST_STREAMS))
    return tf


def choose_device(tf: Any, device: str) -> None:
    """Let TensorFlow see only the device asked for: `auto`, `cpu`, `gpu` or `gpu:N`.

    Raises
    ------
    ConfigError
        When there is no such GPU, or TensorFlow is in use already with another choice.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if device == "auto":
        wanted = gpus[:1]
    elif device == "cpu":
        wanted = []
    else:
        number = int(device.partition(":")[2] or 0)
        wanted = gpus[number : number + 1]
        if not wanted:
            raise ConfigError(
                f"--device {device} can't be used",
                f"TensorFlow sees {len(gpus)} GPUs" if gpus else "TensorFlow sees no GPU",
                "use --device cpu, or install the CUDA libraries: pip install 'igcli[gpu]'",
            )
    try:
        tf.config.set_visible_devices(wanted, "GPU")
    except RuntimeError as error:
        raise ConfigError(
            f"--device {device} can't be used", str(error), "start a new process"
        ) from error


def set_precision(tf: Any, precision: str) -> None:
    """Allow TensorFloat-32 only where it was asked for; TensorFlow's own default is to use it.

    Raises
    ------
    ConfigError
        When `tf32` is asked for and there is no GPU.
    """
    if precision == "tf32" and not has_gpu(tf):
        raise ConfigError(
            "--precision tf32 can't be used on a CPU",
            "TensorFloat-32 is an arithmetic of GPUs",
            "leave it out: float32 is the default",
        )
    tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")


def has_gpu(tf: Any) -> bool:
    """Tell whether TensorFlow runs on a GPU."""
    return bool(tf.config.get_visible_devices("GPU"))


def stream_count(tf: Any) -> int:
    """Return how many batches should be under way at once."""
    return _GPU_STREAMS if has_gpu(tf) else min(cpus(), _MOST_STREAMS)


def device_name(tf: Any) -> str:
    """Name what the gradients run on: the GPU that is visible, else the CPU."""
    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        return "CPU"
    details = tf.config.experimental.get_device_details(gpus[0])
    return f"GPU: {details.get('device_name', gpus[0].name)}"
