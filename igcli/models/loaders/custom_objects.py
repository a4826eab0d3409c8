"""Custom objects: what Keras is to know beside its own layers, from the user's code; a Lambda."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from igcli.common.errors import ConfigError, IgcliError
from igcli.common.model_settings import ModelSettings
from igcli.models.loaders.custom_modules import is_own, run_modules
from igcli.models.loaders.network import said_in
from igcli.models.scan.allowed_names import CALLABLE_SLOT
from igcli.models.scan.config import bare

_NAMED_BY = frozenset({"class_name", "registered_name", "config"})


def custom_objects(settings: ModelSettings) -> dict[str, Any]:
    """Run the user's file or package, and return what it defines by the names it has there.

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
    modules = _run(file)
    registered = {
        name: thing
        for name, thing in keras.saving.get_custom_objects().items()
        if before.get(name) is not thing
    }
    own = {
        name: thing
        for module in modules
        for name, thing in vars(module).items()
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and is_own(thing.__module__, file)
    }
    if not registered and not own:
        raise ConfigError(
            f"--custom-objects {file} defines no class and no function",
            fix="name the file that defines the model's layers",
        )
    return {**own, **registered}


def as_named_in(config: Any, objects: dict[str, Any]) -> dict[str, Any]:
    """Add the names that a model's config has for the same objects.

    A class that was registered under a package is ``package>Name`` there and may be plain ``Name``
    in the user's code, or the other way round.
    """
    by_name: dict[str, list[Any]] = {}
    for name, thing in objects.items():
        known = by_name.setdefault(bare(name), [])
        if not any(thing is other for other in known):
            known.append(thing)
    added = {
        name: by_name[bare(name)][0]
        for name in _names_in(config)
        # Where two classes go by one name, only their full names tell them apart.
        if name not in objects and len(by_name.get(bare(name), ())) == 1
    }
    return {**added, **objects}


def _names_in(value: Any, slot: str = "") -> Iterator[str]:
    """Yield what a config names in the places where it names classes and functions."""
    if isinstance(value, str):
        if slot in _NAMED_BY or CALLABLE_SLOT.fullmatch(slot):
            yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _names_in(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _names_in(part, slot)


def _run(file: Path) -> list[ModuleType]:
    try:
        return run_modules(file)
    except IgcliError:
        raise
    except (Exception, SystemExit) as error:
        cause = f"{type(error).__name__}: {said_in(error)}{_place(error, file)}"
        raise ConfigError(f"--custom-objects {file} failed", cause, "mend that file") from error


def _place(error: BaseException, file: Path) -> str:
    """Say where in the user's code it failed."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        failed = Path(trace.tb_frame.f_code.co_filename)
        if failed.is_relative_to(file.resolve() if file.is_dir() else file.resolve().parent):
            name = "" if failed == file.resolve() else f"{failed.name}, "
            places.append(f" ({name}line {trace.tb_lineno})")
        trace = trace.tb_next
    return places[-1] if places else ""


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
