"""Everything that can be wrong, found before any work: from a config to a plan of the run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from igcli.baselines import DEFAULT_BASELINE, Baseline, Named, named_baseline, parse
from igcli.config import RunConfig, is_file
from igcli.errors import ConfigError, InputError
from igcli.gates import Gate, parse_gates
from igcli.inputs.readers import list_inputs
from igcli.inputs.reference import check_file, file_baseline, mean_baseline
from igcli.inputs.resize import DEFAULT_RESIZE
from igcli.inputs.source import Listing, Source
from igcli.methods import Method, choose_method
from igcli.preprocess import DEFAULT_PREPROCESS
from igcli.probe import Chosen, choose_batching
from igcli.records import Failed, InputName, ModelSettings, Sample, Warn
from igcli.rows import GradientModel, PathRows
from igcli.store.layout import check_out, check_sources
from igcli.targets import Labels, Targets, plan_targets, read_labels
from igcli.threads import ahead

LoadModel: TypeAlias = Callable[[Path, ModelSettings, Warn], GradientModel]

_READERS = 2
_READ_AHEAD = 16
_MEAN = "mean"
_COMPARED = 16
_COMPARED_AT = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can start: all its parts loaded, bound and checked.

    Attributes
    ----------
    names : sequence of InputName
        The inputs to explain, `--limit` applied.
    baseline_name, preprocess, resize : str or None
        What was settled for these inputs; None where it has no meaning for them.
    chosen : Chosen
        How rows are batched, and why so.
    precision_error : float
        How far the gradients of a few rows are from float32's; see `igcli.rows.GradientModel`.
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
    preprocess: str | None
    resize: str | None
    chosen: Chosen
    precision_error: float


def make_plan(config: RunConfig, load_model: LoadModel, warn: Warn) -> Plan:
    """Check a run from its cheapest part to its dearest, and write nothing.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    check_out(config.out, config.overwrite)
    check_sources(config.out, _sources(config))
    listing = list_inputs(config.inputs, config.out)
    _tell_what_is_unused(config, listing, warn)
    preprocess = _preprocess(config, listing)
    baseline_name = DEFAULT_BASELINE[listing.kind] if config.baseline is None else config.baseline
    recipe = None if baseline_name == _MEAN else parse(baseline_name, listing.kind)
    if recipe is None and baseline_name != _MEAN:
        check_file(baseline_name, listing.kind)
    labels = read_labels(config.labels)
    method = choose_method(config)
    parse_gates(config.fail_on, method)
    model = load_model(config.model, config.model_settings, warn)
    resize = config.resize or DEFAULT_RESIZE
    source = listing.bind(
        model.spec.input, preprocess or DEFAULT_PREPROCESS, resize, config.image_size
    )
    labels.check(model.spec.classes)
    names = listing.names[: config.limit]
    targets = plan_targets(config.target, listing.names, labels, model.spec.classes)
    baseline = _baseline(config, baseline_name, recipe, source, names, len(listing.names))
    error = _precision_error(model, source, names, baseline, warn)
    method = method.with_rounding(error)
    gates = parse_gates(config.fail_on, method)
    rows = len(names) * targets.per_input * method.usual_steps
    return Plan(
        config=config,
        model=model,
        source=source,
        names=names,
        labels=labels,
        targets=targets,
        method=method,
        gates=gates,
        baseline=baseline,
        baseline_name=baseline_name,
        preprocess=preprocess,
        resize=resize if listing.resizable else None,
        chosen=_batching(config, model, method, source.space.shape, rows, warn),
        precision_error=error,
    )


def read_ahead(source: Source, names: Sequence[InputName]) -> Iterator[Sample | Failed]:
    """Read inputs in order, in threads, ahead of who takes them."""

    def read(name: InputName) -> Sample | Failed:
        try:
            return source.read(name)
        except InputError as error:
            return Failed(name, error.problem, error.sha256)

    return ahead(read, names, _READERS, _READ_AHEAD)


def _sources(config: RunConfig) -> Iterator[Path]:
    yield from (config.model, config.inputs)
    yield from (
        Path(p)
        for p in (config.labels, config.baseline, config.target, config.custom_objects)
        if p and is_file(p)
    )


def _preprocess(config: RunConfig, listing: Listing) -> str | None:
    if listing.kind == "pixels":
        return config.preprocess or DEFAULT_PREPROCESS
    if config.preprocess is not None:
        raise ConfigError(
            f"--preprocess {config.preprocess} can't be used with {config.inputs}",
            "a float array is in model space already and passes untouched",
            "leave it out, or save the pixels as a uint8 array",
        )
    return None


def _tell_what_is_unused(config: RunConfig, listing: Listing, warn: Warn) -> None:
    if not listing.resizable and config.resize is not None:
        warn(f"--resize {config.resize} has no effect: arrays are not resized")
    if listing.passed_over:
        files = "file is" if listing.passed_over == 1 else "files are"
        warn(f"{listing.passed_over} {files} no image by extension: passed over")


def _precision_error(
    model: GradientModel,
    source: Source,
    names: Sequence[InputName],
    baseline: Baseline,
    warn: Warn,
) -> float:
    """Compare the gradients of the first inputs' predicted classes with float32's."""
    precision = model.spec.precision
    if precision == "float32":
        return 0.0
    read = [s for s in read_ahead(source, names[:_COMPARED]) if isinstance(s, Sample)]
    if not read:
        return 0.0
    x = np.stack([sample.x for sample in read])
    slots = np.repeat(np.arange(len(read), dtype=np.int32), len(_COMPARED_AT))
    rows = PathRows(
        x=x,
        baseline=np.stack([baseline(sample) for sample in read]),
        slot=slots,
        alpha=np.tile(_COMPARED_AT, len(read)),
        target=model.scores(x).argmax(axis=1).astype(np.int32)[slots],
    )
    error = model.precision_error(rows)
    warn(
        f"--precision {precision}: gradients differ from float32's by up to {error:.1%} of their "
        f"size at {len(rows)} points; scores differ too"
    )
    return error


def _batching(
    config: RunConfig,
    model: GradientModel,
    method: Method,
    shape: tuple[int, ...],
    rows: int,
    warn: Warn,
) -> Chosen:
    chosen = choose_batching(model, method, shape, rows, config.batch_size)
    size = chosen.batching.size
    if config.batch_size is not None and size < config.batch_size:
        warn(f"--batch-size {config.batch_size} may not fit into memory: {size} rows are sent")
    return chosen


def _baseline(
    config: RunConfig,
    name: str,
    recipe: Named | None,
    source: Source,
    names: Sequence[InputName],
    inputs: int,
) -> Baseline:
    if name == _MEAN:
        samples = (s for s in read_ahead(source, names) if isinstance(s, Sample))
        return mean_baseline(samples, source.space)
    if recipe is None:
        return file_baseline(Path(name), source.space, config.resize or DEFAULT_RESIZE, inputs)
    return named_baseline(recipe, source.space, config.seed)
