"""The config file: one table of a TOML file, or an ExplanationSpec, as option defaults."""

import tomllib
from pathlib import Path
from typing import Any

from igcli.common.config import DriftConfig, RunConfig
from igcli.common.errors import ConfigError, reason
from igcli.common.files import file_in, listed, references_in
from igcli.common.setting import Setting, settings_of

TABLES: dict[str, type[Any]] = {"run": RunConfig, "drift": DriftConfig}


def read_toml(path: Path, table: str) -> dict[str, Any]:
    """Read one table of a TOML file as option defaults, keyed by parameter name.

    Keys are the flags' names, with ``-`` or ``_``. A relative file that lies beside the TOML file
    is taken from there.

    Raises
    ------
    ConfigError
        When the file can't be read, lacks the table, or has a key or table that no flag goes by.
    """
    settings = _table(path, table)
    known = {n: s for n, s in settings_of(TABLES[table]).items() if not s.is_argument}
    defaults = {str(key).replace("-", "_"): value for key, value in settings.items()}
    if len(defaults) < len(settings):
        twice = next(key for key in settings if "-" in key and key.replace("-", "_") in settings)
        raise ConfigError(f"--config {path} has {twice!r} twice, once with _", fix="keep one")
    for key, value in defaults.items():
        if key not in known:
            names = ", ".join(sorted(setting.key for setting in known.values()))
            raise ConfigError(
                f"--config {path} has an unknown key {key.replace('_', '-')!r} in [{table}]",
                fix=f"use one of {names}",
            )
        if isinstance(value, dict):
            raise ConfigError(f"--config {path}: {key!r} can't be a table", fix="write one value")
    return {key: _as_typed(known[key], value, path) for key, value in defaults.items()}


def _as_typed(setting: Setting, value: Any, path: Path) -> str | list[str]:
    """Write a TOML value as a flag's, so that Click reads both alike (and refuses 50.5 steps)."""
    if setting.repeatable:
        items = value if isinstance(value, list) else [value]
        if setting.listed:
            items = [one for item in items for one in listed(str(item), path.parent)]
        return [_beside(setting, str(item), path) for item in items]
    if isinstance(value, list):
        raise ConfigError(
            f"--config {path}: {setting.key!r} can't be a list", fix="write one value"
        )
    return _beside(setting, str(value), path)


def _beside(setting: Setting, value: str, path: Path) -> str:
    """Take a file from beside the TOML file, where it lies there; NAME=FILE, data:FOLDER:N too."""
    if not setting.file or value.isdecimal() or value in setting.keywords:
        return value
    drawn = references_in(value, path.parent) if setting.listed else None
    if drawn:
        return "".join(map(str, drawn))
    before, file = file_in(value, path.parent) or ("", value)
    return f"{before}{file}"


def _table(path: Path, table: str) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"--config {path} can't be read", reason(error), "name a TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"--config {path} is not TOML", str(error), "mend it, or leave --config out"
        ) from error
    unknown = sorted(set(document) - set(TABLES))
    if unknown:
        raise ConfigError(
            f"--config {path} has an unknown key {unknown[0]!r}",
            fix=f"put settings under {' or '.join(f'[{name}]' for name in TABLES)}",
        )
    if table not in document:
        there = ", ".join(f"[{name}]" for name in document) or "nothing"
        raise ConfigError(
            f"--config {path} has no table [{table}]",
            f"it has {there}",
            f"put settings under [{table}], or leave --config out",
        )
    settings = document[table]
    if not isinstance(settings, dict):
        raise ConfigError(f"--config {path}: {table!r} is not a table", fix=f"write [{table}]")
    return settings
