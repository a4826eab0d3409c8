"""The presets of configs/: as files, as the config of a run, and in the command of a run."""

import shlex
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError

_FOLDER = Path(__file__).resolve().parent.parent / "configs"


def preset_path(name: str) -> Path:
    """Return the path of a preset, ``mnist`` for mnist.toml, in a checkout and installed alike.

    Raises
    ------
    ConfigError
        When igcli was installed without it.
    """
    path = _FOLDER / f"{name}.toml"
    if not path.is_file():
        raise ConfigError(f"igcli has no preset {path}", fix="install igcli again")
    return path


def preset_config(name: str, model: Path, inputs: Path, out: Path) -> RunConfig:
    """Return the config of a run with a preset's settings.

    Raises
    ------
    ConfigError
        When igcli was installed without the preset.
    """
    settings = tomllib.loads(preset_path(name).read_text(encoding="utf-8"))["run"]
    config = RunConfig(model, inputs, out)
    for key, value in settings.items():
        field = key.replace("-", "_")
        config = replace(config, **{field: _as_field(getattr(config, field), value)})
    return config


def _as_field(default: Any, value: Any) -> Any:
    """Return a TOML value as the config holds it: in a tuple where it may be given repeatedly."""
    if not isinstance(default, tuple):
        return value
    return tuple(value) if isinstance(value, list) else (value,)


def run_command(config: RunConfig, preset: str) -> str:
    """Return a run as a command for people: the preset, and a flag for each other setting."""
    where = [str(config.model), str(config.inputs), "-o", str(config.out)]
    words = ["igcli", "run", *where, "--config", str(preset_path(preset))]
    base = preset_config(preset, config.model, config.inputs, config.out)
    for field in fields(config):
        value = getattr(config, field.name)
        if value != getattr(base, field.name):
            words += _flag(field.name.replace("_", "-"), value)
    return shlex.join(words)


def _flag(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    values = value if isinstance(value, tuple) else (value,)
    return [word for item in values for word in (f"--{name}", str(item))]
