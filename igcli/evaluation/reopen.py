"""What a finished run was asked to do, back out of its run.json, and that it fits what is given."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from igcli import __version__
from igcli.attribution.methods import choose_method
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.errors import InputError
from igcli.common.setting import defaults_of
from igcli.inputs.readers.registry import list_inputs
from igcli.runs.planning.defaults import spelled_out
from igcli.store.identity import differences, identity
from igcli.store.run import StoredRun, open_finished_run


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


def rebuild(asked: Asked, warn: Warn) -> tuple[StoredRun, RunConfig]:
    """Return the run that is asked about, and its settings with what is given now.

    Raises
    ------
    InputError
        When there is no run, or it is of another model, other inputs or other files.
    NotWhole
        When the run is not finished.
    """
    run = open_finished_run(asked.out, f"OUT {asked.out}")
    config = _settings(asked, run)
    _check_identity(asked, config, run.about, warn)
    return run, config


def _settings(asked: Asked, run: StoredRun) -> RunConfig:
    """Return what the run was asked for, with what is given now."""
    run.check_sizes()
    with run.usable_about() as about:
        config = replace(
            RunConfig.from_dict(_stored(about)),
            model=asked.model,
            inputs=asked.inputs,
            out=asked.out,
            custom_objects=asked.custom_objects,
            allow_unsafe=asked.allow_unsafe,
            # Where and how the rows are sent is this machine's matter.
            device="auto",
            batch_size=None,
            memory=None,
        )
        choose_method(config)
        about["counts"].items()
    return config


def _stored(about: dict[str, Any]) -> dict[str, Any]:
    """Return the stored settings; what another igcli did not know yet is at its default."""
    stored: dict[str, Any] = about["config"]
    if about.get("igcli") == __version__:
        return stored
    return defaults_of(RunConfig) | stored


def _check_identity(asked: Asked, config: RunConfig, about: dict[str, Any], warn: Warn) -> None:
    """Raise InputError for another model, other inputs or changed files; name them."""
    listing = list_inputs(config.inputs, config.out)
    names = listing.names[: config.limit]
    there, here = dict(about["identity"]), identity(spelled_out(config, listing), names)
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
