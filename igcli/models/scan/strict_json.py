"""Strict JSON for strangers' files: bounded before it is parsed."""

import json
import math
import re
from pathlib import Path
from typing import Any

from igcli.common.errors import ModelError

MAX_CONFIG_BYTES = 16 * 2**20
_MAX_DEPTH = 200
_MAX_BRACKETS = 1_000_000
_MAX_COMMAS = 4_000_000
_MAX_DIGITS = 20
# A string may hold brackets. One that does not end is left to the JSON parser.
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"|["\[\]{}]', re.DOTALL)
_SHOWN = 60


def parse(path: Path, text: str | bytes) -> dict[str, Any]:
    """Parse a config.

    Raises
    ------
    ModelError
        When it is no JSON table, or not one that every parser reads alike.
    """
    if len(text) > MAX_CONFIG_BYTES:
        raise ModelError(
            f"{path}: its model config is {len(text)} bytes", f"{MAX_CONFIG_BYTES} are read"
        )
    try:
        words = text.decode("utf-8") if isinstance(text, bytes) else text
        _check_nesting(path, words)
        config = json.loads(
            words,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"{path}: its model config is not JSON", short(str(error)), "save the model again"
        ) from error
    if not isinstance(config, dict):
        raise ModelError(f"{path}: its model config is not a table", fix="save the model again")
    return config


def _check_nesting(path: Path, text: str) -> None:
    """Bound what the parser will build, before it builds it."""
    brackets = text.count("[") + text.count("{")
    if brackets > _MAX_BRACKETS or text.count(",") > _MAX_COMMAS:
        raise ModelError(f"{path}: its model config holds too many values", f"{brackets} tables")
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token[0][0]
        if first == '"':
            if token.end() - token.start() == 1:
                return
            continue
        depth += 1 if first in "[{" else -1
        if depth > _MAX_DEPTH:
            raise ModelError(f"{path}: its model config is nested more than {_MAX_DEPTH} deep")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"a table has the key {short(twice)!r} twice")
    return table


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{short(text)} is too large")
    return number


def _bounded(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits is too large")
    return int(text)


def short(text: str) -> str:
    """Return a stranger's text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
