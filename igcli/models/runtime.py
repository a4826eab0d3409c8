"""Import TensorFlow once, quietly, with the settings that igcli needs."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from igcli.errors import IgcliError, ModelError

_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "GRPC_VERBOSITY": "ERROR",
}


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
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@cache
def import_tensorflow() -> Any:
    """Return the tensorflow module; raise ModelError where it can't be imported."""
    # Keras reads KERAS_BACKEND when it is first imported; a user's keras.json may name another.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    for key, value in _ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    try:
        with quiet_stderr():
            import tensorflow as tf
    except ImportError as error:
        raise ModelError(
            "TensorFlow can't be imported", str(error), "reinstall it: pip install tensorflow"
        ) from error
    return tf


def has_gpu(tf: Any) -> bool:
    """Tell whether TensorFlow runs on a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def device_name(tf: Any) -> str:
    """Name what the gradients run on: the first GPU, else the CPU."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    details = tf.config.experimental.get_device_details(gpus[0])
    return f"GPU: {details.get('device_name', gpus[0].name)}"
