"""The config file: one table of a TOML file as option defaults."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.files import is_file

_ON_THE_COMMAND_LINE = frozenset({"model", "inputs", "out"})
_KEYWORDS = frozenset({"predicted", "folder", "folders", "mean"})
_LISTS = frozenset({"baseline", "explain", "fail_on", "save"})
_MAY_BE_FILES = ("baseline", "custom_objects", "labels", "target")
TABLES = {
    "run": {field.name for field in fields(RunConfig)} - _ON_THE_COMMAND_LINE,
    "drift": {"fail_on", "force"},
}


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
    known = TABLES[table]
    defaults = {str(key).replace("-", "_"): value for key, value in settings.items()}
    if len(defaults) < len(settings):
        twice = next(key for key in settings if "-" in key and key.replace("-", "_") in settings)
        raise ConfigError(f"--config {path} has {twice!r} twice, once with _", fix="keep one")
    for key, value in defaults.items():
        if key not in known:
            names = ", ".join(sorted(name.replace("_", "-") for name in known))
            raise ConfigError(
                f"--config {path} has an unknown key {key.replace('_', '-')!r} in [{table}]",
                fix=f"use one of {names}",
            )
        if isinstance(value, dict):
            raise ConfigError(f"--config {path}: {key!r} can't be a table", fix="write one value")
    return {key: _as_on_the_command_line(key, value, path) for key, value in defaults.items()}


def _as_on_the_command_line(key: str, value: Any, path: Path) -> str | list[str]:
    """Write a TOML value as a flag's, so that Click reads both alike (and refuses 50.5 steps)."""
    if key in _LISTS:
        items = value if isinstance(value, list) else [value]
        return [_beside(key, str(item), path) for item in items]
    if isinstance(value, list):
        name = key.replace("_", "-")
        raise ConfigError(f"--config {path}: {name!r} can't be a list", fix="write one value")
    return _beside(key, str(value), path)


def _beside(key: str, value: str, path: Path) -> str:
    """Take a file from beside the TOML file, where it lies there; NAME=FILE too."""
    if key not in _MAY_BE_FILES or value.isdecimal() or value in _KEYWORDS:
        return value
    name, equals, file = value.rpartition("=")
    return f"{name}{equals}{path.parent / file}" if is_file(path.parent / file) else value


def _table(path: Path, table: str) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"--config {path} can't be read", error.strerror or "", "name a TOML file"
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
