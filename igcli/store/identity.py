"""What makes two runs the same: model, inputs, and every setting that decides what is written."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from igcli import __version__
from igcli.common.config import RunConfig
from igcli.common.files import file_sha256, is_file
from igcli.common.sample import InputName

# Where the run is, and how it is carried out: none changes a result beyond rounding.
_FREE = frozenset(
    {"model", "inputs", "out", "overwrite", "resume", "fail_on", "on_error", "save"}
    | {"batch_size", "memory", "device", "limit", "overlays"}
    | {"executor", "ray_address", "workers", "gpus_per_worker", "cpus_per_worker"}
)
_MAY_BE_FILES = frozenset({"baseline", "custom_objects", "labels", "target"})
_SHORT = 12
SHARD = "shard"


def identity(config: RunConfig, names: Sequence[InputName]) -> dict[str, Any]:
    """Return what must be equal for one run to go on where another stopped, as JSON can hold it.

    Files count by what is in them, not by where they lie. What is in the inputs is not looked at
    here: each explained one has its hash in results.csv.

    Parameters
    ----------
    config : RunConfig
        The run, its defaults filled in where they are known.
    names : sequence of InputName
        Its inputs, those of all shards.
    """
    ids = hashlib.sha256("\0".join(name.id for name in names).encode()).hexdigest()
    return {
        "igcli": __version__,
        "model": file_sha256(config.model),
        "inputs": {"count": len(names), "names": ids},
        **{
            key: _content(value) if key in _MAY_BE_FILES else value
            for key, value in config.to_dict().items()
            if key not in _FREE
        },
    }


def _content(value: Any) -> Any:
    """Put the hash of a file in its name's place; NAME=FILE too."""
    if isinstance(value, (list, tuple)):
        return [_content(item) for item in value]
    if value is None:
        return None
    name, equals, file = str(value).rpartition("=")
    if is_file(str(value)):
        return f"file {file_sha256(Path(value))[:_SHORT]}"
    if equals and is_file(file):
        return f"{name}=file {file_sha256(Path(file))[:_SHORT]}"
    return value


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Say what two identities differ in: one short text for each flag, none when they are equal."""
    return [
        _difference(key, there.get(key), here.get(key))
        for key in dict.fromkeys((*there, *here))
        if _plain(there.get(key)) != _plain(here.get(key))
    ]


def _plain(value: Any) -> Any:
    """Bring tuples to what JSON makes of them."""
    return list(value) if isinstance(value, tuple) else value


def _difference(key: str, there: Any, here: Any) -> str:
    if key == "model":
        return "the model is another"
    if key == "inputs":
        counts = [value["count"] for value in (there, here)]
        if counts[0] == counts[1]:
            return "the inputs have other names"
        return f"the inputs are {counts[0]} there and {counts[1]} here"
    name = key if key == "igcli" else f"--{key.replace('_', '-')}"
    between = "/" if key == SHARD else ", "
    return f"{name} is {_said(there, between)} there and {_said(here, between)} here"


def _said(value: Any, between: str) -> str:
    if isinstance(value, (list, tuple)):
        return between.join(str(item) for item in value) or "not given"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not given" if value is None else str(value)
