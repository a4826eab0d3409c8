"""What can be found wrong with a run before its model is loaded, and what is known by then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from igcli.attribution.methods import Method, choose_method
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.files import is_file
from igcli.common.model_spec import ModelSettings
from igcli.common.sample import InputName
from igcli.inputs.baselines.choose import check_start
from igcli.inputs.labels import Labels, read_labels
from igcli.inputs.readers.registry import list_inputs
from igcli.inputs.readers.source import Listing
from igcli.runs.planning.defaults import settle_preprocess, spelled_out
from igcli.runs.planning.earlier_run import Earlier, find_earlier
from igcli.runs.planning.gates import parse_gates
from igcli.store.identity import identity
from igcli.store.outdir import check_out, check_sources


@dataclass(frozen=True, slots=True)
class Survey:
    """A run as far as it is known without its model.

    Attributes
    ----------
    every, names : sequence of InputName
        The inputs of all shards, `--limit` applied, and those to explain.
    preprocess : str or None
        What was settled for these inputs; None where it has no meaning for them.
    identity : dict
        What another run must share to go on with this one; see `igcli.store.identity`.
    earlier : Earlier or None
        The run in OUT that this one goes on with.
    """

    config: RunConfig
    listing: Listing
    every: Sequence[InputName]
    names: Sequence[InputName]
    labels: Labels
    method: Method
    preprocess: str | None
    identity: dict[str, Any]
    earlier: Earlier | None = None

    @property
    def model_settings(self) -> ModelSettings:
        """How the model is to be run on these inputs."""
        shapes = tuple(self.listing.shapes.items())
        return replace(self.config.model_settings, shapes=shapes, pictures=self.listing.resizable)


def survey(config: RunConfig, warn: Warn) -> Survey:
    """Check a run, OUT included, and write nothing.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    check_out(config.out, config.overwrite, config.resume)
    check_sources(config.out, _sources(config))
    found = look_at_inputs(config, warn)
    earlier = find_earlier(config, found.identity, found.every)
    if earlier and config.batch_size is None:
        config = replace(config, batch_size=earlier.asked)
    return replace(found, config=config, earlier=earlier)


def look_at_inputs(config: RunConfig, warn: Warn) -> Survey:
    """Check a run without a look into OUT, which another process may be writing for it.

    Raises
    ------
    IgcliError
        Whatever else makes the run impossible, named.
    """
    listing = list_inputs(config.inputs, config.out)
    _tell_what_is_unused(config, listing, warn)
    preprocess = settle_preprocess(config, listing)
    check_start(config.baseline, listing.kind)
    labels = read_labels(config.labels)
    method = choose_method(config)
    parse_gates(config.fail_on, method)
    every = listing.names[: config.limit]
    names = _shard(every, config.shard)
    if config.shard and not names:
        which, count = config.shard
        warn(f"--shard {which}/{count} has no inputs: there are only {len(every)}")
    return Survey(
        config=config,
        listing=listing,
        every=every,
        names=names,
        labels=labels,
        method=method,
        preprocess=preprocess,
        identity=identity(spelled_out(config, listing), every),
    )


def _shard(names: Sequence[InputName], shard: tuple[int, int] | None) -> Sequence[InputName]:
    """Return one of several ranges, equal but for one input, that make up all names in order."""
    if shard is None:
        return names
    which, count = shard
    begin, end = ((i * len(names)) // count for i in (which - 1, which))
    return [replace(name, place=place) for place, name in enumerate(names[begin:end])]


def _sources(config: RunConfig) -> Iterator[Path]:
    yield from (config.model, config.inputs)
    yield from (
        Path(p)
        for p in (config.labels, config.target, config.custom_objects, *config.baseline)
        if p and is_file(p)
    )


def _tell_what_is_unused(config: RunConfig, listing: Listing, warn: Warn) -> None:
    if not listing.resizable and config.resize is not None:
        warn(f"--resize {config.resize} has no effect: arrays are not resized")
    for note in listing.notes:
        warn(note)
