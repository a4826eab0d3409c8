"""The identity of a run: model, inputs, and every setting that decides what is written."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from igcli import __version__
from igcli.common.config import RunConfig
from igcli.common.files import file_in, file_sha256, is_file, names_sha256, references_in
from igcli.common.sample import InputName
from igcli.common.setting import Decides, defaults_of, settings_of

_SHORT = 12
SHARD, SELECTED = "shard", "selected"


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
    settings, values = settings_of(type(config)), config.to_dict()
    ids = hashlib.sha256("\0".join(name.id for name in names).encode()).hexdigest()
    return {
        "igcli": __version__,
        "model": file_sha256(config.model),
        "inputs": {"count": len(names), "names": ids, **_listed(names)},
        **{
            name: _content(values[name]) if setting.file else values[name]
            for name, setting in settings.items()
            if setting.decides is not Decides.NOTHING and not setting.is_argument
        },
    }


def _listed(names: Sequence[InputName]) -> dict[str, str]:
    """Return a hash of what a list says of the inputs beside their names; nothing without one."""
    if not any(name.further or name.baseline for name in names):
        return {}
    texts = {name.baseline for name in names if is_file(name.baseline)}
    of_file = {text: _content(text) for text in texts}
    said = [[*name.further, of_file.get(name.baseline, "")] for name in names]
    return {"list": hashlib.sha256(json.dumps(said).encode()).hexdigest()}


def _content(value: Any) -> Any:
    """Put the hash of a file in its name's place; NAME=FILE and data:FOLDER:N too."""
    if isinstance(value, (list, tuple)):
        return [_content(item) for item in value]
    if value is None:
        return None
    drawn = references_in(str(value))
    if drawn:
        return f"{drawn[0]}files {names_sha256(drawn[1])[:_SHORT]}{drawn[2]}"
    found = file_in(str(value))
    return f"{found[0]}file {file_sha256(found[1])[:_SHORT]}" if found else value


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Say what two identities differ in: one short text for each flag, none when they are equal."""
    # A setting that the igcli of a run did not have yet was at its default.
    before = defaults_of(RunConfig)
    found = []
    for key in dict.fromkeys((*there, *here)):
        values = [identity.get(key, before.get(key)) for identity in (there, here)]
        if _plain(values[0]) != _plain(values[1]):
            found.append(_difference(key, *values))
    return found


def _plain(value: Any) -> Any:
    """Bring tuples to what JSON makes of them."""
    return list(value) if isinstance(value, tuple) else value


def _difference(key: str, there: Any, here: Any) -> str:
    if key == SELECTED:
        return "--where leaves other inputs: scores differ"
    if key == "model":
        return "the model is another"
    if key == "inputs":
        counts = [value["count"] for value in (there, here)]
        if counts[0] == counts[1]:
            same = there["names"] == here["names"]
            return "their list says otherwise" if same else "the inputs have other names"
        return f"the inputs are {counts[0]} there and {counts[1]} here"
    name = key if key == "igcli" else f"--{key.replace('_', '-')}"
    between = "/" if key == SHARD else ", "
    return f"{name} is {_shown(there, between)} there and {_shown(here, between)} here"


def _shown(value: Any, between: str) -> str:
    if isinstance(value, (list, tuple)):
        return between.join(str(item) for item in value) or "not given"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not given" if value is None else str(value)
