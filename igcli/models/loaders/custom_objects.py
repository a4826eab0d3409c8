"""Custom objects: what the user's file defines for Keras; Keras 2's Lambda."""

import inspect
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from igcli.common.errors import ConfigError
from igcli.common.model_spec import ModelSettings
from igcli.models.loaders.network import last_line

_MODULE = "igcli_custom_objects"


def custom_objects(settings: ModelSettings) -> dict[str, Any]:
    """Run the user's file, and return what it defines by the names that a model may use.

    Raises
    ------
    ConfigError
        When the file fails, or defines nothing.
    """
    file = settings.custom_objects
    if file is None:
        return {}
    import keras

    before = dict(keras.saving.get_custom_objects())
    module = _run(file)
    registered = {
        name: thing
        for name, thing in keras.saving.get_custom_objects().items()
        if before.get(name) is not thing
    }
    own = {
        name: thing
        for name, thing in vars(module).items()
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing.__module__ == _MODULE
    }
    if not registered and not own:
        raise ConfigError(
            f"--custom-objects {file} defines no class and no function",
            fix="name the file that defines the model's layers",
        )
    return {**own, **registered}


def _run(file: Path) -> ModuleType:
    spec = spec_from_file_location(_MODULE, file)
    if spec is None or spec.loader is None:
        raise ConfigError(f"--custom-objects {file} is not a Python file", fix="name a .py file")
    module = module_from_spec(spec)
    # Classes look their module up by name.
    sys.modules[_MODULE] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        cause = f"{type(error).__name__}: {last_line(error)}{_place(error, file)}"
        raise ConfigError(f"--custom-objects {file} failed", cause, "mend that file") from error
    return module


def _place(error: BaseException, file: Path) -> str:
    """Say where in the file it failed."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f" (line {lines[-1]})" if lines else ""


def with_keras2_lambda(objects: dict[str, Any]) -> dict[str, Any]:
    """Add a Lambda that also reads what Keras 2 wrote; it runs the code that is in the file."""
    import keras
    from keras.src.utils.python_utils import func_load

    class Lambda(keras.layers.Lambda):  # type: ignore[misc]
        @classmethod
        def from_config(cls, config: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            config = dict(config)
            for key in ("function", "output_shape", "mask"):
                kind = config.pop(f"{key}_type", None)
                config.pop(f"{key}_module" if key != "function" else "module", None)
                if kind == "lambda":
                    config[key] = func_load(config[key], globs=_usual_names())
            if inspect.isfunction(config.get("function")):
                return cls(**{k: v for k, v in config.items() if v is not None})
            return super().from_config(config, *args, **kwargs)

    return {"Lambda": Lambda, **objects}


def _usual_names() -> dict[str, Any]:
    """Return what a lambda of Keras 2 usually finds in the module that it was written in."""
    import keras
    import numpy as np

    from igcli.models.runtime import import_tensorflow

    tf = import_tensorflow()
    return {"tf": tf, "tensorflow": tf, "np": np, "keras": keras, "K": keras.backend}
