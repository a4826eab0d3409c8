"""The preflight of a run: what can be known, and found wrong, before its model is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.model_settings import ModelSettings
from igcli.common.sample import InputName
from igcli.inputs.baselines.choose import check_start
from igcli.inputs.baselines.listed import check_listed
from igcli.inputs.labels import Labels, read_labels
from igcli.inputs.readers.images import ImageListing
from igcli.inputs.readers.registry import list_inputs
from igcli.inputs.readers.source import Listing
from igcli.inputs.where import check_where
from igcli.runs.planning.defaults import Settings, settle, spelled_out
from igcli.runs.planning.gates import Gate, parse_gates
from igcli.runs.planning.kept_maps import certifies_regions, check_kept
from igcli.runs.planning.resume_check import EarlierRun, find_earlier_run
from igcli.runs.selection import Selection
from igcli.store.identity import identity
from igcli.store.outdir import check_out, check_sources
from igcli.store.picture_names import PictureNames


@dataclass(frozen=True, slots=True)
class Preflight:
    """A run as far as it is known without its model.

    Attributes
    ----------
    config : RunConfig
        As it was asked for.
    settings : Settings
        The same with its defaults in place.
    every, names : sequence of InputName
        The inputs of all shards, `--limit` applied, and those to explain.
    pictures : PictureNames
        What the pictures of all shards are called.
    identity : dict
        What another run must share to go on with this one; see `igcli.store.identity`.
    earlier : EarlierRun or None
        The run in OUT that this one goes on with.
    selection : Selection or None
        The inputs that `--where` leaves, once the model has scored them.
    """

    config: RunConfig
    listing: Listing
    settings: Settings
    every: Sequence[InputName]
    names: Sequence[InputName]
    pictures: PictureNames
    labels: Labels
    gates: list[Gate]
    identity: dict[str, Any]
    earlier: EarlierRun | None = None
    selection: Selection | None = None

    @property
    def first(self) -> int:
        """Where the inputs to explain begin among those of all shards."""
        if not self.names:
            return 0
        if self.selection is None:
            return self.names[0].index
        return _range(self.total, self.config.shard).start

    @property
    def total(self) -> int:
        """How many inputs all shards explain."""
        return len(self.every) if self.selection is None else self.selection.count

    def selecting(self, selection: Selection) -> "Preflight":
        """Return the same for the inputs that `--where` leaves."""
        left = [self.every[place] for place in selection.places]
        names = [left[i] for i in _range(len(left), self.config.shard)]
        names = [replace(name, place=place) for place, name in enumerate(names)]
        return replace(self, selection=selection, names=names)

    def going_on(self, earlier: EarlierRun | None) -> "Preflight":
        """Return the same as what goes on with an earlier run, whose pictures keep their names."""
        pictures = self.pictures
        if earlier is not None and not earlier.names_by_stem:
            pictures = PictureNames((name.id for name in self.every), by_stem=False)
        return replace(self, earlier=earlier, pictures=pictures)

    @property
    def model_settings(self) -> ModelSettings:
        """What loading the model needs."""
        shapes = tuple(self.listing.shapes.items())
        return replace(self.config.model_settings, shapes=shapes, pictures=self.listing.resizable)


def make_preflight(config: RunConfig, warn: Warn) -> Preflight:
    """Check a run, OUT included, and write nothing.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    check_out(config.out, config.overwrite, config.resume)
    check_sources(config.out, (config.model, config.inputs, *config.files()))
    preflight = look_at_inputs(config, warn)
    if isinstance(preflight.listing, ImageListing) and config.out.is_dir():
        check_sources(config.out, preflight.listing.named)
    earlier = find_earlier_run(config, preflight.identity, preflight.every)
    if earlier and config.batch_size is None:
        config = replace(config, batch_size=earlier.batch_size)
    return replace(preflight.going_on(earlier), config=config)


def look_at_inputs(config: RunConfig, warn: Warn) -> Preflight:
    """Check a run without a look into OUT, which another process may be writing for it.

    Raises
    ------
    IgcliError
        Whatever else makes the run impossible, named.
    """
    listing = list_inputs(config.inputs, config.out)
    _tell_what_is_unused(config, listing, warn)
    settings = settle(config, listing)
    check_start(config.baseline, listing.kind)
    check_listed(listing.names, listing.kind)
    labels = read_labels(config.labels, listing.folders, warn)
    check_where(config.where)
    check_kept(config, settings.method)
    gates = parse_gates(config.fail_on, settings.method, certifies_regions(config))
    every = looked_at(config, listing)
    names = _shard(every, config.shard)
    if config.shard and not names:
        which, count = config.shard
        warn(f"--shard {which}/{count} has no inputs: there are only {len(every)}")
    return Preflight(
        config=config,
        listing=listing,
        settings=settings,
        every=every,
        names=names,
        pictures=PictureNames(name.id for name in every),
        labels=labels,
        gates=gates,
        identity=identity(spelled_out(config, listing, settings), every),
    )


def looked_at(config: RunConfig, listing: Listing) -> Sequence[InputName]:
    """Return the inputs of all shards: the first ones, or all that `--where` chooses from."""
    return listing.names if config.where else listing.names[: config.limit]


def _range(count: int, shard: tuple[int, int] | None) -> range:
    """Return one of several ranges, equal but for one place, that make up all places in order."""
    which, of = shard or (1, 1)
    begin, end = ((i * count) // of for i in (which - 1, which))
    return range(begin, end)


def _shard(names: Sequence[InputName], shard: tuple[int, int] | None) -> Sequence[InputName]:
    """Return the inputs of a shard."""
    if shard is None:
        return names
    own = (names[i] for i in _range(len(names), shard))
    return [replace(name, place=place) for place, name in enumerate(own)]


def _tell_what_is_unused(config: RunConfig, listing: Listing, warn: Warn) -> None:
    if not listing.resizable and config.resize is not None:
        warn(f"--resize {config.resize} has no effect: arrays are not resized")
    if not listing.resizable and config.bit_depth is not None:
        warn(f"--bit-depth {config.bit_depth} has no effect: it is for image files")
    for note in listing.notes:
        warn(note)
