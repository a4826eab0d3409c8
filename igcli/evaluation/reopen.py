"""What a finished run was asked to do, back out of its run.json, and that it fits what is given."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from igcli.attribution.methods import choose_method
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.errors import InputError
from igcli.inputs.readers.registry import list_inputs
from igcli.runs.planning.defaults import by_content, spelled_out
from igcli.store.identity import differences, identity
from igcli.store.run_json import finished_run


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be verified, and how much of it.

    Attributes
    ----------
    out, model, inputs : Path
        The run directory, and what it says to be made from.
    count : int
        How many inputs are explained again.
    seed : int
        Of their choice.
    custom_objects, allow_unsafe
        As they were given to the run. What may run code is not taken from a run directory.
    """

    out: Path
    model: Path
    inputs: Path
    count: int = 20
    seed: int = 0
    custom_objects: Path | None = None
    allow_unsafe: bool = False


def rebuild(asked: Asked, warn: Warn) -> tuple[dict[str, Any], RunConfig]:
    """Return what run.json says, and the run's settings with what is given now.

    Raises
    ------
    InputError
        When there is no run, or it is of another model, other inputs or other files.
    NotComparable
        When the run is not finished.
    """
    about = finished_run(f"OUT {asked.out}", asked.out)
    config = _settings(asked, about)
    _check_identity(asked, config, about, warn)
    return about, config


def _settings(asked: Asked, about: dict[str, Any]) -> RunConfig:
    """Return what the run was asked for, with what is given now."""
    given = {
        "model": asked.model,
        "inputs": asked.inputs,
        "out": asked.out,
        "custom_objects": asked.custom_objects,
        "allow_unsafe": asked.allow_unsafe,
        # Where and how the rows are sent is this machine's matter.
        "device": "auto",
        "batch_size": None,
        "memory": None,
    }
    try:
        stored = {f.name: _value(f.name, about["config"][f.name]) for f in fields(RunConfig)}
        config = RunConfig(**(stored | given))
        # What is read of it later must be there too.
        sizes = about["inputs"]["count"], about["per_input"], len(about["counts"])
        if not all(isinstance(size, int) for size in sizes) or not about["run"]:
            raise ValueError(f"its sizes are {sizes}")
        choose_method(config)
        return config
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"OUT {asked.out} has a run.json that can't be used",
            f"{type(error).__name__}: {error}",
            "verify it with the igcli that wrote it, or run it again",
        ) from error


def _value(name: str, value: Any) -> Any:
    """Return a setting as it was before it became JSON."""
    if isinstance(value, list):
        return tuple(value)
    return Path(value) if name == "labels" and value is not None else value


def _check_identity(asked: Asked, config: RunConfig, about: dict[str, Any], warn: Warn) -> None:
    """Raise InputError for another model, other inputs or changed files; name them."""
    listing = list_inputs(config.inputs, config.out)
    names = listing.names[: config.limit]
    settings = by_content(spelled_out(config, listing), listing)
    there, here = dict(about["identity"]), identity(settings, names)
    if there.get("igcli") != here["igcli"]:
        warn(f"OUT {asked.out} was written by igcli {there.get('igcli')}; this is {here['igcli']}")
    there["igcli"] = here["igcli"]
    different = differences(there, here)
    if different:
        raise InputError(
            f"OUT {asked.out} was not made from MODEL {asked.model} and INPUTS {asked.inputs} "
            "as they are",
            "; ".join(different),
            "give what it was made from; for files that it names, from the folder it was begun in",
        )
