"""Everything that can be wrong, found before any work: from a config to a plan of the run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import numpy as np

from igcli.baselines import Baseline
from igcli.blocks import block_size
from igcli.config import RunConfig, is_file
from igcli.defaults import settle_preprocess, spelled_out
from igcli.earlier import Earlier, find_earlier
from igcli.errors import ConfigError
from igcli.gates import Gate, parse_gates
from igcli.identity import identity
from igcli.inputs.readers import bind, list_inputs
from igcli.inputs.reading import read_ahead
from igcli.inputs.resize import DEFAULT_RESIZE
from igcli.inputs.source import Listing, Source
from igcli.maps import Maps, maps_of
from igcli.methods import Method, choose_method
from igcli.precision import precision_error
from igcli.preprocess import DEFAULT_PREPROCESS
from igcli.probe import Chosen, choose_batching
from igcli.records import InputName, InputSpec, ModelSettings, ModelSpec, Sample, Warn
from igcli.rows import GradientModel
from igcli.starts import check_start, settle_start
from igcli.store.layout import clashes
from igcli.store.outdir import check_out, check_sources
from igcli.targets import Labels, Targets, plan_targets, read_labels

LoadModel: TypeAlias = Callable[[Path, ModelSettings, Warn], GradientModel]


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can start: all its parts loaded, bound and checked.

    Attributes
    ----------
    names : sequence of InputName
        The inputs to explain, `--limit` applied.
    baseline_name, preprocess, resize : str or None
        What was settled for these inputs; None where it has no meaning for them.
    point : InputSpec
        What paths run in, every dimension settled.
    maps : Maps
        What of a path's attribution is stored, and how.
    chosen : Chosen
        How rows are batched, and why so.
    precision_error : float
        How far the gradients of a few rows are from float32's; see `igcli.rows.GradientModel`.
    first, of_inputs : int
        Where `names` begin among the inputs of all shards, and how many these are.
    block : int
        How many inputs are explained by themselves and stored as one part.
    clashing : frozenset of str
        Ids that are told apart by case alone.
    identity : dict
        What another run must share to go on with this one; see `igcli.identity`.
    run : str
        This run's key.
    earlier : Earlier or None
        The run in OUT that this one goes on with.
    """

    config: RunConfig
    model: GradientModel
    source: Source
    names: Sequence[InputName]
    labels: Labels
    targets: Targets
    method: Method
    gates: list[Gate]
    baseline: Baseline
    baseline_name: str
    point: InputSpec
    maps: Maps
    preprocess: str | None
    resize: str | None
    chosen: Chosen
    precision_error: float
    first: int
    of_inputs: int
    block: int
    clashing: frozenset[str]
    identity: dict[str, Any]
    run: str
    earlier: Earlier | None = None


