"""reopen: the settings of a finished run out of its run.json, checked against what is given."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from igcli.attribution.methods import Method
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.errors import InputError
from igcli.common.setting import defaults_of
from igcli.inputs.preprocess import PREPROCESS
from igcli.inputs.readers.registry import list_inputs
from igcli.runs.planning.defaults import settle, spelled_out
from igcli.runs.planning.preflight import looked_at
from igcli.store.identity import SELECTED, differences, identity
from igcli.store.run import StoredRun, open_finished_run

_PIXELS = frozenset({"pixels", "several"})


@dataclass(frozen=True, slots=True)
class VerifyRequest:
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


@dataclass(frozen=True, slots=True)
class Reopened:
    """A finished run that fits what is given.

    Attributes
    ----------
    run : StoredRun
        What it stored.
    config : RunConfig
        What it was asked for, with what is given now.
    spelled_out : RunConfig
        The same with its defaults in place.
    method : Method
        How its paths were integrated.
    """

    run: StoredRun
    config: RunConfig
    spelled_out: RunConfig
    method: Method


def reopen(request: VerifyRequest, warn: Warn) -> Reopened:
    """Return the run that is asked about, as it was asked for.

    Raises
    ------
    InputError
        When there is no run, or it is of another model, other inputs or other files.
    NotWhole
        When the run is not finished.
    """
    run = open_finished_run(request.out, f"OUT {request.out}")
    run.check_sizes()
    with run.usable_about() as about:
        config = _config(request, about)
        about["counts"].items()
    listing = list_inputs(config.inputs, config.out)
    if listing.kind in _PIXELS:
        config = replace(config, preprocess=_preprocess(run.about) or config.preprocess)
    with run.usable_about():
        settings = settle(config, listing)
    names = looked_at(config, listing)
    spelled = spelled_out(config, listing, settings)
    _check_identity(request, run.about, identity(spelled, names), warn)
    return Reopened(run, config, spelled, settings.method)


def _config(request: VerifyRequest, about: dict[str, Any]) -> RunConfig:
    """Return what the run was asked for, with what is given now."""
    return replace(
        # What the igcli that wrote it did not know yet is at its default.
        RunConfig.from_dict(defaults_of(RunConfig) | about["config"]),
        model=request.model,
        inputs=request.inputs,
        out=request.out,
        custom_objects=request.custom_objects,
        allow_unsafe=request.allow_unsafe,
        # Where and how the rows are sent is this machine's matter.
        device="auto",
        batch_size=None,
        memory=None,
    )


def _preprocess(about: dict[str, Any]) -> str | None:
    """Return what a run put its pixels through, whatever `auto` would be today."""
    settled = about.get("settled")
    name = settled.get("preprocess") if isinstance(settled, dict) else None
    return name if name in PREPROCESS else None


def _check_identity(
    request: VerifyRequest, about: dict[str, Any], here: dict[str, Any], warn: Warn
) -> None:
    """Raise InputError for another model, other inputs or changed files; name them."""
    there = dict(about["identity"])
    if there.get("igcli") != here["igcli"]:
        warn(
            f"OUT {request.out} was written by igcli {there.get('igcli')}; this is {here['igcli']}"
        )
    there["igcli"] = here["igcli"]
    # The rows tell which inputs --where left; they are not chosen anew.
    there.pop(SELECTED, None)
    different = differences(there, here)
    if different:
        raise InputError(
            f"OUT {request.out} was not made from MODEL {request.model} and INPUTS "
            f"{request.inputs} as they are",
            "; ".join(different),
            "give what it was made from; for files that it names, from the folder it was begun in",
        )
