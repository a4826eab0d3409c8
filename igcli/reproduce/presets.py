"""The presets of configs/: as files, as the config of a run, and in the command of a run."""

import shlex
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.setting import Setting, settings_of

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
    table = tomllib.loads(preset_path(name).read_text(encoding="utf-8"))["run"]
    known = {setting.key: setting for setting in settings_of(RunConfig).values()}
    given = {known[key].name: _as_field(known[key], value) for key, value in table.items()}
    return replace(RunConfig(model, inputs, out), **given)


def _as_field(setting: Setting, value: Any) -> Any:
    """Return a TOML value as the config holds it: in a tuple where there may be several."""
    if not setting.repeatable:
        return value
    return tuple(value) if isinstance(value, list) else (value,)


def run_command(config: RunConfig, preset: str) -> str:
    """Return a run as a command for people: the preset, and a flag for each other setting."""
    where = [str(config.model), str(config.inputs), "-o", str(config.out)]
    words = ["igcli", "run", *where, "--config", str(preset_path(preset))]
    base = preset_config(preset, config.model, config.inputs, config.out)
    for name, setting in settings_of(RunConfig).items():
        value = getattr(config, name)
        if value != getattr(base, name):
            words += _words(setting, value)
    return shlex.join(words)


def _words(setting: Setting, value: Any) -> list[str]:
    """Return a setting as it is written on the command line."""
    if isinstance(value, bool):
        return [setting.flag if value else f"--no-{setting.key}"]
    values = value if setting.repeatable else (value,)
    return [word for item in values for word in (setting.flag, str(item))]