def make_plan(config: RunConfig, load_model: LoadModel, warn: Warn) -> Plan:
    """Check a run from its cheapest part to its dearest, and write nothing.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    check_out(config.out, config.overwrite, config.resume)
    check_sources(config.out, _sources(config))
    listing = list_inputs(config.inputs, config.out)
    _tell_what_is_unused(config, listing, warn)
    preprocess = settle_preprocess(config, listing)
    check_start(config.baseline, listing.kind)
    labels = read_labels(config.labels)
    method = choose_method(config)
    parse_gates(config.fail_on, method)
    every = listing.names[: config.limit]
    known = identity(spelled_out(config, listing), every)
    earlier = find_earlier(config, known, every)
    names = _shard(every, config.shard)
    if config.shard and not names:
        which, count = config.shard
        warn(f"--shard {which}/{count} has no inputs: there are only {len(every)}")
    settings = replace(config.model_settings, shapes=tuple(listing.shapes.items()))
    model = load_model(config.model, settings, warn)
    spec = model.spec
    resize = config.resize or DEFAULT_RESIZE
    source = bind(listing, spec, preprocess or DEFAULT_PREPROCESS, resize, config.image_size)
    labels.check(spec.output_shape[-1] if spec.output_shape else spec.classes)
    targets = plan_targets(config.target, listing.names, labels, spec.classes, spec.output_shape)
    start = settle_start(
        config.baseline,
        source.space,
        lambda: (s for s in read_ahead(source, every) if isinstance(s, Sample)),
        len(listing.names),
        resize,
        config.seed,
    )
    point = _point(model, source)
    _check_maps(config, spec)
    _tell_of_scaling(config, listing, spec, warn)
    error = precision_error(model, source, every, start.baseline, warn)
    method = method.with_rounding(error)
    gates = parse_gates(config.fail_on, method)
    rows = len(names) * targets.per_input * method.usual_steps
    chosen = _batching(config, model, method, point.known_shape, rows, earlier, warn)
    maps = maps_of(spec, point, source.space.has_pictures)
    size = block_size(
        chosen.batching, method.usual_steps, targets.per_input, 4 * int(np.prod(maps.shape))
    )
    return Plan(
        config=config,
        model=model,
        source=source,
        names=names,
        labels=labels,
        targets=targets,
        method=method,
        gates=gates,
        baseline=start.baseline,
        baseline_name=start.name,
        point=point,
        maps=maps,
        preprocess=preprocess,
        resize=resize if listing.resizable else None,
        chosen=chosen,
        precision_error=error,
        first=names[0].index if names else 0,
        of_inputs=len(every),
        block=earlier.block if earlier else size,
        clashing=clashes(name.id for name in every),
        identity=known,
        run=earlier.run if earlier else uuid4().hex,
        earlier=earlier,
    )


def _shard(names: Sequence[InputName], shard: tuple[int, int] | None) -> Sequence[InputName]:
    """Return one of several ranges, equal but for one input, that make up all names in order."""
    if shard is None:
        return names
    which, count = shard
    begin, end = ((i * len(names)) // count for i in (which - 1, which))
    return [replace(name, place=place) for place, name in enumerate(names[begin:end])]


def _point(model: GradientModel, source: Source) -> InputSpec:
    """Settle what paths run in; where a layer's shape is open, by asking the model."""
    spec, space = model.spec, source.space
    if spec.entered is None:
        return space.input
    if None not in spec.entered.shape:
        return spec.entered
    nothing = np.zeros((1, *space.shape), space.input.dtype)
    return spec.entered.with_shape(model.enter(nothing).shape[1:])


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


def _tell_of_scaling(config: RunConfig, listing: Listing, spec: ModelSpec, warn: Warn) -> None:
    """Say so where pixels would be scaled twice."""
    preprocess = config.preprocess or DEFAULT_PREPROCESS
    if spec.scaling and listing.kind in {"pixels", "several"} and preprocess != "raw":
        warn(
            f"the model's first layer {spec.scaling!r} scales pixels itself, after --preprocess "
            f"{preprocess} has: use --preprocess raw"
        )


def _check_maps(config: RunConfig, spec: ModelSpec) -> None:
    if "npy" in config.save and spec.is_grouped:
        raise ConfigError(
            "--save npy can't be used with several maps to each explanation",
            "an .npy holds one array",
            "leave it out: attributions.h5 has them all",
        )


def _batching(
    config: RunConfig,
    model: GradientModel,
    method: Method,
    shape: tuple[int, ...],
    rows: int,
    earlier: Earlier | None,
    warn: Warn,
) -> Chosen:
    if earlier and config.batch_size in (None, earlier.asked) and _suits(earlier, model.spec):
        chosen = Chosen(earlier.batching, "as before")
    else:
        chosen = choose_batching(model, method, shape, rows, config.batch_size)
    size = chosen.batching.size
    if config.batch_size is not None and size < config.batch_size:
        warn(f"--batch-size {config.batch_size} may not fit into memory: {size} rows are sent")
    return chosen


def _suits(earlier: Earlier, spec: ModelSpec) -> bool:
    return (earlier.device, earlier.batching.streams) == (spec.device, spec.streams)
